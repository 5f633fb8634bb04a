/** What must be read of the past before the readings at hand are taken, and no more than that. */

import type { Device } from '../../domain/device.ts'
import type { Reading } from '../../domain/reading.ts'
import type { Site } from '../../domain/site.ts'
import { changedDevices, type SiteStays, type Stay } from '../../domain/site-stays.ts'
import { type AirStation, newestOf } from './air-stations.ts'
import { type Family, familyOf } from './families.ts'
import { type Gauges, newestGauge } from './gauges.ts'
import { fillGauges } from './gauges-past.ts'
import type { Shelf } from './shelf.ts'
import { fillStation, reopenHour, type SitePast } from './station-past.ts'

/** A site not heard for so long may not have been watched meanwhile: it is read anew. */
const forgottenAfterMs = 2 * 3_600_000

export interface PastReadingParts {
  store: SitePast
  stations: Shelf<AirStation>
  gauges: Shelf<Gauges>
  staysAt: SiteStays
  registered(id: string): Device | undefined
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
  const { store, registered } = parts
  const { properties } = family
  const stays = parts.staysAt(site.id)
  const isForgotten = (newest: number) => newest < reading.observedAt - forgottenAfterMs
  if (family.name === 'air') {
    const station = parts.stations.of(site)
    if (takeStays(station, stays)) station.isFilled = false
    if (station.isFilled && !isForgotten(newestOf(station))) {
      return lateWork(parts, site, { reading, family })
    }
    return () => fillStation(store, station, { reading, stays, properties })
  }
  const gauges = parts.gauges.of(site)
  if (takeStays(gauges, stays)) gauges.filled.clear()
  if (gauges.filled.has(family) && !isForgotten(newestGauge(gauges, properties))) return null
  return async () => {
    await fillGauges(store, gauges, { reading, stays, registered, properties })
    gauges.filled.add(family)
  }
}

interface Kept {
  stays: readonly Stay[] | null
  /** By property, then device. */
  series: ReadonlyMap<string, Map<string, unknown>>
}

/** True when something came, went or was placed otherwise: what is known of that is read anew. */
function takeStays(kept: Kept, stays: readonly Stay[]): boolean {
  if (kept.stays === stays) return false
  for (const device of changedDevices(kept.stays ?? stays, stays)) {
    for (const devices of kept.series.values()) devices.delete(device)
  }
  kept.stays = stays
  return true
}

/** An hour that is folded is opened for a late reading. */
function lateWork({ store, stations }: PastReadingParts, site: Site, { reading, family }: Wanted) {
  if (family.name !== 'air') return null
  const station = stations.of(site)
  const own = station.series.get(reading.property)?.get(reading.device)
  return own?.isFolded(reading.observedAt) ? () => reopenHour(store, station, reading) : null
}
