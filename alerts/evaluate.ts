/**
 * From readings to changes of alerts, in memory: each reading is shown to the rules of its series, once its
 * quality is judged. Nothing is written here; what changed waits in the book until the loop records it.
 */

import type { AlertChange } from '../domain/alert.ts'
import type { Checked, QualityControl } from '../domain/quality-control.ts'
import type { Reading } from '../domain/reading.ts'
import { durationMs } from '../domain/text.ts'
import type { Uplink } from '../domain/uplink.ts'
import { type FeedParts, feed, hear } from './feed.ts'
import type { Histories } from './histories.ts'
import type { SiteIndices } from './index-signal.ts'
import { holdsLevel } from './lifecycle.ts'
import type { RuleLookup, SeriesRule, WatchedSeries } from './rule-lookup.ts'
import type { SilenceClock } from './silence-clock.ts'
import type { Heard } from './slice.ts'
import { windowValue } from './window.ts'

export interface Evaluation extends FeedParts {
  rules: RuleLookup
  quality: QualityControl | undefined
  histories: Histories
  silences: SilenceClock
  indices: SiteIndices | undefined
  /** A judgement that threw: our bug, and no reason to stop judging the others. */
  onFault(error: unknown, uplink: Uplink): void
}

export function evaluate(parts: Evaluation, heard: Heard): readonly AlertChange[] {
  const { readings, revised } = checked(parts, heard)
  const changes: AlertChange[] = []
  for (const [i, reading] of readings.entries()) {
    const series = heard.series[i]
    if (series !== undefined) show(parts, series, asKnown(reading, revised), changes)
  }
  for (const reading of revised) revise(parts, reading)
  return changes
}

function checked({ quality, onFault }: Evaluation, { uplink, readings }: Heard): Checked {
  if (quality === undefined || readings.length === 0) return { readings, revised: [] }
  try {
    return quality.check(readings)
  } catch (error) {
    onFault(error, uplink)
    return { readings, revised: [] }
  }
}

/** What a later reading of the same message says of this one is known already. */
function asKnown(reading: Reading, revised: readonly Reading[]): Reading {
  if (revised.length === 0) return reading
  const { device, property, observedAt, receivedAt } = reading
  return (
    revised.findLast(
      (other) =>
        other.observedAt === observedAt &&
        other.receivedAt === receivedAt &&
        other.property === property &&
        other.device === device,
    ) ?? reading
  )
}

/** A reading found to be bad by what came after it leaves the windows; what it has caused stands. */
function revise(parts: Evaluation, reading: Reading): void {
  const series = parts.rules.of(reading.device, reading.property)
  if (series.reachMs > 0) parts.histories.take(series, reading, counts(reading))
  const site = series.rules.find(({ rule }) => rule.signal.type === 'index')?.site
  if (site !== undefined) parts.indices?.take(reading, site)
}

/** Shows one reading to every rule that it concerns. */
function show(parts: Evaluation, series: WatchedSeries, reading: Reading, to: AlertChange[]): void {
  const isCounted = counts(reading)
  const isNewest = series.reachMs > 0 && parts.histories.take(series, reading, isCounted)
  let isIndexed = false
  for (const rule of series.rules) {
    switch (rule.rule.signal.type) {
      case 'value':
        if (isCounted) feed(parts, rule, sightOf(reading), to)
        break
      case 'silence':
        parts.silences.heard(rule, reading, to)
        break
      case 'index':
        if (!isIndexed && rule.site !== undefined) parts.indices?.take(reading, rule.site)
        isIndexed = true
        showIndex(parts, rule, { reading, isCounted }, to)
        break
      default:
        if (isCounted && isNewest) showWindow(parts, { series, rule, reading }, to)
    }
  }
}

/** Only readings of quality 1 (good) and 2 (not evaluated) with a value count. */
function counts({ value, quality }: Reading): boolean {
  return value !== null && (quality === 1 || quality === 2)
}

function sightOf({ observedAt, value, receivedAt }: Reading) {
  return { observation: { observedAt, value: value ?? 0 }, receivedAt }
}

/** A bad reading may be the last of a message that the index has waited for. */
function showIndex(
  parts: Evaluation,
  rule: SeriesRule,
  { reading, isCounted }: { reading: Reading; isCounted: boolean },
  to: AlertChange[],
): void {
  const { signal } = rule.rule
  if (signal.type !== 'index' || rule.site === undefined) return
  const { receivedAt } = reading
  for (const observation of parts.indices?.observe(signal, rule.site, reading) ?? []) {
    feed(parts, rule, { observation, receivedAt }, to)
  }
  if (isCounted) hear(parts, rule, reading, to)
}

function showWindow(
  parts: Evaluation,
  { series, rule, reading }: { series: WatchedSeries; rule: SeriesRule; reading: Reading },
  to: AlertChange[],
): void {
  const { window, criteria, device } = rule
  const { observedAt, receivedAt } = reading
  const known = parts.book.get(rule.key)
  if (window === null || (known !== undefined && observedAt <= known.life.at)) return
  const found = parts.histories.of(series, observedAt - window.lengthMs)
  if (found === null) return
  const expectedMs = durationMs(device?.expectedInterval ?? '0s')
  const value = windowValue(window, found.history, { at: observedAt, expectedMs })
  const level = known?.life.level ?? null
  // With a part of the window unknown to us, the signal may have got worse, but nobody can say that it is over.
  const isSure =
    found.isWhole || level === null || (value !== null && holdsLevel(criteria, level, value))
  if (value === null || !isSure) hear(parts, rule, reading, to)
  else feed(parts, rule, { observation: { observedAt, value }, receivedAt }, to)
}
