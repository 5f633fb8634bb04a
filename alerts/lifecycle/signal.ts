/** What the signal of a rule counts in, as UCUM units. */

import { propertyOf } from '../../domain/catalogue.ts'
import type { Rule } from '../../domain/rule.ts'

type Counted = Pick<Rule, 'signal' | 'property'>

/** Of the values of the signal and of its bounds, such as `m/h` or `mm/(10.min)` for rates. */
export function unitOf(rule: Counted): string {
  const unit = baseUnitOf(rule)
  return rule.signal.type === 'rate' ? `${unit}/${perUnit(rule.signal.per)}` : unit
}

/** Before it is taken per time. */
export function baseUnitOf({ signal, property }: Counted): string {
  if (signal.type === 'index') return '1'
  return signal.type === 'silence' ? 's' : (propertyOf(property ?? '')?.unit ?? '')
}

const ucumTimes: Readonly<Record<string, string>> = { s: 's', m: 'min', h: 'h', d: 'd' }

function perUnit(per: string): string {
  const unit = ucumTimes[per.slice(-1)] ?? 's'
  const count = Number(per.slice(0, -1))
  return count === 1 ? unit : `(${count}.${unit})`
}
