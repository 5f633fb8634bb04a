/**
 * The clock of a device, from when its messages say they were observed and when they came.
 *
 * Ahead is told at once: nothing is observed after it is received, and a minute is more than hosts are apart. Behind
 * is another matter, because buffered data and hourly stamps are late by right: only a lag of hours that stays the
 * same over many messages and an hour is a wrong clock, such as local time sent as UTC (8 hours in China).
 */

import { marksOf } from './marks.ts'
import { createRowTable, type RowTable } from './row-table.ts'

const marks = marksOf('clock')

const aheadMs = 60_000
const behindMs = 4 * 3_600_000
/** A lag within this of the one that it is compared with is the same. A backlog that is worked off leaves it soon. */
const steadyMs = 5 * 60_000
const messagesMin = 12
const lastedMinMs = 3_600_000
/** A lag counts for so many messages at most, so that it is given up after as many that do not have it. */
const messagesMax = 24

/** A row of a device. */
const field = {
  /** The message that is being read: when it came, and the newest observed time in it. */
  receivedAt: 0,
  newestAt: 8,
  /** A lag, since when it is the same, in how many messages, and whether the clock is behind (1). */
  lagMs: 16,
  since: 24,
  messages: 32,
  isBehind: 36,
} as const
const rowBytes = 40

export function createClockTable(): RowTable {
  return createRowTable(rowBytes, (view, row) => {
    view.setFloat64(row + field.receivedAt, Number.NEGATIVE_INFINITY)
    view.setFloat64(row + field.lagMs, Number.POSITIVE_INFINITY)
  })
}

/** Takes note of a reading of the device in `row` and tells what its clock is worth. */
export function clockMark(
  view: DataView,
  row: number,
  observedAt: number,
  receivedAt: number,
): number {
  const messageAt = view.getFloat64(row + field.receivedAt)
  if (receivedAt !== messageAt) {
    if (messageAt > Number.NEGATIVE_INFINITY) noteMessage(view, row, messageAt)
    view.setFloat64(row + field.receivedAt, receivedAt)
    view.setFloat64(row + field.newestAt, observedAt)
  } else if (observedAt > view.getFloat64(row + field.newestAt)) {
    view.setFloat64(row + field.newestAt, observedAt)
  }
  const lagMs = receivedAt - observedAt
  if (lagMs < -aheadMs) return marks.suspect
  if (view.getInt32(row + field.isBehind) === 0) return marks.pass
  const isSame = Math.abs(lagMs - view.getFloat64(row + field.lagMs)) <= steadyMs
  return isSame ? marks.suspect : marks.pass
}

/** A smaller lag shows what is live; a larger one was buffered, unless it goes on like that. */
function noteMessage(view: DataView, row: number, receivedAt: number): void {
  const lagMs = receivedAt - view.getFloat64(row + field.newestAt)
  const usual = view.getFloat64(row + field.lagMs)
  const messages = view.getInt32(row + field.messages)
  if (lagMs < usual - steadyMs || (lagMs > usual + steadyMs && messages <= 1)) {
    view.setFloat64(row + field.lagMs, lagMs)
    view.setFloat64(row + field.since, receivedAt)
    view.setInt32(row + field.messages, 1)
    view.setInt32(row + field.isBehind, 0)
    return
  }
  if (lagMs > usual + steadyMs) {
    view.setInt32(row + field.messages, messages - 1)
    return
  }
  const steady = Math.min(messages + 1, messagesMax)
  view.setInt32(row + field.messages, steady)
  const lastedMs = receivedAt - view.getFloat64(row + field.since)
  const isBehind = usual >= behindMs && steady >= messagesMin && lastedMs >= lastedMinMs
  view.setInt32(row + field.isBehind, isBehind ? 1 : 0)
}
