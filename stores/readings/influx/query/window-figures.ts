/** What is asked of InfluxDB for a function over windows, and the figure that its answer becomes. */

import { quantityOf } from '../../../../domain/catalogue.ts'
import { levelOf } from '../../../../domain/decibel.ts'
import { digitsOfPlainSum, figure } from '../../../../domain/figure.ts'
import type { AggregateFn } from '../../../../domain/reading.ts'
import type { RawFn } from './window-statement.ts'

export interface AskedFor {
  fn: RawFn
  /** Of levels their energy. */
  isEnergy: boolean
}

/** The increase of amounts of an interval is their sum; that of counters is summed up here (`fold-pages.ts`). */
export function askedFor(fn: AggregateFn, property: string): AskedFor {
  const isEnergy = fn === 'mean' && quantityOf(property) === 'level'
  return { fn: fn === 'increase' ? 'sum' : fn, isEnergy }
}

export interface Counted {
  value: number
  count: number
  isEnergy: boolean
}

/** What is further behind the point is left over from adding up. */
const decimalsMost = 12

/** InfluxDB adds up one number after the other, and rounds each time. */
export function figureOf(fn: AggregateFn, { value, count, isEnergy }: Counted): number {
  if (fn !== 'mean' && fn !== 'sum' && fn !== 'increase') return value
  const digits = digitsOfPlainSum(count)
  return figure(isEnergy ? levelOf(value) : value, 10 ** (digits - 1 - decimalsMost), digits)
}
