/** Points of boards in InfluxDB, in the database that readings are in. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openInfluxBoardSink } from '../../../stores/readings/influx/boards/board-sink.ts'
import { systemTimers } from '../../../runtime/system.ts'
import { boardSinkConformance } from '../../conformance/board-sink.ts'
import { startFaultProxy } from '../../fixtures/fault-proxy.ts'
import { fakePorts } from '../../fixtures/ports.ts'
import { pointsOf } from './board-answers.ts'
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
    const proxy = await startFaultProxy(server.url)
    const { sink, bucket } = open(proxy.url)
    return {
      sink,
      points: (measurement) => pointsOf(server, bucket, measurement),
      async away(isAway) {
        proxy.misfortune = () => (isAway ? { kind: 'reset before' } : undefined)
      },
      async remove() {
        sink.close()
        await proxy.close()
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
