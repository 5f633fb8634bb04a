/** The readings store on an InfluxDB of the tests, with a database of its own each time. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { InfluxWriterOptions } from '../../../stores/readings/influx/options.ts'
import { openInfluxReader, openInfluxWriter } from '../../../stores/readings/influx.ts'
import type { RefusedReading } from '../../../stores/readings/readings.ts'
import { systemTimers } from '../../../runtime/system.ts'
import type { OpenStore } from '../../conformance/readings.ts'
import { type FakePorts, fakePorts } from '../../fixtures/ports.ts'
import type { Influxd } from './influxd.ts'

export interface InfluxStore extends OpenStore {
  ports: FakePorts
  bucket: string
  refused: RefusedReading[]
  options: InfluxWriterOptions
  interrupt(): void
}

let made = 0

export function openInfluxStore(
  server: Influxd,
  more: Partial<InfluxWriterOptions> = {},
): InfluxStore {
  const dir = mkdtempSync(join(tmpdir(), 'bw-influx-'))
  const bucket = `t${process.pid}-${++made}`
  const ports = { ...fakePorts(), timers: systemTimers }
  const refused: InfluxStore['refused'] = []
  const options: InfluxWriterOptions = {
    url: server.url,
    token: server.token,
    org: server.org,
    bucket,
    path: join(dir, 'influx.db'),
    keepDays: 0,
    placeOf: (device) => ({ site: `site of ${device}`, district: '320106' }),
    onRefused(readings) {
      for (const one of readings) refused.push(one)
    },
    ports,
    ...more,
  }
  let writer = openInfluxWriter(options)
  const reader = openInfluxReader(options)
  let isOpen = true
  return {
    ports,
    bucket,
    refused,
    options,
    writer,
    reader,
    interrupt: () => writer.interrupt(),
    async reopenWriter() {
      await writer.close()
      writer = openInfluxWriter(options)
      return writer
    },
    async dispose() {
      if (!isOpen) return
      isOpen = false
      await writer.close()
      await reader.close()
      await dropBucket(server, bucket)
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** Straight to the server, past our own code. */
export async function influxql(server: Influxd, bucket: string, statement: string) {
  const answer = await fetch(`${server.url}/query?db=${bucket}&epoch=ms`, {
    method: 'POST',
    headers: { ...server.headers, 'content-type': 'application/x-www-form-urlencoded' },
    body: `q=${encodeURIComponent(statement)}`,
  })
  return (await answer.json()) as {
    results: { series?: { columns: string[]; values: (string | number | null)[][] }[] }[]
  }
}

export async function writeLines(server: Influxd, bucket: string, lines: string): Promise<void> {
  const answer = await fetch(`${server.url}/write?db=${bucket}&precision=ms`, {
    method: 'POST',
    headers: server.headers,
    body: lines,
  })
  if (answer.status !== 204) throw new Error(`${answer.status} ${await answer.text()}`)
}

async function dropBucket(server: Influxd, bucket: string): Promise<void> {
  if (server.token === undefined) await influxql(server, bucket, `DROP DATABASE "${bucket}"`)
}
