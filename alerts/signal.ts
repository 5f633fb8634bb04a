/** What the signal of a rule counts in. */

import { propertyOf } from '../domain/catalogue.ts'
import type { Rule } from '../domain/rule.ts'

/** UCUM unit of the values of the signal and of its bounds. */
export function unitOf({ signal, property }: Pick<Rule, 'signal' | 'property'>): string {
  const unit = propertyOf(property ?? '')?.unit ?? ''
  switch (signal.type) {
    case 'index':
      return '1'
    default:
      return unit
  }
}
