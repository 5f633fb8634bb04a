/** Readings and their roll-ups of an hour, in the schema of the readings store. */

import { createHash } from 'node:crypto'
import { hourMs } from '../../../simulators/calendar.ts'
import type { CityDevice } from '../../../simulators/device.ts'
import { measurementOf } from '../../../stores/readings/influx/layout.ts'
import { type BoardCity, samplesOf } from './city.ts'
import type { Points, Tags } from './points.ts'

/** One reading in so many is a spike that quality control has failed. */
const spikeEvery = 400

interface Sum {
  sum: number
  count: number
  min: number
  max: number
}

export interface DeviceHistory {
  device: CityDevice
  /** Property → start of the hour → what was measured in it. */
  hours: ReadonlyMap<string, ReadonlyMap<number, Sum>>
  samples: readonly { at: number; values: Readonly<Record<string, number>> }[]
}

export function writeReadings(
  board: BoardCity,
  points: Points,
  lookBackMs: number,
): DeviceHistory[] {
  return board.city.devices.map((device) => {
    const samples = [...samplesOf(board, device, { fromMs: board.end - lookBackMs })]
    const tags = tagsOf(board, device)
    const hours = new Map<string, Map<number, Sum>>()
    for (const { at, values } of samples) {
      for (const [measurement, some] of grouped(values)) {
        const fields: Record<string, number> = { received: at + 2_000 }
        for (const [property, value] of some) {
          const spike = isSpike(device.id, property, at)
          fields[property] = spike ? value * 9 + 50 : value
          fields[`${property}_q`] = spike ? 4 : 1
          if (!spike) addUp(hours, { property, value, hour: Math.floor(at / hourMs) * hourMs })
        }
        points.add({ measurement, tags, fields, at })
      }
    }
    for (const [property, sums] of hours) writeSums(points, { property, sums, tags })
    return { device, hours, samples }
  })
}

export function tagsOf({ sites }: BoardCity, { id, site }: CityDevice): Tags {
  return { device: id, site, district: sites.get(site)?.district ?? null }
}

function grouped(values: Readonly<Record<string, number>>): Map<string, [string, number][]> {
  const groups = new Map<string, [string, number][]>()
  for (const [property, value] of Object.entries(values)) {
    const measurement = measurementOf(property)
    groups.set(measurement, [...(groups.get(measurement) ?? []), [property, value]])
  }
  return groups
}

function isSpike(device: string, property: string, at: number): boolean {
  const digest = createHash('md5').update(`${device} ${property} ${at}`).digest()
  return digest.readUInt32BE(0) % spikeEvery === 0
}

function addUp(
  all: Map<string, Map<number, Sum>>,
  { property, value, hour }: { property: string; value: number; hour: number },
): void {
  const sums = all.get(property) ?? new Map<number, Sum>()
  all.set(property, sums)
  const known = sums.get(hour)
  sums.set(hour, {
    sum: (known?.sum ?? 0) + value,
    count: (known?.count ?? 0) + 1,
    min: Math.min(known?.min ?? value, value),
    max: Math.max(known?.max ?? value, value),
  })
}

function writeSums(
  points: Points,
  { property, sums, tags }: { property: string; sums: ReadonlyMap<number, Sum>; tags: Tags },
): void {
  for (const [at, { sum, count, min, max }] of sums) {
    points.add({
      measurement: `${measurementOf(property)}_1h`,
      tags,
      at,
      fields: {
        [`${property}_mean`]: sum / count,
        [`${property}_min`]: min,
        [`${property}_max`]: max,
        [`${property}_sum`]: sum,
        [`${property}_count`]: count,
      },
    })
  }
}
