/**
 * Air indices of sites as rules watch them: of each clock hour, or of each day, once it is over.
 *
 * An hour is over when some series of the site that feeds the index is 5 minutes past its end in observed time, so
 * that slower instruments have sent their last readings; or sooner, when all of them that have said something in the
 * last 3 hours are past it. The observation is of the end of the hour; of EPA's day with ozone, of the end of the last
 * mean that begins in it. A late reading changes the means that hold
 * its hour from then on, and no observation that was made. Ozone NowCasts are made with EPA's surrogate, because two
 * weeks of hours are not kept here.
 *
 * What is known of a site comes from the readings store when it is first heard, or heard again after two hours.
 */

import { createDayCalendar, type Day } from '../../domain/calendar.ts'
import type { Reading, SeriesKey } from '../../domain/reading.ts'
import type { Site } from '../../domain/site.ts'
import type { Stay } from '../../domain/site-stays.ts'
import { type Hours, hourMs, hourOf } from '../../domain/standards/averages/clock-hour.ts'
import { completed } from '../../domain/standards/averages/completeness.ts'
import { stationHours } from '../../domain/standards/averages/station.ts'
import type { AirIndex } from '../../domain/standards/site/air-figures.ts'
import { comparedValue } from '../../domain/standards/site/compared.ts'
import {
  feedingProperties,
  indexCalendar,
  isDaily,
  settlesMs,
} from '../../domain/standards/site/coverage.ts'
import { siteIndexAt } from '../../domain/standards/site-indices.ts'
import type { RegistryView } from '../../stores/records/registry.ts'
import type { Observation } from '../lifecycle/lifecycle.ts'
import { createSeriesHours, hoursKept, type SeriesHours } from './series-hours.ts'
import { expectedMs } from './site-devices.ts'

const graceMs = 5 * 60_000
const activeMs = 3 * hourMs

/** By property, then device. */
export type StationSeries = Map<string, Map<string, SeriesHours>>

export interface AirStation {
  /** IANA name. */
  zone: string
  /** A moment at which an hour begins there. */
  originMs: number
  series: StationSeries
  /** False until the past of the site was read. */
  isFilled: boolean
  /** What stood there when it was looked at last. */
  stays: readonly Stay[] | null
  /** By index, then edition (empty: the one in force). */
  told: Map<AirIndex, Map<string, Told>>
  /** Grows with each change of `series`; `hours` were made at `hoursOf`. */
  changes: number
  hours: ReadonlyMap<string, Hours>
  hoursAt: number
}

/** What was last observed, and the end of the hour or day that is observed next. */
interface Told {
  next: Day
  observations: readonly Observation[]
}

/** @param now any moment of these years: where zones are ahead by parts of an hour, hours begin at them */
export function createAirStation(zone: string, now: number): AirStation {
  return {
    zone,
    originMs: hourOf(createDayCalendar(zone), now),
    ...{ series: new Map(), isFilled: false, stays: null, told: new Map() },
    ...{ changes: 0, hours: new Map(), hoursAt: -1 },
  }
}

export function seriesOf(
  { series, originMs }: Pick<AirStation, 'series' | 'originMs'>,
  { property, device }: SeriesKey,
): SeriesHours {
  let devices = series.get(property)
  if (devices === undefined) {
    devices = new Map()
    series.set(property, devices)
  }
  let own = devices.get(device)
  if (own === undefined) {
    own = createSeriesHours(originMs)
    devices.set(device, own)
  }
  return own
}

export interface AirQuestion {
  index: AirIndex
  edition: string | undefined
  site: Site
  /** The one just taken. */
  reading: Reading
}

export function observeAir(
  registry: RegistryView,
  station: AirStation,
  { index, edition, site, reading }: AirQuestion,
): readonly Observation[] {
  const told = toldOf(station, index, { edition: edition ?? '', at: reading.observedAt })
  const settles = settlesMs(index, station.series)
  if (told.next.to + settles > reading.observedAt) return told.observations
  const observations: Observation[] = []
  const properties = feedingProperties(index)
  const calendar = indexCalendar(index, station.zone)
  for (;;) {
    const known = told.next.to + settles
    if (known > reading.observedAt || !isOver(station, properties, known)) break
    const hours = hoursOf(registry, station)
    const question = { index, edition: edition ?? null, period: told.next }
    const answer = siteIndexAt({ site, calendar }, hours, question)
    const value = answer === null ? null : comparedValue(answer)
    if (value !== null) observations.push({ observedAt: known, value })
    told.next = after(station, index, told.next)
  }
  if (observations.length > 0) told.observations = observations
  return told.observations
}

/**
 * A rule that is new to the site is told of the hour or day that ended last before the reading. While nothing is known
 * of the past, an hour that had begun before is passed over: of a part of it nobody knows how much is missing.
 */
function toldOf(
  station: AirStation,
  index: AirIndex,
  { edition, at }: { edition: string; at: number },
): Told {
  let editions = station.told.get(index)
  if (editions === undefined) {
    editions = new Map()
    station.told.set(index, editions)
  }
  let told = editions.get(edition)
  if (told === undefined) {
    told = { next: firstPeriod(station, index, at), observations: [] }
    editions.set(edition, told)
  }
  return told
}

function firstPeriod(station: AirStation, index: AirIndex, at: number): Day {
  const running = periodAt(station, index, at)
  if (station.isFilled) return periodAt(station, index, running.from - 1)
  return isDaily(index) || running.from === at ? running : periodAt(station, index, running.to)
}

function periodAt({ zone, originMs }: AirStation, index: AirIndex, at: number): Day {
  if (isDaily(index)) return indexCalendar(index, zone).dayOf(at)
  const from = originMs + Math.floor((at - originMs) / hourMs) * hourMs
  return { from, to: from + hourMs }
}

/** After a silence longer than what is kept nothing is known of the hours in between. */
function after(station: AirStation, index: AirIndex, period: Day): Day {
  const next = periodAt(station, index, period.to)
  const known = newestOf(station) - hoursKept * hourMs
  return next.to < known ? periodAt(station, index, known) : next
}

export function newestOf({ series }: Pick<AirStation, 'series'>): number {
  let newest = Number.NEGATIVE_INFINITY
  for (const devices of series.values()) {
    for (const own of devices.values()) newest = Math.max(newest, own.newest)
  }
  return newest
}

function isOver({ series }: AirStation, properties: ReadonlySet<string>, end: number): boolean {
  let isWaiting = false
  for (const property of properties) {
    for (const { newest } of series.get(property)?.values() ?? []) {
      if (newest >= end + graceMs) return true
      if (newest < end && newest >= end - activeMs) isWaiting = true
    }
  }
  return !isWaiting
}

function hoursOf(registry: RegistryView, station: AirStation): ReadonlyMap<string, Hours> {
  if (station.hoursAt === station.changes) return station.hours
  const hours = new Map<string, Hours>()
  for (const [property, devices] of station.series) {
    const there = [...devices].map(([id, own]) =>
      completed(own.windows(), expectedMs(registry.device(id))),
    )
    if (there.length > 0) hours.set(property, stationHours(property, there))
  }
  station.hours = hours
  station.hoursAt = station.changes
  return hours
}
