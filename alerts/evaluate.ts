/**
 * From readings to changes of alerts, in memory: each reading is shown to the rules of its series, once its
 * quality is judged. Nothing is written here; what changed waits in the book until the loop records it.
 */

import type { AlertChange } from '../domain/alert.ts'
import type { Checked, QualityControl } from '../quality/contract.ts'
import type { Reading } from '../domain/reading.ts'
import type { Uplink } from '../domain/uplink.ts'
import { type FeedParts, feed, hear, passOver, settle } from './lifecycle/apply-observation.ts'
import type { Histories } from './windows/window-buffers.ts'
import type { SiteIndices } from './indices/index-signal.ts'
import { holdsLevel, isCalm } from './lifecycle/lifecycle.ts'
import type { RuleLookup, SeriesRule, WatchedSeries } from './rules/rule-lookup.ts'
import type { SecondLooks } from './late/second-looks.ts'
import type { SilenceClock } from './no-data.ts'
import { dated, type Heard } from './slice.ts'
import type { Watch } from './lifecycle/watch.ts'
import { windowValue } from './windows/window.ts'

export interface Evaluation extends FeedParts {
  rules: RuleLookup
  quality: QualityControl | undefined
  histories: Histories
  silences: SilenceClock
  indices: SiteIndices | undefined
  looks: Pick<SecondLooks, 'mark'>
  /** What was judged up to this journal position before a start is seen to. */
  judgedTo: number
  /** A judgement that threw: our bug, and no reason to stop judging the others. */
  onFault(error: unknown, uplink: Uplink): void
}

export function evaluate(parts: Evaluation, heard: Heard): readonly AlertChange[] {
  const { uplink, series, order } = heard
  const { readings, revised } = checked(parts, heard)
  const changes: AlertChange[] = []
  for (const i of order) {
    const [reading, own] = [readings[i], series[i]]
    if (reading === undefined || own === undefined) continue
    const known = dated(asKnown(reading, revised))
    const shown = { reading: known, series: own, isCounted: counts(known), seq: uplink.seq }
    show(parts, shown, changes)
  }
  for (const reading of revised) revise(parts, dated(reading), uplink.seq)
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

/** A reading found to be bad by what came after it leaves the windows, and what it has caused is looked at again. */
function revise(parts: Evaluation, reading: Reading, seq: number): void {
  const series = parts.rules.of(reading.device, reading.property)
  if (series.reachMs > 0) parts.histories.take(series, reading, counts(reading))
  for (const rule of series.rules) {
    const { type } = rule.rule.signal
    if (type === 'silence' || type === 'index') continue
    again(parts, rule, { reading, series, isCounted: counts(reading), seq })
  }
  const site = series.rules.find(({ rule }) => rule.signal.type === 'index')?.site
  if (site !== undefined) parts.indices?.take(reading, site)
}

interface Shown {
  reading: Reading
  series: WatchedSeries
  isCounted: boolean
  /** Journal position that it came with. */
  seq: number
}

/** Shows one reading to every rule that it concerns. */
function show(parts: Evaluation, shown: Shown, to: AlertChange[]): void {
  const { reading, series, isCounted } = shown
  const isNews = series.reachMs === 0 || parts.histories.take(series, reading, isCounted)
  let isIndexed = false
  for (const rule of series.rules) {
    switch (rule.rule.signal.type) {
      case 'value':
        if (isCounted && feed(parts, rule, sightOf(reading), to)) break
        showAgain(parts, rule, shown, to)
        break
      case 'silence':
        parts.silences.heard(rule, reading, to)
        break
      case 'index':
        if (!isIndexed && rule.site !== undefined) parts.indices?.take(reading, rule.site)
        isIndexed = true
        showIndex(parts, rule, shown, to)
        break
      default:
        if (isNews) showWindow(parts, rule, shown, to)
    }
  }
}

/** The watch has seen its moment: it is late, or takes the place of another. */
function showAgain(parts: Evaluation, rule: SeriesRule, shown: Shown, to: AlertChange[]): void {
  if (shown.isCounted) hear(parts, rule, shown.reading, to)
  again(parts, rule, shown)
}

function again(parts: Evaluation, rule: SeriesRule, { reading, isCounted, seq }: Shown): void {
  const watch = parts.book.get(rule.key)
  const { observedAt: at, receivedAt, value } = reading
  if (watch === undefined || at > watch.life.at || seq <= parts.judgedTo) return
  const ground = settle(watch, rule, receivedAt)
  if (at <= ground.at) return
  if (isNothingNew(watch, rule, { at, value: isCounted ? value : null })) return
  parts.looks.mark(watch, { from: at, to: at, seq })
}

/** Cheap to know, and true of nearly all that is sent again or comes late. */
function isNothingNew(
  { redo, life, value: last, calmSince }: Watch,
  { criteria, window }: SeriesRule,
  { at, value }: { at: number; value: number | null },
): boolean {
  if (redo !== undefined || window !== null) return false
  if (at === life.at && value === last) return true
  return calmSince !== null && at > calmSince && (value === null || isCalm(criteria, value))
}

/** Only readings of quality 1 (good) and 2 (not evaluated) with a value count. */
function counts({ value, quality }: Reading): boolean {
  return value !== null && (quality === 1 || quality === 2)
}

function sightOf({ observedAt, value, receivedAt }: Reading) {
  return { observation: { observedAt, value: value ?? 0 }, receivedAt, readAt: observedAt }
}

/** A bad reading may be the last of a message that the index has waited for. */
function showIndex(
  parts: Evaluation,
  rule: SeriesRule,
  { reading, isCounted }: Shown,
  to: AlertChange[],
): void {
  const { signal } = rule.rule
  if (signal.type !== 'index' || rule.site === undefined) return
  const { receivedAt, observedAt: readAt } = reading
  for (const observation of parts.indices?.observe(signal, rule.site, reading) ?? []) {
    feed(parts, rule, { observation, receivedAt, readAt }, to)
  }
  if (isCounted) hear(parts, rule, reading, to)
}

function showWindow(parts: Evaluation, rule: SeriesRule, shown: Shown, to: AlertChange[]): void {
  const { window, criteria, expectedMs } = rule
  const { reading, series, isCounted, seq } = shown
  const { observedAt, receivedAt } = reading
  const known = parts.book.get(rule.key)
  if (window === null) return
  if (!isCounted || (known !== undefined && observedAt <= known.life.at)) {
    showAgain(parts, rule, shown, to)
    return
  }
  const found = parts.histories.of(series, observedAt - window.reachMs)
  if (found === null) return
  const value = windowValue(window, found.history, { at: observedAt, expectedMs })
  const level = known?.life.level ?? null
  // With a part of the window unknown to us, the signal may have got worse, but nobody can say that it is over.
  const isSure =
    found.isWhole || level === null || (value !== null && holdsLevel(criteria, level, value))
  const observation = { observedAt, value: value ?? 0 }
  if (value === null || !isSure) {
    hear(parts, rule, reading, to)
    passOver(parts, rule, reading)
  } else {
    feed(parts, rule, { observation, receivedAt, readAt: observedAt }, to)
  }
  if (found.isWhole || seq <= parts.judgedTo) return
  const watch = parts.book.get(rule.key)
  if (watch === undefined) return
  settle(watch, rule, receivedAt)
  parts.looks.mark(watch, { from: observedAt, to: observedAt, seq })
}
