/**
 * One reading after the other along a series: the tests that need what came before. A row of the table is the whole
 * memory. Readings must come in the order of their times; what comes late runs along a track of its own.
 */

import type { AttenuatedSignal } from './attenuated-signal.ts'
import { flatLine } from './flat-line.ts'
import { doubt, marksOf } from './marks.ts'
import { rateMark, ratePass, wasTooFast } from './rate-of-change.ts'
import { amendLast, remember } from './recall.ts'
import { completesRow, restoreSentinel, sentinelFail, sentinelMark } from './sentinel.ts'
import { field, isSentinel, isValid, wasValid } from './series-table.ts'
import { spikeMark } from './spike.ts'
import type { Thresholds } from './thresholds.ts'

/** A reading that has a value. */
export interface Point {
  observedAt: number
  receivedAt: number
  value: number
}

const gap = marksOf('time_gap')

/** Without a gap of the settings, neighbours in time are at most this many usual intervals apart. */
const nearIntervals = 4
/** How quickly the usual interval follows: each reading moves it by a twentieth towards its own. */
const intervalStep = 1.05

/** What the reading before turns out to be by the one that comes now: marks to add to its own, or 0. */
export function lookBack(
  view: DataView,
  row: number,
  point: Point,
  thresholds: Thresholds,
): number {
  const { observedAt, value } = point
  let marks = completesRow(view, row, value) ? sentinelFail : 0
  const { spike } = thresholds
  if (spike === null || (view.getInt32(row + field.state) & bothValid) !== bothValid) return marks
  const at = view.getFloat64(row + field.at)
  const beforeAt = view.getFloat64(row + field.beforeAt)
  const near = nearMs(view, row, thresholds)
  if (observedAt - at > near || at - beforeAt > near) return marks
  const before = view.getFloat64(row + field.before)
  marks |= spikeMark(before, view.getFloat64(row + field.value), value, spike)
  return (marks & doubt) === 0 ? 0 : marks
}

const bothValid = isValid | wasValid

/** Takes the point as the newest and returns its marks. `settle` must follow. */
export function advance(
  view: DataView,
  row: number,
  point: Point,
  { thresholds, attenuated }: { thresholds: Thresholds; attenuated: AttenuatedSignal },
): number {
  const { observedAt, value } = point
  const { rate, flat, gapMs } = thresholds
  const tookMs = observedAt - view.getFloat64(row + field.at)
  let marks = 0
  let isMissing = false
  if (tookMs < Number.POSITIVE_INFINITY) {
    const isNear = tookMs <= nearMs(view, row, thresholds)
    if (gapMs < Number.POSITIVE_INFINITY) marks |= tookMs > gapMs ? gap.suspect : gap.pass
    noteInterval(view, row, tookMs)
    const sentinel = sentinelMark(view, row, value, { thresholds, isNear })
    isMissing = sentinel === sentinelFail
    marks |= sentinel
  }
  if (isMissing) {
    shift(view, row, observedAt, isSentinel)
    return marks
  }
  if (rate !== null) marks |= rateOf(view, row, point, rate)
  if (flat !== null) marks |= flatLine(view, row, point, flat)
  if (thresholds.attenuated !== null) marks |= attenuated.mark(row, point, thresholds.attenuated)
  shift(view, row, observedAt, isValid)
  view.setFloat64(row + field.value, value)
  return marks
}

/** Takes a point that was found to be a sentinel before a restart. `settle` must follow. */
export function advanceSentinel(view: DataView, row: number, { observedAt, value }: Point): void {
  const tookMs = observedAt - view.getFloat64(row + field.at)
  if (tookMs < Number.POSITIVE_INFINITY) noteInterval(view, row, tookMs)
  restoreSentinel(view, row, value)
  shift(view, row, observedAt, isSentinel)
}

/** Keeps the outcomes of the point that `advance` took. */
export function settle(view: DataView, row: number, point: Point, tests: number): void {
  view.setFloat64(row + field.receivedAt, point.receivedAt)
  view.setInt32(row + field.tests, tests)
  remember(view, row, point.observedAt, point.value, tests)
}

/** The newest reading has other outcomes than it had. */
export function amend(view: DataView, row: number, tests: number): void {
  view.setInt32(row + field.tests, tests)
  amendLast(view, row, tests)
}

/** "Measured, no value": the tests of the next reading see a missing one. */
export function passOver(view: DataView, row: number, observedAt: number): void {
  if (observedAt > view.getFloat64(row + field.at)) shift(view, row, observedAt, 0)
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

function shift(view: DataView, row: number, observedAt: number, state: number): void {
  const was = (view.getInt32(row + field.state) & isValid) !== 0 ? wasValid : 0
  view.setFloat64(row + field.beforeAt, view.getFloat64(row + field.at))
  view.setFloat64(row + field.before, view.getFloat64(row + field.value))
  view.setFloat64(row + field.at, observedAt)
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
