/**
 * What an air station has said before we listened: whole hours as the store adds them up, the newest three reading
 * by reading. Of those only what was received up to the reading at hand; the rest comes with the stream.
 */

import type { Reading, SeriesKey } from '../../domain/reading.ts'
import type { Stay } from '../../domain/site-stays.ts'
import { hourMs } from '../../domain/standards/averages/clock-hour.ts'
import type { ReadingsReader } from '../../stores/readings/readings.ts'
import { type AirStation, type StationSeries, seriesOf } from './air-stations.ts'
import { hoursKept } from './series-hours.ts'
import { stayQuestions } from './site-devices.ts'

export type SitePast = Pick<ReadingsReader, 'range' | 'aggregate'>

const good = [1, 2] as const
const openedHours = 2
/** How far ahead of its receipt a reading may be, at most. */
export const aheadMs = 24 * hourMs

export interface StationQuestion {
  stays: readonly Stay[]
  properties: ReadonlySet<string>
  reading: Reading
}

/** Reads the station anew, and adds what was heard meanwhile. */
export async function fillStation(
  past: SitePast,
  station: AirStation,
  { stays, properties, reading }: StationQuestion,
): Promise<void> {
  const { originMs } = station
  const fresh: Pick<AirStation, 'series' | 'originMs'> = { series: new Map(), originMs }
  const running = originMs + Math.floor((reading.observedAt - originMs) / hourMs) * hourMs
  const opened = running - openedHours * hourMs
  const folded = { from: running - hoursKept * hourMs, to: opened }
  const hours = { everyMs: hourMs, originMs, fn: 'mean' } as const
  for (const question of stayQuestions(stays, properties, folded)) {
    for await (const page of past.aggregate({ ...hours, ...question })) {
      for (const { from, value, count, ...key } of page) {
        if (value !== null) seriesOf(fresh, key).fill({ from, value, count })
      }
    }
  }
  const to = Math.max(reading.observedAt, reading.receivedAt) + aheadMs
  for (const question of stayQuestions(stays, properties, { from: opened, to })) {
    for await (const page of past.range({ ...question, quality: good })) {
      for (const one of page) {
        if (one.receivedAt > reading.receivedAt) continue
        seriesOf(fresh, one).put(one.observedAt, one.value)
      }
    }
  }
  merge(station.series, fresh)
  station.series = fresh.series
  station.isFilled = true
  station.changes += 1
}

function merge(heard: StationSeries, into: Pick<AirStation, 'series' | 'originMs'>): void {
  for (const [property, devices] of heard) {
    for (const [device, own] of devices) {
      const key = { property, device }
      for (const [at, value] of own.openReadings()) seriesOf(into, key).put(at, value)
    }
  }
}

/** The readings of one hour of a series, to take a late one into it. */
export async function reopenHour(
  past: SitePast,
  station: AirStation,
  reading: Reading,
): Promise<void> {
  const { originMs } = station
  const from = originMs + Math.floor((reading.observedAt - originMs) / hourMs) * hourMs
  const stored = new Map<number, number>()
  const series: SeriesKey[] = [{ device: reading.device, property: reading.property }]
  for await (const page of past.range({ series, from, to: from + hourMs, quality: good })) {
    for (const { observedAt, receivedAt, value } of page) {
      if (value !== null && receivedAt <= reading.receivedAt) stored.set(observedAt, value)
    }
  }
  seriesOf(station, reading).open(from, stored)
  station.changes += 1
}
