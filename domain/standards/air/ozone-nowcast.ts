/**
 * NowCast of ozone as EPA's published program finds it (github.com/USEPA/O3-Nowcast, in force since 2019-08-01): a
 * linear regression over two weeks where the data allow it, else a simple line through the current hour. The method
 * numbers are those of that program.
 */

import { leastSquares } from './least-squares.ts'

/** Hours that the program looks at; two more let an earlier hour stand in for the current one. */
export const ozoneHours = 336
export const ozoneHoursMost = ozoneHours + 2
/** 75 % of them must be there, and no gap may be longer. */
const validLeast = 252
const gapMost = 7
/** Hourly values that explain one mean. */
const lags = 96

export interface OzoneNowcast {
  ppb: number | null
  /**
   * 2 regression, 1 regression below zero or all zero; 3, 5, 7 surrogate from the current, previous or second hour
   * back; 4, 6 regression of the previous or second hour back; 8 none.
   */
  method: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8
}

const none: OzoneNowcast = { ppb: null, method: 8 }

/** @param newestFirst hourly means in ppb, null where missing */
export function ozoneNowcast(newestFirst: readonly (number | null)[]): OzoneNowcast {
  const back = newestFirst.slice(0, 3).findIndex((value) => value !== null)
  if (back === -1) return none
  const window = oldestFirst(newestFirst, 0)
  if (!isComplete(window)) return surrogate(newestFirst[back] ?? 0, back)
  if (window.every((value) => value === null || value === 0)) return { ppb: 0, method: 1 }
  if (back > 0) {
    const earlier = oldestFirst(newestFirst, back)
    if (!isComplete(earlier)) return surrogate(newestFirst[back] ?? 0, back)
    return { ppb: Math.max(0, regression(earlier)), method: back === 1 ? 4 : 6 }
  }
  const ppb = regression(window)
  return ppb < 0 ? { ppb: 0, method: 1 } : { ppb, method: 2 }
}

function oldestFirst(newestFirst: readonly (number | null)[], back: number): (number | null)[] {
  const window = newestFirst.slice(back, back + ozoneHours).reverse()
  const before = new Array<null>(ozoneHours - window.length).fill(null)
  return [...before, ...window]
}

function isComplete(window: readonly (number | null)[]): boolean {
  if (window.filter((value) => value !== null).length < validLeast) return false
  let gap = 0
  for (const value of window) {
    gap = value === null ? gap + 1 : 0
    if (gap > gapMost) return false
  }
  return true
}

/** 0.85 of the hour's ozone and 4.5 ppb. */
function surrogate(ppb: number, back: number): OzoneNowcast {
  return { ppb: (85 * ppb + 450) / 100, method: back === 0 ? 3 : back === 1 ? 5 : 7 }
}

/**
 * Explains the mean of the 8 h around an hour by the 96 hourly values that end with it, and asks for the newest hour.
 * EPA's program fits partial least squares with as many components as there are lags, which is least squares.
 */
function regression(window: readonly (number | null)[]): number {
  const filled = imputed(window)
  const rows: number[][] = []
  const means: number[] = []
  for (let at = lags - 1; at < window.length; at++) {
    const mean = centredMean(window, at)
    if (mean === null) continue
    rows.push(filled.slice(at - lags + 1, at + 1))
    means.push(mean)
  }
  return leastSquares(rows, means)(filled.slice(-lags))
}

/** Of the hours −4 … +3; null where the window ends before or more than a quarter is missing. */
function centredMean(window: readonly (number | null)[], at: number): number | null {
  if (at < 4 || at + 3 >= window.length) return null
  const valid = window.slice(at - 4, at + 4).filter((value) => value !== null)
  return valid.length < 6 ? null : valid.reduce((sum, value) => sum + value, 0) / valid.length
}

/** Missing hours from their neighbours: four to each side (more where fewer than two are there), weights 1/2ⁿ. */
function imputed(window: readonly (number | null)[]): number[] {
  return window.map((value, at) => {
    if (value !== null) return value
    for (let reach = 4; ; reach++) {
      const near = window.slice(Math.max(0, at - reach), at + reach + 1)
      if (near.filter((other) => other !== null).length < 2 && reach < window.length) continue
      let sum = 0
      let weights = 0
      near.forEach((other, i) => {
        if (other === null) return
        const weight = 2 ** -Math.abs(Math.max(0, at - reach) + i - at)
        sum += weight * other
        weights += weight
      })
      return sum / weights
    }
  })
}
