/**
 * The readings store of the settings: which one, and how its writer and readers are opened. Whoever opens one closes
 * it. Driver and client are loaded only by who needs them.
 */

import type { Config } from '../../config.ts'
import { zoneOf } from '../../domain/calendar.ts'
import type { Ports } from '../../domain/ports.ts'
import type { WrittenSites } from '../../domain/written-sites.ts'
import type { BoardSink } from './board-points.ts'
import type { Placements } from './influx/write/places.ts'
import type { ReadingsReader, ReadingsWriter, RefusedReading } from './readings.ts'
import { openReadingsReader, openReadingsWriter } from './sqlite.ts'
import type { RegistryView } from '../records/registry.ts'
import type { DataLayout } from '../../runtime/data-layout.ts'

export interface ReadingsStore {
  openWriter(parts: WriterParts): OpenWriter
  openReader(): ReadingsReader
  /** Where what boards show beside readings is written; undefined where boards cannot ask. */
  openBoards(): BoardSink | undefined
}

export interface WriterParts {
  registry: RegistryView
  /** Told of readings that the database refuses for good, or that are set aside. */
  onRefused(readings: readonly RefusedReading[]): void | Promise<void>
  /** Told of where points of an earlier version stand; answers which devices were placed there. */
  onWritten?(written: readonly WrittenSites[]): Promise<readonly string[]>
  /** No live readings wait: what is refused is searched out to the end, and nothing is set aside. */
  isAlone?: true
}

export interface OpenWriter {
  writer: ReadingsWriter
  /** Ends what waits for a database that does not answer, so that a stop can end; nothing is lost. */
  interrupt(): void
}

type StoreConfig = Pick<
  Config,
  | 'readings'
  | 'readingsDays'
  | 'timeZone'
  | 'influxUrl'
  | 'influxBucket'
  | 'influxOrg'
  | 'influxToken'
  | 'influxUsername'
  | 'influxPassword'
>

export async function readingsStore(
  config: StoreConfig,
  layout: Pick<DataLayout, 'readings' | 'influx'>,
  ports: Ports,
): Promise<ReadingsStore> {
  const { influxUrl: url, readingsDays: keepDays } = config
  if (config.readings === 'influx' && url !== undefined) {
    const { openInfluxReader, openInfluxWriter } = await import('./influx.ts')
    const { openInfluxBoardSink } = await import('./influx/boards/board-sink.ts')
    const options = {
      url,
      bucket: config.influxBucket,
      org: config.influxOrg,
      token: config.influxToken,
      username: config.influxUsername,
      password: config.influxPassword,
      path: layout.influx,
      ports,
    }
    return {
      openReader: () => openInfluxReader(options),
      openBoards: () => openInfluxBoardSink(options),
      openWriter({ registry, onRefused, onWritten, isAlone = false }) {
        const placeOf = placesOf(registry)
        const placements = placementsOf(registry)
        const zoneOf = zonesOf(registry, config.timeZone)
        const search = isAlone ? { searchesMax: Number.POSITIVE_INFINITY } : {}
        const told = onWritten === undefined ? {} : { onWritten }
        const writer = openInfluxWriter({
          ...{ ...options, keepDays, placeOf, placements, zoneOf, onRefused, ...told, ...search },
        })
        return { writer, interrupt: () => writer.interrupt() }
      },
    }
  }
  const path = layout.readings
  return {
    openReader: () => openReadingsReader({ path }),
    openBoards: () => undefined,
    openWriter: () => ({
      writer: openReadingsWriter({ path, keepDays }),
      interrupt: () => undefined,
    }),
  }
}

/** Site and district of a device as the registry has them now. */
function placesOf(registry: RegistryView) {
  return (id: string) => {
    const device = registry.device(id)
    if (device === undefined) return undefined
    const site = device.site === null ? undefined : registry.site(device.site)
    return { site: device.site, district: site?.district ?? null }
  }
}

/** The same over time, of devices that have moved or were removed. */
function placementsOf(registry: RegistryView): Placements {
  const districtOf = (site: string | null) =>
    site === null ? null : (registry.site(site)?.district ?? null)
  return {
    get version() {
      return registry.version
    },
    of: (device) =>
      registry.placements(device)?.map((one) => ({ ...one, district: districtOf(one.site) })),
    devices: () => registry.placed(),
  }
}

/** Time zone of a device's site, for roll-ups of days. */
function zonesOf(registry: RegistryView, fallback: string) {
  return (id: string) => {
    const site = registry.device(id)?.site ?? null
    return zoneOf(site === null ? undefined : registry.site(site), fallback)
  }
}
