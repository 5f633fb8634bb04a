/** Points of boards in InfluxDB, in the database that readings are in. */

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BoardMeasurement } from '../../../stores/readings/board-points.ts'
import { openInfluxBoardSink } from '../../../stores/readings/influx/board-sink.ts'
import { systemTimers } from '../../../system.ts'
import { boardSinkConformance } from '../../conformance/board-sink.ts'
import type { ShelfPoint } from '../../fixtures/board-shelf.ts'
import { fakePorts } from '../../fixtures/ports.ts'
import { findInfluxes } from './find.ts'
import { influxql, writeLines } from './influx-store.ts'
import type { Influxd } from './influxd.ts'

let made = 0

for (const { name, start } of findInfluxes()) {
  let server: Influxd
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server?.stop())

  function open(url = server.url) {
    const bucket = `boards${process.pid}-${++made}`
    const ports = { ...fakePorts(), timers: systemTimers }
    const { token, org } = server
    return { bucket, ports, sink: openInfluxBoardSink({ url, token, org, bucket, ports }) }
  }

  boardSinkConformance(name, async () => {
    const gate = await openGate(server)
    const { sink, bucket } = open(gate.url)
    return {
      sink,
      points: (measurement) => pointsOf(server, bucket, measurement),
      away: async (isAway) => gate.close(isAway),
      async remove() {
        sink.close()
        await gate.remove()
        if (server.token === undefined) await influxql(server, bucket, `DROP DATABASE "${bucket}"`)
      },
    }
  })

  describe(`${name} and points that it refuses`, () => {
    test('a field of another type costs its own point only, and is told once', async () => {
      const { sink, bucket, ports } = open()
      const point = (site: string, level: number | string) => ({
        measurement: 'site_state' as const,
        tags: { site },
        fields: { level_code: level },
        at: 1_790_000_000_000,
      })
      await sink.write([point('a', 1)])
      await writeLines(server, bucket, 'site_state,site=z strange="text" 1790000000000')
      for (let i = 0; i < 2; i++) {
        await sink.write([
          ...[point('b', 2), point('c', 3)],
          { ...point('d', 4), fields: { strange: 5 } },
          ...[point('e', 5), point('f', 6)],
        ])
      }
      const stored = await pointsOf(server, bucket, 'site_state')
      expect(stored.map(({ tags }) => tags.site).sort()).toEqual(['a', 'b', 'c', 'e', 'f', 'z'])
      const errors = ports.notes.filter(({ level }) => level === 'error')
      expect(errors).toHaveLength(1)
      expect(JSON.stringify(errors)).toContain('strange')
      sink.close()
    })

    test('a database that was dropped is made again', async () => {
      const { sink, bucket } = open()
      const point = {
        measurement: 'bellwether' as const,
        tags: {},
        fields: { received: 1 },
        at: 1_790_000_000_000,
      }
      await sink.write([point])
      if (server.token !== undefined) return
      await influxql(server, bucket, `DROP DATABASE "${bucket}"`)
      await sink.write([point]).catch(() => undefined)
      await sink.write([point])
      expect(await pointsOf(server, bucket, 'bellwether')).toHaveLength(1)
      sink.close()
    })
  })
}

/** All of a measurement, rising in time. */
async function pointsOf(
  server: Influxd,
  bucket: string,
  measurement: BoardMeasurement,
): Promise<ShelfPoint[]> {
  const statement = `SELECT * FROM "${measurement}" GROUP BY *`
  const answer = await fetch(`${server.url}/query?db=${bucket}&epoch=ns`, {
    method: 'POST',
    headers: { ...server.headers, 'content-type': 'application/x-www-form-urlencoded' },
    body: `q=${encodeURIComponent(statement)}`,
  })
  // Nanoseconds are more than a number holds.
  const text = (await answer.text()).replace(/\[(\d{13})(\d{6}),/g, '[$1.$2,')
  const body = JSON.parse(text) as {
    results: {
      series?: {
        tags?: Record<string, string>
        columns: string[]
        values: (string | number | null)[][]
      }[]
    }[]
  }
  const points = (body.results[0]?.series ?? []).flatMap(({ tags = {}, columns, values }) =>
    values.map((row): ShelfPoint => {
      const named = columns.map((column, i): [string, string | number | null] => [
        column,
        row[i] ?? null,
      ])
      const fields = named.filter(
        (entry): entry is [string, string | number] => entry[0] !== 'time' && entry[1] !== null,
      )
      const own = Object.entries(tags).filter(([, value]) => value !== '')
      return {
        tags: Object.fromEntries(own),
        fields: Object.fromEntries(fields),
        at: Number(row[0]),
      }
    }),
  )
  return points.sort((a, b) => a.at - b.at)
}

/** Between us and the server, so that it can be away. */
async function openGate(server: Influxd) {
  let isClosed = false
  const gate: Server = createServer((request, response) => {
    if (isClosed) {
      request.socket.destroy()
      return
    }
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = 'GET', url = '/' } = request
      const headers = Object.entries(request.headers).flatMap(([key, value]) =>
        key === 'host' || key === 'connection' || key === 'content-length' || Array.isArray(value)
          ? []
          : [[key, value ?? ''] as [string, string]],
      )
      const body = method === 'GET' ? null : Buffer.concat(chunks)
      fetch(`${server.url}${url}`, { method, headers, body }).then(
        async (answer) => {
          const text = Buffer.from(await answer.arrayBuffer())
          const version = answer.headers.get('x-influxdb-version')
          response.writeHead(answer.status, {
            'content-type': answer.headers.get('content-type') ?? 'text/plain',
            ...(version === null ? {} : { 'x-influxdb-version': version }),
          })
          response.end(text)
        },
        () => request.socket.destroy(),
      )
    })
  })
  await new Promise<void>((resolve) => gate.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(gate.address() as AddressInfo).port}`,
    close(closed: boolean) {
      isClosed = closed
    },
    remove: () =>
      new Promise<void>((resolve) => {
        gate.closeAllConnections()
        gate.close(() => resolve())
      }),
  }
}
