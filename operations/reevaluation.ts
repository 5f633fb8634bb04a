/**
 * A second look at stored readings, after plans or defaults of quality control have changed: their flags are computed
 * again by the same tests as at ingest, in the order of observed time. Values never change. It may run beside a
 * server: a reading that was replaced meanwhile keeps the flag it got then. Doing it twice changes nothing more.
 * What a device has said is judged by the plans and neighbours of the site where it stood then.
 */

import type { QualityControl } from '../quality/contract.ts'
import type { Reading, SeriesKey } from '../domain/reading.ts'
import type { Interval, ReadingsReader } from '../stores/readings/readings.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import { createFlagChanges, type FlagCounts } from './flag-changes.ts'
import type { Past } from '../stores/readings/past.ts'
import { createPlacedView, type PlacedView } from './placed-view.ts'
import { type SeriesChoice, scopeOf } from './reevaluation-scope.ts'
import { timeSlices } from './time-slices.ts'

/** Readings after the period are looked at for so long, because they tell about the last ones in it. */
const afterMs = 86_400_000
const writeMax = 20_000

export interface ReevaluationParts {
  view: RegistryView
  reader: Pick<ReadingsReader, 'series' | 'range' | 'aggregate'>
  /** Quality control that remembers nothing yet, by the registry that it is handed. */
  quality: (past: Past, registry: RegistryView) => QualityControl
  /** Null to find out what would change. */
  write: ((readings: readonly Reading[]) => Promise<number>) | null
}

export interface Reevaluation extends FlagCounts {
  series: number
  /** Changes that were written; fewer than `changed` when readings were replaced meanwhile. */
  written: number
}

export async function reevaluate(
  { view, reader, quality, write }: ReevaluationParts,
  { from, to, ...choice }: Interval & SeriesChoice,
): Promise<Reevaluation> {
  const { chosen, needed, memoryMs } = scopeOf(view, await reader.series(), choice)
  const isChosen = membership(view, chosen, choice.site)
  const placed = createPlacedView(view, new Set(needed.map(({ device }) => device)))
  const changes = createFlagChanges(
    (reading) => reading.observedAt >= from && reading.observedAt < to && isChosen(reading),
  )
  const writing = createWriting(write)
  let sliceFrom = from - memoryMs
  const control = quality(
    pastBefore(reader, () => sliceFrom),
    placed.view,
  )
  const period = { series: needed, from: from - memoryMs, to: to + afterMs }
  for await (const slice of timeSlices(reader, period)) {
    sliceFrom = slice.from
    for (const readings of betweenMoves(slice.readings, placed)) {
      await control.prepare(readings)
      await writing.add(changes.take(readings, control.check(readings)))
    }
  }
  await writing.add(changes.rest())
  await writing.end()
  return { ...changes.counts, series: chosen.length, written: writing.count() }
}

/** Quality control must not learn from the store what comes after the readings that it is about to see. */
function pastBefore(reader: Past, limit: () => number): Past {
  const until = <Query extends Interval>(query: Query): Query => ({
    ...query,
    to: Math.min(query.to, limit()),
  })
  return {
    range: (query) => reader.range(until(query)),
    aggregate: (query) => reader.aggregate(until(query)),
  }
}

/** Readings in order, apart where a device has moved in between; the devices stand where they stood then. */
function* betweenMoves(readings: readonly Reading[], placed: PlacedView) {
  for (let from = 0; from < readings.length; ) {
    const at = readings[from]?.observedAt ?? 0
    const move = placed.nextMove(at)
    const later = readings.findIndex(({ observedAt }, i) => i > from && observedAt >= move)
    const to = later < 0 ? readings.length : later
    placed.goTo(at)
    yield readings.slice(from, to)
    from = to
  }
}

/** `site`: only what was taken there. */
function membership(
  view: RegistryView,
  series: readonly SeriesKey[],
  site: string | undefined,
): (reading: Reading) => boolean {
  const properties = new Map<string, Set<string>>()
  for (const { device, property } of series) {
    const known = properties.get(device)
    if (known === undefined) properties.set(device, new Set([property]))
    else known.add(property)
  }
  return ({ device, property, observedAt }) =>
    (properties.get(device)?.has(property) ?? false) &&
    (site === undefined || view.siteAt(device, observedAt) === site)
}

/** Gathers changes into few transactions. */
function createWriting(write: ReevaluationParts['write']) {
  let waiting: Reading[] = []
  let written = 0

  async function writeSome(least: number): Promise<void> {
    while (write !== null && waiting.length >= least && waiting.length > 0) {
      written += await write(waiting.slice(0, writeMax))
      waiting = waiting.slice(writeMax)
    }
  }

  return {
    async add(readings: readonly Reading[]): Promise<void> {
      if (write === null) return
      for (const reading of readings) waiting.push(reading)
      await writeSome(writeMax)
    },
    end: () => writeSome(1),
    count: () => written,
  }
}
