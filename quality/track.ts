/**
 * One reading after the other along a series: the tests that need what came before. A row of the table is the whole
 * memory. Readings must come in the order of their times; what comes late runs along a track of its own.
 *
 * "No value" is one thing, however it is said: by null, by a sentinel or by nothing at all. It leaves no trace in the
 * row, so the next value is judged against the last one that was measured. When that lies further back than the longest
 * gap, the value is not evaluated until the next one shows whether it stands alone.
 */

import type { AttenuatedSignal } from './attenuated-signal.ts'
import { flatLine } from './flat-line.ts'
import { doubt, marksOf } from './marks.ts'
import { rateMark, ratePass, wasTooFast } from './rate-of-change.ts'
import { recallOtherwise, remember } from './recall.ts'
import {
  completesRow,
  isSentinelOutcome,
  restoreSentinel,
  sentinelFail,
  sentinelMark,
} from './sentinel.ts'
import { field, isSentinel, isUnanchored, isValid, wasValid } from './series-table.ts'
import { amountMark } from './spans.ts'
import { spikeMark } from './spike.ts'
import type { Thresholds } from './thresholds.ts'

/** A reading that has a value. */
export interface Point {
  observedAt: number
  receivedAt: number
  value: number
}

const gap = marksOf('time_gap')
/** The bit that a suspect time gap lacks. */
const outOfSight = gap.fail & ~gap.suspect

/** Without a gap of the settings, neighbours in time are at most this many usual intervals apart. */
const nearIntervals = 4
/** The last value is good for comparing for so long, or for four usual intervals or the gap of the settings if longer. */
const longestGapMs = 3 * 3_600_000
/** How quickly the usual interval follows: each reading moves it by a twentieth towards its own. */
const intervalStep = 1.05

/** What the reading before turns out to be by the one that comes now: marks to add to its own, or 0. */
export function lookBack(
  view: DataView,
  row: number,
  point: Point,
  thresholds: Thresholds,
): number {
  const marks = completesRow(view, row, point.value) ? sentinelFail : 0
  const state = view.getInt32(row + field.state)
  if ((state & isValid) === 0) return marks
  const tookMs = point.observedAt - view.getFloat64(row + field.at)
  const { amount } = thresholds
  if ((state & (wasValid | isUnanchored)) === 0) {
    /** The interval of the first amount is not known until the second comes. */
    return amount === null
      ? marks
      : marks | amountMark(view.getFloat64(row + field.value), tookMs, amount)
  }
  if (tookMs > nearMs(view, row, thresholds)) return marks
  const told = marks | markBetween(view, row, { after: point.value, tookMs }, thresholds)
  return isWaiting(view, row) || (told & doubt) !== 0 ? told : 0
}

/**
 * The mark of the newest value between the one before, however long ago, and the one after it. Without one before only
 * the one after tells.
 */
function markBetween(
  view: DataView,
  row: number,
  { after, tookMs }: { after: number; tookMs: number },
  { spike, rate }: Thresholds,
): number {
  const value = view.getFloat64(row + field.value)
  if (spike !== null) {
    const hasBefore = (view.getInt32(row + field.state) & wasValid) !== 0
    return spikeMark(hasBefore ? view.getFloat64(row + field.before) : after, value, after, spike)
  }
  return rate !== null && isWaiting(view, row) ? rateMark(value - after, tookMs, rate) : 0
}

/** Takes the point as the newest and returns its marks. `settle` must follow, but not for a sentinel. */
export function advance(
  view: DataView,
  row: number,
  point: Point,
  { thresholds, attenuated }: { thresholds: Thresholds; attenuated: AttenuatedSignal },
): number {
  const { observedAt, value } = point
  const { rate, flat, gapMs, amount } = thresholds
  const tookMs = observedAt - view.getFloat64(row + field.at)
  const isFirst = tookMs === Number.POSITIVE_INFINITY
  const isNear = tookMs <= longestMs(view, row, thresholds)
  let marks = 0
  if (!isFirst) {
    if (gapMs < Number.POSITIVE_INFINITY) marks |= tookMs > gapMs ? gap.suspect : gap.pass
    const sentinel = sentinelMark(view, row, value, { thresholds, isNear })
    marks |= sentinel
    if (sentinel === sentinelFail) {
      view.setInt32(row + field.state, view.getInt32(row + field.state) | isSentinel)
      return marks
    }
    noteInterval(view, row, tookMs)
  }
  if (amount !== null && (!isFirst || amount.leastMs > 0)) {
    marks |= amountMark(value, isFirst ? 0 : tookMs, amount)
  }
  if (rate !== null) marks |= rateOf(view, row, point, rate)
  if (flat !== null) marks |= flatLine(view, row, point, flat)
  if (thresholds.attenuated !== null) marks |= attenuated.mark(row, point, thresholds.attenuated)
  const isAfterNone = isFirst && (view.getInt32(row + field.state) & isSentinel) !== 0
  const isLost = (isAfterNone || (!isFirst && !isNear)) && needsLast(thresholds)
  shift(view, row, point, isLost ? isValid | isUnanchored : isValid)
  return isLost ? marks | gap.fail : marks
}

/** The outcomes of a value that was waiting, now that the next one has told of it. */
export function found(tests: number): number {
  return tests & ~outOfSight
}

/** Whether the newest value lies so far behind the one before that only the next one can tell what it is. */
export function isWaiting(view: DataView, row: number): boolean {
  return (view.getInt32(row + field.state) & isUnanchored) !== 0
}

function needsLast({ spike, rate }: Thresholds): boolean {
  return spike !== null || rate !== null
}

/** Takes a point that was found to be a sentinel before a restart. */
export function advanceSentinel(view: DataView, row: number, point: Point, tests: number): void {
  restoreSentinel(view, row, point.value)
  remember(view, row, point.observedAt, point.value, tests)
}

/** Keeps the outcomes of the point that `advance` took. A sentinel is remembered, but is no newest value. */
export function settle(view: DataView, row: number, point: Point, tests: number): void {
  if (!isSentinelOutcome(tests)) {
    view.setFloat64(row + field.receivedAt, point.receivedAt)
    view.setInt32(row + field.tests, tests)
  }
  remember(view, row, point.observedAt, point.value, tests)
}

/** The newest value, of this moment, has other outcomes than it had. */
export function amend(view: DataView, row: number, observedAt: number, tests: number): void {
  view.setInt32(row + field.tests, tests)
  recallOtherwise(view, row, observedAt, tests)
}

/** "Measured, no value" leaves no trace, but where it replaces the newest value. */
export function passOver(view: DataView, row: number, observedAt: number): void {
  if (observedAt === view.getFloat64(row + field.at)) stepBack(view, row)
}

/** Takes the newest reading back, because another value has come for its moment. What it did to runs stays. */
export function stepBack(view: DataView, row: number): void {
  const state = view.getInt32(row + field.state)
  view.setFloat64(row + field.at, view.getFloat64(row + field.beforeAt))
  view.setFloat64(row + field.value, view.getFloat64(row + field.before))
  view.setFloat64(row + field.beforeAt, Number.NEGATIVE_INFINITY)
  view.setInt32(row + field.state, (state & wasValid) !== 0 ? isValid : 0)
}

/** Begins anew; what is remembered of single readings stays. */
export function restart(view: DataView, row: number): void {
  view.setFloat64(row + field.at, Number.NEGATIVE_INFINITY)
  view.setFloat64(row + field.beforeAt, Number.NEGATIVE_INFINITY)
  view.setInt32(row + field.state, 0)
  view.setInt32(row + field.runCount, 0)
  view.setInt32(row + field.heldCount, 0)
}

function shift(view: DataView, row: number, { observedAt, value }: Point, state: number): void {
  const was = (view.getInt32(row + field.state) & isValid) !== 0 ? wasValid : 0
  view.setFloat64(row + field.beforeAt, view.getFloat64(row + field.at))
  view.setFloat64(row + field.before, view.getFloat64(row + field.value))
  view.setFloat64(row + field.at, observedAt)
  view.setFloat64(row + field.value, value)
  view.setInt32(row + field.state, state | was)
}

function rateOf(
  view: DataView,
  row: number,
  { observedAt, value }: Point,
  rate: NonNullable<Thresholds['rate']>,
): number {
  const state = view.getInt32(row + field.state)
  if ((state & isValid) === 0) return ratePass
  const tookMs = observedAt - view.getFloat64(row + field.at)
  const mark = rateMark(value - view.getFloat64(row + field.value), tookMs, rate)
  if (mark === ratePass || (state & wasValid) === 0) return mark
  if (!wasTooFast(view.getInt32(row + field.tests))) return mark
  const sinceBefore = observedAt - view.getFloat64(row + field.beforeAt)
  const back = rateMark(value - view.getFloat64(row + field.before), sinceBefore, rate)
  return back === ratePass ? ratePass : mark
}

/** Further apart than this, the last value says nothing of the next one. */
function longestMs(view: DataView, row: number, { gapMs }: Thresholds): number {
  const usual = nearIntervals * view.getFloat64(row + field.interval)
  return Math.max(usual, longestGapMs, gapMs === Number.POSITIVE_INFINITY ? 0 : gapMs)
}

/** How soon the next reading must come to tell of the one before. */
function nearMs(view: DataView, row: number, { gapMs }: Thresholds): number {
  const usual = nearIntervals * view.getFloat64(row + field.interval)
  if (gapMs === Number.POSITIVE_INFINITY) return usual > 0 ? usual : Number.POSITIVE_INFINITY
  return Math.max(usual, gapMs)
}

/** Follows the median of the intervals: as many are longer as are shorter. */
function noteInterval(view: DataView, row: number, tookMs: number): void {
  const usual = view.getFloat64(row + field.interval)
  const next =
    usual === 0
      ? tookMs
      : tookMs > usual
        ? Math.min(tookMs, usual * intervalStep)
        : Math.max(tookMs, usual / intervalStep)
  view.setFloat64(row + field.interval, next)
}
