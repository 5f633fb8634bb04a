/**
 * The indices of sites that rules watch, from the stream: air indices of hours and days that are over
 * (`sites/air-stations.ts`), all others at each message (`sites/gauges.ts`). Everything follows from observed time
 * and the order of the stream, so that a journal judged again gives the same observations.
 */

import type { Clock } from '../../domain/ports.ts'
import type { Reading } from '../../domain/reading.ts'
import type { Site } from '../../domain/site.ts'
import { createSiteStays } from '../../domain/site-stays.ts'
import {
  feedingProperties,
  indexOfSignal,
  isAirIndex,
  type SiteIndexName,
} from '../../domain/standards/site/coverage.ts'
import { definitionOf } from '../../domain/standards/site-indices.ts'
import type { RegistryView } from '../../stores/records/registry.ts'
import { put } from '../windows/window-buffer.ts'
import type { SiteIndices } from './index-signal.ts'
import { createAirStation, observeAir, seriesOf } from './air-stations.ts'
import { familyOf } from './families.ts'
import { createGauges, gaugeOf, observeInstant } from './gauges.ts'
import { createMessages } from './messages.ts'
import { pastReading } from './past-reading.ts'
import { createShelf } from './shelf.ts'
import type { SitePast } from './station-past.ts'

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

export function createSiteIndices(parts: SiteIndicesParts): SiteIndices {
  const { registry, clock, timeZone, past } = parts
  const staysAt = createSiteStays(registry)
  const registered = (id: string) => registry.device(id)
  const stations = createShelf((zone) => createAirStation(zone, clock.now()), timeZone)
  const gauges = createShelf(createGauges, timeZone)
  const messages = createMessages()

  function siteOf({ device }: Reading): Site | undefined {
    const id = registry.device(device)?.site ?? null
    return id === null ? undefined : registry.site(id)
  }

  async function readPast(store: SitePast, readings: readonly Reading[]): Promise<void> {
    const until = clock.monotonic() + fillMs
    const known = { store, stations, gauges, staysAt, registered }
    const work = pastReading(known, readings, siteOf)
    for (const read of work) {
      await read()
      if (clock.monotonic() > until) return
    }
  }

  return {
    feeding: (index) => [...feedingProperties(indexOfSignal(index))],
    async prepare(readings) {
      messages.expect(readings, (reading) => siteOf(reading)?.id)
      if (past !== undefined) await readPast(past, readings)
    },
    take(reading, site) {
      const { property, observedAt, value, quality } = reading
      const counted = quality === 1 || quality === 2 ? value : null
      messages.take(site.id, observedAt, counted !== null)
      if (familyOf(property)?.name === 'air') {
        const station = stations.of(site)
        seriesOf(station, reading).put(observedAt, counted)
        station.changes += 1
        return
      }
      const gauge = gaugeOf(gauges.of(site), reading, registry.device(reading.device))
      put(gauge.history, observedAt, counted)
    },
    observe({ index: signal, edition }, site, reading) {
      const index = indexOfSignal(signal)
      if (edition !== undefined && !hasEdition(index, edition)) return []
      if (isAirIndex(index)) {
        return observeAir(registry, stations.of(site), { index, edition, site, reading })
      }
      const at = reading.observedAt
      if (!messages.isComplete(site.id, at)) return []
      const found = observeInstant(gauges.of(site), { index, edition, site, at })
      return found === null ? [] : [found]
    },
  }
}

function hasEdition(index: SiteIndexName, edition: string): boolean {
  return definitionOf(index).editions.some(({ id }) => id === edition)
}
