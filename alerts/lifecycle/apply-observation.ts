/** One observation of a signal shown to its watch: the step of the lifecycle, and the changes that follow from it. */

import type { AlertChange } from '../../domain/alert.ts'
import type { Reading } from '../../domain/reading.ts'
import { changeByReading, type LateMoment, type Moment } from './change.ts'
import { isQuiet, type Observation, observe } from './lifecycle.ts'
import type { SeriesRule } from '../rules/rule-lookup.ts'
import type { Ground, Watch, WatchBook } from './watch.ts'

export interface FeedParts {
  book: WatchBook
  now(): number
}

export interface Sight {
  observation: Observation
  /** As alerts tell it; the value observed unless given. */
  value?: number
  /** Of the reading that gave the observation, milliseconds since 1970 UTC; absent when the clock did. */
  receivedAt?: number
  /** When that reading was observed; absent when it does not matter how long ago that is. */
  readAt?: number
}

/** Told later than this after it was observed, it is told as past. */
const lateAfterMs = 15 * 60_000
const meanwhileMax = 1_000

/** False when the watch has seen that time: then the observation is for a second look, not for now. */
export function feed(
  parts: FeedParts,
  series: SeriesRule,
  sight: Sight,
  to: AlertChange[],
): boolean {
  const { book } = parts
  const { observation, receivedAt } = sight
  const known = book.get(series.key)
  const step = observe(series.criteria, known?.life ?? null, observation)
  if (step === null) return false

  const wasQuiet = known === undefined || isQuiet(known.life)
  const watch = known ?? beginWatch(book, series, receivedAt ?? observation.observedAt)
  settle(watch, series, receivedAt ?? observation.observedAt)
  watch.life = step.next
  watch.value = sight.value ?? observation.value
  if (!isQuiet(watch.life)) watch.calmSince = null
  else watch.calmSince ??= observation.observedAt
  if (receivedAt !== undefined) watch.seenAt = Math.max(watch.seenAt, receivedAt)
  keepMeanwhile(watch, observation)

  book.touch(watch, wasQuiet)
  if (watch.stale) resume(parts, series, { watch, observedAt: observation.observedAt }, to)
  if (step.change === null) return true

  const change = changeByReading(step.change, watch, series, momentOf(parts, sight))
  watch.alert = change.type === 'alert.resolved' ? null : change.view
  to.push(change)
  book.touch(watch, false)
  return true
}

function momentOf(parts: FeedParts, { observation, readAt }: Sight): Moment | LateMoment {
  const moment = { observedAt: Math.floor(observation.observedAt), recordedAt: parts.now() }
  const isLate = readAt !== undefined && moment.recordedAt - readAt > lateAfterMs
  return isLate ? { ...moment, late: { isOver: false } } : moment
}

/** While the readings store is away, others must not be kept without end: then the second look begins anew. */
function keepMeanwhile(watch: Watch, observation: Observation): void {
  if (watch.meanwhile === undefined) return
  if (watch.meanwhile.length < meanwhileMax) watch.meanwhile.push(observation)
  else delete watch.meanwhile
}

/** What was observed under other terms, or before there were any, stands from now on. */
export function settle(watch: Watch, { criteria }: SeriesRule, receivedFrom: number): Ground {
  const { ground, life } = watch
  if (ground?.terms === criteria.terms) {
    // A retry from quarantine stores what was received long ago.
    if (receivedFrom < ground.receivedFrom) ground.receivedFrom = receivedFrom
    return ground
  }
  const made = { terms: criteria.terms, receivedFrom, at: life.at, level: life.level }
  watch.ground = made
  watch.calmSince = life.level === null ? life.at : null
  delete watch.redo
  return made
}

/** A reading of which the signal says nothing yet: its moment is seen, and nothing else changes. */
export function passOver(
  { book }: FeedParts,
  series: SeriesRule,
  { observedAt, receivedAt }: Reading,
): void {
  const known = book.get(series.key)
  if (known !== undefined && observedAt <= known.life.at) return
  const watch = known ?? beginWatch(book, series, receivedAt)
  settle(watch, series, receivedAt)
  const wasQuiet = isQuiet(watch.life)
  watch.life = { ...watch.life, at: observedAt }
  if (wasQuiet) watch.calmSince ??= observedAt
  book.touch(watch, wasQuiet)
}

/** Data has come, though it says nothing of the signal yet: a stale alert is not stale any more. */
export function hear(
  parts: FeedParts,
  series: SeriesRule,
  { receivedAt, observedAt }: Reading,
  to: AlertChange[],
): void {
  const watch = parts.book.get(series.key)
  if (watch === undefined || receivedAt <= watch.seenAt) return
  watch.seenAt = receivedAt
  if (watch.stale) resume(parts, series, { watch, observedAt }, to)
}

function resume(
  parts: FeedParts,
  series: SeriesRule,
  { watch, observedAt }: { watch: Watch; observedAt: number },
  to: AlertChange[],
): void {
  watch.stale = false
  if (watch.alert === null) return
  const { level, bound } = watch.alert
  const found = { type: 'alert.resumed', level, previousLevel: null, bound } as const
  const moment = { observedAt: Math.floor(observedAt), recordedAt: parts.now() }
  to.push(changeByReading(found, watch, series, moment))
  parts.book.touch(watch, false)
}

/** A new watch, in the book; `seenAt`: when its series was last heard, milliseconds since 1970 UTC. */
export function beginWatch(
  book: WatchBook,
  { rule, subject, property }: SeriesRule,
  seenAt: number,
): Watch {
  const watch: Watch = {
    rule: rule.id,
    device: subject,
    property,
    life: { at: 0, level: null, clocks: {}, basis: '' },
    value: 0,
    seenAt,
    stale: false,
    alert: null,
    calmSince: null,
  }
  book.add(watch)
  return watch
}
