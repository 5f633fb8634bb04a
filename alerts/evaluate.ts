/**
 * From uplinks to changes of alerts, in memory: each counting reading is shown to the watches of its series.
 * Nothing is written here; what changed waits in the book until the loop records it.
 */

import type { AlertChange } from '../domain/alert.ts'
import type { Judge } from '../domain/quarantine.ts'
import type { Reading } from '../domain/reading.ts'
import type { Uplink } from '../domain/uplink.ts'
import { changeByReading } from './change.ts'
import { isQuiet, observe } from './lifecycle.ts'
import type { RuleLookup, SeriesRule } from './rule-lookup.ts'
import { signalOf } from './signal.ts'
import type { Watch, WatchBook } from './watch.ts'

export interface Evaluation {
  rules: RuleLookup
  book: WatchBook
  judge: Judge
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
  for (const reading of accepted) {
    for (const series of parts.rules.of(reading.device, reading.property)) {
      feed(parts, series, reading, changes)
    }
  }
  return changes
}

function feed(parts: Evaluation, series: SeriesRule, reading: Reading, to: AlertChange[]): void {
  const { book } = parts
  const observation = signalOf(series.rule.signal, reading)
  if (observation === null) return
  const known = book.get(series.key)
  const step = observe(series.criteria, known?.life ?? null, observation)
  if (step === null) return

  const wasQuiet = known === undefined || isQuiet(known.life)
  const wasStale = known?.stale ?? false
  const watch = known ?? begin(series, reading)
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

function begin({ rule }: SeriesRule, { device, property, value, receivedAt }: Reading): Watch {
  return {
    rule: rule.id,
    device,
    property,
    life: { at: 0, level: null, clocks: {}, basis: '' },
    value: value ?? 0,
    seenAt: receivedAt,
    stale: false,
    alert: null,
  }
}
