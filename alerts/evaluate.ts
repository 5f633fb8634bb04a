/**
 * From uplinks to changes of alerts, in memory: each counting reading is shown to the watches of its series.
 * Nothing is written here; what changed waits in the book until the loop records it.
 */

import type { AlertChange } from '../domain/alert.ts'
import type { Judge } from '../domain/quarantine.ts'
import type { Reading } from '../domain/reading.ts'
import type { Uplink } from '../domain/uplink.ts'
import { changeByReading } from './change.ts'
import type { SiteIndices } from './index-signal.ts'
import { isQuiet, type Observation, observe } from './lifecycle.ts'
import type { RuleLookup, SeriesRule } from './rule-lookup.ts'
import type { Watch, WatchBook } from './watch.ts'

export interface Evaluation {
  rules: RuleLookup
  book: WatchBook
  judge: Judge
  indices: SiteIndices | undefined
  /** A judgement that threw: our bug, and no reason to stop judging the others. */
  onFault(error: unknown, uplink: Uplink): void
  now(): number
}

export function evaluate(parts: Evaluation, uplink: Uplink): readonly AlertChange[] {
  if (!parts.rules.mayConcern(uplink)) return []
  let accepted: readonly Reading[]
  try {
    accepted = parts.judge(uplink).accepted
  } catch (error) {
    parts.onFault(error, uplink)
    return []
  }
  const changes: AlertChange[] = []
  for (const reading of accepted) show(parts, reading, changes)
  return changes
}

/** Shows one reading to every rule that it concerns. */
function show(parts: Evaluation, reading: Reading, to: AlertChange[]): void {
  let isTaken = false
  for (const series of parts.rules.of(reading.device, reading.property)) {
    const { signal } = series.rule
    if (signal.type === 'value') {
      if (!counts(reading)) continue
      feed(parts, series, { reading, observation: observed(reading) }, to)
      continue
    }
    if (signal.type !== 'index' || parts.indices === undefined || series.site === undefined)
      continue
    if (!isTaken) parts.indices.take(reading, series.site)
    isTaken = true
    if (!counts(reading)) continue
    hear(parts.book.get(series.key), reading)
    for (const observation of parts.indices.observe(signal, series.site, reading)) {
      feed(parts, series, { reading, observation }, to)
    }
  }
}

/** Only readings of quality 1 (good) and 2 (not evaluated) with a value count. */
function counts({ value, quality }: Reading): boolean {
  return value !== null && (quality === 1 || quality === 2)
}

function observed({ observedAt, value }: Reading): Observation {
  return { observedAt, value: value ?? 0 }
}

/** Data comes, though it may not be enough for an observation yet. */
function hear(watch: Watch | undefined, { receivedAt }: Reading): void {
  if (watch !== undefined && receivedAt > watch.seenAt) watch.seenAt = receivedAt
}

interface Seen {
  reading: Reading
  observation: Observation
}

function feed(
  parts: Evaluation,
  series: SeriesRule,
  { reading, observation }: Seen,
  to: AlertChange[],
): void {
  const { book } = parts
  const known = book.get(series.key)
  const step = observe(series.criteria, known?.life ?? null, observation)
  if (step === null) return

  const wasQuiet = known === undefined || isQuiet(known.life)
  const wasStale = known?.stale ?? false
  const watch = known ?? begin(series, reading.receivedAt)
  if (known === undefined) book.add(watch)
  watch.life = step.next
  watch.value = observation.value
  watch.seenAt = Math.max(watch.seenAt, reading.receivedAt)
  watch.stale = false

  book.touch(watch, wasQuiet)
  if (!wasStale && step.change === null) return

  const moment = { observedAt: observation.observedAt, recordedAt: parts.now() }
  if (wasStale && watch.alert !== null) {
    const { level, bound } = watch.alert
    const found = { type: 'alert.resumed', level, previousLevel: null, bound } as const
    to.push(changeByReading(found, watch, series, moment))
  }
  if (step.change !== null) {
    const change = changeByReading(step.change, watch, series, moment)
    watch.alert = change.type === 'alert.resolved' ? null : change.view
    to.push(change)
    book.touch(watch, false)
  }
}

function begin({ rule, subject, property }: SeriesRule, seenAt: number): Watch {
  return {
    rule: rule.id,
    device: subject,
    property,
    life: { at: 0, level: null, clocks: {}, basis: '' },
    value: 0,
    seenAt,
    stale: false,
    alert: null,
  }
}
