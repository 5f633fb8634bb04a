/** What the gauges of a site have said before we listened, for the properties of an index. */

import type { Device } from '../../domain/device.ts'
import type { Reading } from '../../domain/reading.ts'
import type { Stay } from '../../domain/site-stays.ts'
import { put } from '../windows/window-buffer.ts'
import { createGauge, type Gauge, type Gauges } from './gauges.ts'
import { stayQuestions } from './site-devices.ts'
import { aheadMs, type SitePast } from './station-past.ts'

export interface GaugesQuestion {
  stays: readonly Stay[]
  registered(id: string): Device | undefined
  properties: ReadonlySet<string>
  reading: Reading
}

export async function fillGauges(
  past: SitePast,
  gauges: Gauges,
  { stays, registered, properties, reading }: GaugesQuestion,
): Promise<void> {
  const found = new Map<string, Map<string, Gauge>>()
  const reachMs = Math.max(
    ...[...properties].flatMap((property) =>
      stays.map(({ device }) => createGauge(property, registered(device)).history.reachMs),
    ),
  )
  const to = Math.max(reading.observedAt, reading.receivedAt) + aheadMs
  const within = { from: reading.observedAt - reachMs, to }
  for (const question of stayQuestions(stays, properties, within)) {
    for await (const page of past.range({ ...question, quality: [1, 2] })) {
      for (const { device, property, observedAt, receivedAt, value } of page) {
        // What was received later than this reading comes with the stream, as it came at the first run.
        if (receivedAt > reading.receivedAt) continue
        const own = found.get(property) ?? new Map<string, Gauge>()
        found.set(property, own)
        const gauge = own.get(device) ?? createGauge(property, registered(device))
        own.set(device, gauge)
        put(gauge.history, observedAt, value)
      }
    }
  }
  for (const property of properties) take(gauges, property, found.get(property) ?? new Map())
}

/** What was heard meanwhile is newer than what was read. */
function take(gauges: Gauges, property: string, found: Map<string, Gauge>): void {
  for (const [device, heard] of gauges.series.get(property) ?? []) {
    const stored = found.get(device)
    if (stored === undefined) {
      found.set(device, heard)
      continue
    }
    const { times, values, from, to } = heard.history
    for (let i = from; i < to; i += 1) put(stored.history, times[i] ?? 0, values[i] ?? 0)
  }
  if (found.size > 0) gauges.series.set(property, found)
}
