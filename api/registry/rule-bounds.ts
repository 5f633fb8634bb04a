/** Refuses bounds that the signal never reaches, and those from which an alert would never come back. */

import { propertyOf } from '../../domain/catalogue.ts'
import { Fault } from '../../domain/errors.ts'
import { alertLevels, propertyWatched, type Rule } from '../../domain/rule.ts'
import {
  type BoundFault,
  boundFault,
  type SignalRange,
  signalRange,
} from '../../domain/signal-range.ts'

/** Numbers only; attributes are known per site, and warned of. */
export function checkBounds(rule: Rule): void {
  const range = signalRange(rule)
  for (const level of alertLevels) {
    const bound = rule.levels[level]
    if (typeof bound !== 'number') continue
    const fault = boundFault(rule, bound, range)
    if (fault === null) continue
    const field = fault === 'margin_too_wide' ? 'clearMargin' : `levels.${level}`
    const why = `${boundReason(rule, { level, bound, fault }, range)}.`
    throw new Fault('impossible', `${field}: ${why}`, { field })
  }
}

/** Whether what the bounds are judged by is still as it was: older rules may be changed in other ways. */
export function boundsAsBefore(rule: Rule, before: Rule | undefined): boolean {
  if (before === undefined) return false
  const judged = ({ property, signal, direction, levels, clearMargin }: Rule) =>
    JSON.stringify([
      property,
      signal,
      direction,
      alertLevels.map((one) => levels[one]),
      clearMargin,
    ])
  return judged(rule) === judged(before)
}

export function boundReason(
  rule: Rule,
  { level, bound, fault }: { level: string; bound: number; fault: BoundFault },
  range: SignalRange,
): string {
  const unit = unitOf(rule)
  const what = `${rule.signal.type === 'value' ? '' : `the ${rule.signal.type} of `}${propertyWatched(rule)}`
  const plausible = `${what} is plausible ${rangeText(range, unit)}`
  const { direction, clearMargin } = rule
  switch (fault) {
    case 'out_of_range':
      return `the bound of ${level}, ${bound}${unit}, is never reached: ${plausible}`
    case 'never_left':
      return `the bound of ${level}, ${bound}${unit}, is always reached, and an alert would never end: ${plausible}`
    case 'margin_too_wide': {
      const sign = direction === 'above' ? 'less' : 'plus'
      const widest = Math.abs(bound - (direction === 'above' ? range.min : range.max))
      return `the bound of ${level}, ${bound}${unit}, ${sign} ${clearMargin}${unit} is outside of what can be measured, and an alert would never end: ${plausible}; clearMargin may be at most ${Number(widest.toPrecision(12))}${unit} here`
    }
  }
}

function rangeText({ min, max }: SignalRange, unit: string): string {
  if (!Number.isFinite(max)) return `from ${min}${unit} on`
  return `from ${min} to ${max}${unit}`
}

function unitOf({ property, signal }: Rule): string {
  if (signal.type === 'silence') return ' s'
  const unit = signal.type === 'index' ? '' : (propertyOf(property ?? '')?.unit ?? '')
  return unit === '' || unit === '1' ? '' : ` ${unit}`
}
