/**
 * The indices of sites that rules watch, from the stream: air indices of hours and days that are over
 * (`sites/air-stations.ts`), all others at each reading (`sites/gauges.ts`). Everything follows from observed time
 * and the order of the stream, so that a journal judged again gives the same observations.
 */

import type { Clock } from '../domain/ports.ts'
import type { Reading } from '../domain/reading.ts'
import type { Site } from '../domain/site.ts'
import {
  feedingProperties,
  indexOfSignal,
  isAirIndex,
  type SiteIndexName,
  siteIndexNames,
} from '../domain/standards/site/coverage.ts'
import { definitionOf } from '../domain/standards/site-indices.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import { put } from './history.ts'
import type { SiteIndices } from './index-signal.ts'
import { createAirStation, newestOf, observeAir, seriesOf } from './sites/air-stations.ts'
import { createGauge, createGauges, newestGauge, observeInstant } from './sites/gauges.ts'
import { fillGauges } from './sites/gauges-past.ts'
import { createShelf } from './sites/shelf.ts'
import { createSiteDevices } from './sites/site-devices.ts'
import { fillStation, reopenHour, type SitePast } from './sites/station-past.ts'

export interface SiteIndicesParts {
  registry: RegistryView
  clock: Clock
  /** Of sites without a location or an attribute `timeZone`. */
  timeZone: string
  /** Absent: only what is heard from now on is known. */
  past?: SitePast
}

/** A slice of the stream waits no longer than this for the past of sites; others are read at a later reading. */
const fillMs = 250
/** A site not heard for so long may not have been watched meanwhile: it is read anew. */
const forgottenAfterMs = 2 * 3_600_000

export function createSiteIndices(parts: SiteIndicesParts): SiteIndices {
  const { registry, clock, timeZone, past } = parts
  const devicesAt = createSiteDevices(registry)
  const stations = createShelf((zone) => createAirStation(zone, clock.now()), timeZone)
  const gauges = createShelf(createGauges, timeZone)
  /** By site and time: how many readings of the slice at hand are still to be taken. */
  let toCome = new Map<string, Map<number, number>>()

  function siteOf({ device }: Reading): Site | undefined {
    const id = registry.device(device)?.site ?? null
    return id === null ? undefined : registry.site(id)
  }

  /** What must be read for this reading, or null. `isFirst`: of its site and kind in the slice. */
  function needOf(store: SitePast, site: Site, { reading, isFirst }: Wanted) {
    const { property, observedAt } = reading
    const question = { reading, devices: devicesAt(site.id) }
    const isForgotten = (newest: number) => newest < observedAt - forgottenAfterMs
    if (airProperties.has(property)) {
      const station = stations.of(site)
      if (isFirst && (!station.isFilled || isForgotten(newestOf(station)))) {
        return () => fillStation(store, station, { ...question, properties: airProperties })
      }
      const own = station.series.get(property)?.get(reading.device)
      return own?.isFolded(observedAt) ? () => reopenHour(store, station, reading) : null
    }
    const known = gauges.of(site)
    const properties = kin.get(property)
    if (!isFirst || properties === undefined) return null
    if (known.filled.has(property) && !isForgotten(newestGauge(known, property))) return null
    return () => fillGauges(store, known, { ...question, properties })
  }

  return {
    feeding: (index) => [...feedingProperties(indexOfSignal(index))],
    async prepare(readings) {
      toCome = countOf(readings, (reading) => siteOf(reading)?.id)
      if (past === undefined) return
      const seen = new Map<string, Set<string>>()
      let until: number | undefined
      for (const reading of readings) {
        const site = siteOf(reading)
        if (site === undefined) continue
        const work = needOf(past, site, { reading, isFirst: isFirstOf(seen, site, reading) })
        if (work === null) continue
        until ??= clock.monotonic() + fillMs
        if (clock.monotonic() > until) return
        await work()
      }
    },
    take(reading, site) {
      const { property, device, observedAt, value, quality } = reading
      const counted = quality === 1 || quality === 2 ? value : null
      if (airProperties.has(property)) {
        const station = stations.of(site)
        seriesOf(station, reading).put(observedAt, counted)
        station.changes += 1
        return
      }
      const { series } = gauges.of(site)
      const devices = series.get(property) ?? new Map()
      series.set(property, devices)
      const gauge = devices.get(device) ?? createGauge(property, registry.device(device))
      devices.set(device, gauge)
      put(gauge.history, observedAt, counted)
      const times = toCome.get(site.id)
      const left = times?.get(observedAt) ?? 0
      if (left > 0) times?.set(observedAt, left - 1)
    },
    observe({ index: signal, edition }, site, reading) {
      const index = indexOfSignal(signal)
      if (edition !== undefined && !hasEdition(index, edition)) return []
      if (isAirIndex(index)) {
        return observeAir(registry, stations.of(site), { index, edition, site, reading })
      }
      const at = reading.observedAt
      if ((toCome.get(site.id)?.get(at) ?? 0) > 0) return []
      const found = observeInstant(gauges.of(site), { index, edition, site, at })
      return found === null ? [] : [found]
    },
  }
}

interface Wanted {
  reading: Reading
  isFirst: boolean
}

/** Air stations are read as a whole, gauges property by property. */
function isFirstOf(seen: Map<string, Set<string>>, { id }: Site, { property }: Reading): boolean {
  const kind = airProperties.has(property) ? '' : property
  const kinds = seen.get(id)
  if (kinds === undefined) seen.set(id, new Set([kind]))
  else if (kinds.has(kind)) return false
  else kinds.add(kind)
  return true
}

function hasEdition(index: SiteIndexName, edition: string): boolean {
  return definitionOf(index).editions.some(({ id }) => id === edition)
}

const airProperties: ReadonlySet<string> = new Set(
  siteIndexNames.filter(isAirIndex).flatMap((index) => [...feedingProperties(index)]),
)

/** For each property that feeds an index of the moment: all that feed one of its indices. */
const kin: ReadonlyMap<string, ReadonlySet<string>> = kinOf(
  siteIndexNames.filter((index) => !isAirIndex(index)).map(feedingProperties),
)

function kinOf(families: readonly ReadonlySet<string>[]): Map<string, ReadonlySet<string>> {
  const kin = new Map<string, ReadonlySet<string>>()
  for (const family of families) {
    for (const property of family) {
      kin.set(property, new Set([...(kin.get(property) ?? []), ...family]))
    }
  }
  return kin
}

/** By site and time, of what feeds an index of the moment. */
function countOf(
  readings: readonly Reading[],
  siteOf: (reading: Reading) => string | undefined,
): Map<string, Map<number, number>> {
  const counts = new Map<string, Map<number, number>>()
  for (const reading of readings) {
    if (airProperties.has(reading.property)) continue
    const site = siteOf(reading)
    if (site === undefined) continue
    const times = counts.get(site) ?? new Map<number, number>()
    counts.set(site, times)
    times.set(reading.observedAt, (times.get(reading.observedAt) ?? 0) + 1)
  }
  return counts
}
