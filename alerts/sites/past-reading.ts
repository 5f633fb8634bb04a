/** What must be read of the past before the readings at hand are taken, and no more than that. */

import type { Reading } from '../../domain/reading.ts'
import type { Site } from '../../domain/site.ts'
import { type AirStation, newestOf } from './air-stations.ts'
import { type Family, familyOf } from './families.ts'
import { type Gauges, newestGauge } from './gauges.ts'
import { fillGauges } from './gauges-past.ts'
import type { Shelf } from './shelf.ts'
import type { SiteDevices } from './site-devices.ts'
import { fillStation, reopenHour, type SitePast } from './station-past.ts'

/** A site not heard for so long may not have been watched meanwhile: it is read anew. */
const forgottenAfterMs = 2 * 3_600_000

export interface PastReadingParts {
  store: SitePast
  stations: Shelf<AirStation>
  gauges: Shelf<Gauges>
  devicesAt: SiteDevices
}

/** Work to be done, one after the other, in the order of the readings; each is found when it is asked for. */
export function* pastReading(
  parts: PastReadingParts,
  readings: readonly Reading[],
  siteOf: (reading: Reading) => Site | undefined,
): Generator<() => Promise<void>> {
  const seen = new Map<string, Set<Family>>()
  for (const reading of readings) {
    const [site, family] = [siteOf(reading), familyOf(reading.property)]
    if (site === undefined || family === undefined) continue
    const families = seen.get(site.id) ?? new Set<Family>()
    seen.set(site.id, families)
    const work = families.has(family)
      ? lateWork(parts, site, { reading, family })
      : firstWork(parts, site, { reading, family })
    families.add(family)
    if (work !== null) yield work
  }
}

interface Wanted {
  reading: Reading
  family: Family
}

/** What a site is read for at all must come before its first reading: what is read later would be counted twice. */
function firstWork(parts: PastReadingParts, site: Site, { reading, family }: Wanted) {
  const { store, devicesAt } = parts
  const { properties } = family
  const question = () => ({ reading, devices: devicesAt(site.id), properties })
  const isForgotten = (newest: number) => newest < reading.observedAt - forgottenAfterMs
  if (family.name === 'air') {
    const station = parts.stations.of(site)
    if (station.isFilled && !isForgotten(newestOf(station))) {
      return lateWork(parts, site, { reading, family })
    }
    return () => fillStation(store, station, question())
  }
  const gauges = parts.gauges.of(site)
  if (gauges.filled.has(family) && !isForgotten(newestGauge(gauges, properties))) return null
  return async () => {
    await fillGauges(store, gauges, question())
    gauges.filled.add(family)
  }
}

/** An hour that is folded is opened for a late reading. */
function lateWork({ store, stations }: PastReadingParts, site: Site, { reading, family }: Wanted) {
  if (family.name !== 'air') return null
  const station = stations.of(site)
  const own = station.series.get(reading.property)?.get(reading.device)
  return own?.isFolded(reading.observedAt) ? () => reopenHour(store, station, reading) : null
}
