/**
 * Rules on silence: no reading of a series for longer than the window, by the moments of receipt.
 *
 * The clock raises and escalates, by the seconds of silence; readings of any quality clear. A series is watched
 * from its first reading on, a device that the rule names from then on; the watches are kept in the log, so
 * both survive a restart. While we do not listen ourselves no silence grows, and none ends either.
 */

import type { AlertChange } from '../domain/alert.ts'
import type { Reading } from '../domain/reading.ts'
import { durationMs } from '../domain/text.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import { beginWatch, type FeedParts, feed } from './lifecycle/apply-observation.ts'
import { isQuiet, type Lifecycle, observe } from './lifecycle/lifecycle.ts'
import type { RuleLookup, SeriesRule } from './rules/rule-lookup.ts'
import type { Watch } from './lifecycle/watch.ts'

export interface SilenceParts extends FeedParts {
  registry: RegistryView
  rules: RuleLookup
}

export interface SilenceClock {
  /** Takes over the rules and devices as they stand. */
  follow(now: number): void
  /** A reading of the series has come. */
  heard(series: SeriesRule, reading: Reading, to: AlertChange[]): void
  /** `listeningSince`: from when on silence is the device's own, milliseconds since 1970 UTC. */
  look(now: number, listeningSince: number): AlertChange[]
}

interface Entry {
  watch: Watch
  series: SeriesRule
  windowMs: number
}

/** How soon a silent series is looked at again. */
const lookAgainMs = 1_000

export function createSilenceClock(parts: SilenceParts): SilenceClock {
  const { registry, rules, book } = parts
  const entries = new Map<string, Entry>()
  /** Nothing can happen before: what was heard since has only put it off. */
  let dueAt = Number.NEGATIVE_INFINITY

  function enter(series: SeriesRule, watch: Watch): Entry {
    const { signal } = series.rule
    const windowMs = signal.type === 'silence' ? durationMs(signal.window) : 0
    const entry = { watch, series, windowMs }
    entries.set(series.key, entry)
    dueAt = Math.min(dueAt, watch.seenAt + windowMs)
    return entry
  }

  function begin(series: SeriesRule, seenAt: number): Entry {
    const watch = beginWatch(book, series, seenAt)
    book.touch(watch, true)
    return enter(series, watch)
  }

  /** When it should be looked at again; what changes goes to `to`. */
  function lookAt({ watch, series, windowMs }: Entry, at: Listening, to: AlertChange[]): number {
    const since = Math.max(watch.seenAt, at.listeningSince)
    if (at.now - since <= windowMs) return since + windowMs + 1
    const value = Math.floor((at.now - since) / 1_000)
    const observation = { observedAt: at.now, value }
    // After a restart the silence that we have heard is shorter for a while than what is known already.
    if (isQuiet(watch.life) || value > watch.value) {
      const step = observe(series.criteria, watch.life, observation)
      const isNews = step !== null && (step.change !== null || differs(step.next, watch.life))
      if (isNews) feed(parts, series, { observation }, to)
      else watch.value = value
    }
    return at.now + lookAgainMs
  }

  return {
    follow(now) {
      entries.clear()
      dueAt = Number.NEGATIVE_INFINITY
      const own = registry.all('rule').filter(({ signal }) => signal.type === 'silence')
      if (own.length === 0) return
      for (const watch of book.all()) {
        if (registry.get('rule', watch.rule)?.signal.type !== 'silence') continue
        const series = rules.one(watch.rule, watch.device, watch.property)
        if (series !== undefined) enter(series, watch)
      }
      for (const { id, where, property = '' } of own) {
        for (const device of where.device) {
          const series = rules.one(id, device, property)
          if (series !== undefined && !entries.has(series.key)) begin(series, now)
        }
      }
    },
    heard(series, { receivedAt }, to) {
      const entry = entries.get(series.key)
      if (entry === undefined) {
        begin(series, receivedAt)
        return
      }
      const { watch } = entry
      if (receivedAt <= watch.seenAt) return
      watch.seenAt = receivedAt
      watch.value = 0
      if (isQuiet(watch.life)) {
        book.touch(watch, true)
        return
      }
      // Inside every bound, even one of 0 seconds. It may have been on its way when the clock spoke.
      const observedAt = Math.max(receivedAt, watch.life.at + 1)
      const observation = { observedAt, value: Number.NEGATIVE_INFINITY }
      feed(parts, series, { observation, value: 0, receivedAt }, to)
    },
    look(now, listeningSince) {
      const changes: AlertChange[] = []
      if (now < dueAt) return changes
      let next = Number.POSITIVE_INFINITY
      for (const entry of entries.values()) {
        next = Math.min(next, lookAt(entry, { now, listeningSince }, changes))
      }
      dueAt = next
      return changes
    },
  }
}

interface Listening {
  now: number
  listeningSince: number
}

/** Whether a bound was passed since: clocks that go on are as they were. */
function differs({ clocks }: Lifecycle, before: Lifecycle): boolean {
  return JSON.stringify(clocks) !== JSON.stringify(before.clocks)
}
