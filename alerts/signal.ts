/** What the signal of a rule counts in. */

import { propertyOf } from '../domain/catalogue.ts'
import type { Rule } from '../domain/rule.ts'

/** UCUM unit of the values of the signal and of its bounds, such as `m/h` or `mm/(10.min)` for rates. */
export function unitOf({ signal, property }: Pick<Rule, 'signal' | 'property'>): string {
  const unit = propertyOf(property ?? '')?.unit ?? ''
  switch (signal.type) {
    case 'index':
      return '1'
    case 'silence':
      return 's'
    case 'rate':
      return `${unit}/${perUnit(signal.per)}`
    default:
      return unit
  }
}

const ucumTimes: Readonly<Record<string, string>> = { s: 's', m: 'min', h: 'h', d: 'd' }

function perUnit(per: string): string {
  const unit = ucumTimes[per.slice(-1)] ?? 's'
  const count = Number(per.slice(0, -1))
  return count === 1 ? unit : `(${count}.${unit})`
}
