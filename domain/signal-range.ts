/** What the signal of a rule can be at all, so that a bound which is never reached or never left is seen when it is made. */

import { tidySum } from './bound.ts'
import { propertyOf, quantityOf } from './catalogue.ts'
import type { Rule, SignalIndex } from './rule.ts'

export interface SignalRange {
  min: number
  max: number
}

/** As the values of indices are compared (see `signalSchema`); where a standard has no end, neither has this. */
const ofIndex: Readonly<Record<SignalIndex, SignalRange>> = {
  'cn-aqi-hourly': { min: 0, max: 500 },
  'cn-aqi-daily': { min: 0, max: 500 },
  'us-aqi': { min: 0, max: Number.POSITIVE_INFINITY },
  'us-nowcast': { min: 0, max: Number.POSITIVE_INFINITY },
  'eu-aqi': { min: 1, max: 6 },
  'gb3838-class': { min: 1, max: 6 },
  gb5749: { min: 0, max: Number.POSITIVE_INFINITY },
  'rain-grade': { min: 1, max: 7 },
  'rainstorm-signal': { min: 0, max: 4 },
  'flood-signal': { min: 0, max: 4 },
  'low-water-signal': { min: 0, max: 4 },
  'drought-signal': { min: 0, max: 4 },
}

const endless: SignalRange = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY }
const notNegative: SignalRange = { min: 0, max: Number.POSITIVE_INFINITY }

/** In the unit of the bounds. Readings outside the plausible range of a property are refused, so they never count. */
export function signalRange({
  property = '',
  signal,
}: Pick<Rule, 'property' | 'signal'>): SignalRange {
  const plausible = propertyOf(property) ?? endless
  switch (signal.type) {
    case 'index':
      return ofIndex[signal.index]
    case 'silence':
      return notNegative
    case 'value':
    case 'mean':
    case 'min':
    case 'max':
      return { min: plausible.min, max: plausible.max }
    case 'range':
      if (quantityOf(property) === 'counter') return plausible.min < 0 ? endless : notNegative
      return { min: 0, max: tidySum(plausible.max, -plausible.min) }
    case 'sum':
    case 'increase':
      return plausible.min < 0 ? endless : { ...notNegative, min: plausible.min }
    case 'rate':
      return endless
  }
}

export type BoundFault = 'out_of_range' | 'never_left' | 'margin_too_wide'

/** What is wrong with one bound, or null: it is out of range, or an alert on it could never end. */
export function boundFault(
  { direction, clearMargin, signal }: Pick<Rule, 'direction' | 'clearMargin' | 'signal'>,
  bound: number,
  { min, max }: SignalRange,
): BoundFault | null {
  if (bound < min || bound > max) return 'out_of_range'
  // Any reading ends a silence.
  if (signal.type === 'silence') return null
  if (direction === 'above' ? bound <= min : bound >= max) return 'never_left'
  const clear = tidySum(bound, direction === 'above' ? -clearMargin : clearMargin)
  return clear < min || clear > max ? 'margin_too_wide' : null
}
