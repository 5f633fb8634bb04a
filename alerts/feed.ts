/** One observation of a signal shown to its watch: the step of the lifecycle, and the changes that follow from it. */

import type { AlertChange } from '../domain/alert.ts'
import type { Reading } from '../domain/reading.ts'
import { changeByReading } from './change.ts'
import { isQuiet, type Observation, observe } from './lifecycle.ts'
import type { SeriesRule } from './rule-lookup.ts'
import type { Watch, WatchBook } from './watch.ts'

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
}

export function feed(parts: FeedParts, series: SeriesRule, sight: Sight, to: AlertChange[]): void {
  const { book } = parts
  const { observation, receivedAt } = sight
  const known = book.get(series.key)
  const step = observe(series.criteria, known?.life ?? null, observation)
  if (step === null) return

  const wasQuiet = known === undefined || isQuiet(known.life)
  const watch = known ?? beginWatch(book, series, receivedAt ?? observation.observedAt)
  watch.life = step.next
  watch.value = sight.value ?? observation.value
  if (receivedAt !== undefined) watch.seenAt = Math.max(watch.seenAt, receivedAt)

  book.touch(watch, wasQuiet)
  if (watch.stale) resume(parts, series, { watch, observedAt: observation.observedAt }, to)
  if (step.change === null) return

  const moment = { observedAt: observation.observedAt, recordedAt: parts.now() }
  const change = changeByReading(step.change, watch, series, moment)
  watch.alert = change.type === 'alert.resolved' ? null : change.view
  to.push(change)
  book.touch(watch, false)
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
  const moment = { observedAt, recordedAt: parts.now() }
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
  }
  book.add(watch)
  return watch
}
