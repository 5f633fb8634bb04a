/**
 * Moving from the embedded store to InfluxDB and back, and a lost InfluxDB filled again from the archive: the real
 * command line, a server that goes on, and every reading compared.
 */

import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openInfluxReader } from '../../../stores/readings/influx.ts'
import { systemTimers } from '../../../runtime/system.ts'
import { commandLine } from '../../cli/command-line.ts'
import {
  allReadings,
  messagesOf,
  registerTown,
  serveTown,
  storeIn,
  townDevices,
  townEnv,
  type TownServer,
} from '../../cli/served-town.ts'
import { fakePorts } from '../../fixtures/ports.ts'
import { findInfluxes } from './find.ts'
import { influxql } from './influx-store.ts'
import type { Influxd } from './influxd.ts'

describe.each(findInfluxes())('with $name', ({ generation, start: startInflux }) => {
  let influx: Influxd
  let dir: string
  let data: string
  let bucket: string
  let server: TownServer | undefined
  const { start, run } = commandLine(() => data)

  beforeAll(async () => {
    influx = await startInflux()
  })
  afterAll(() => influx?.stop())
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'bellwether-moving-'))
    data = join(dir, 'data')
    bucket = `m${generation}-${dir.slice(-6)}`
    await registerTown(data)
  })
  afterEach(async () => {
    await server?.stop('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  })

  const env = () => ({
    ...townEnv,
    BELLWETHER_INFLUX_URL: influx.url,
    BELLWETHER_INFLUX_BUCKET: bucket,
    ...(influx.token === undefined ? {} : { BELLWETHER_INFLUX_TOKEN: influx.token }),
    ...(influx.org === undefined ? {} : { BELLWETHER_INFLUX_ORG: influx.org }),
  })
  const onInflux = () => ({ ...env(), BELLWETHER_READINGS: 'influx' })

  const inInflux = () =>
    allReadings(
      openInfluxReader({
        url: influx.url,
        token: influx.token,
        org: influx.org,
        bucket,
        path: join(data, 'influx.db'),
        ports: { ...fakePorts(), timers: systemTimers },
      }),
    )

  const hoursAgo = (hours: number) => Date.now() - hours * 3_600_000
  async function publish(messages: number, from: number): Promise<void> {
    await Promise.all(
      townDevices.map((device) => server?.publish(device, messagesOf(device, messages, from))),
    )
  }

  test('the move is without a gap, and every reading is there', async () => {
    server = await serveTown(start)
    await publish(150, hoursAgo(48))
    const finishing = start(['copy', 'readings', '--to', 'influx', '--finish'], env())
    const told = { out: '', err: '' }
    finishing.stdout.on('data', (chunk: Buffer) => {
      told.out += chunk.toString()
    })
    finishing.stderr.on('data', (chunk: Buffer) => {
      told.err += chunk.toString()
    })
    const ended = once(finishing, 'close')
    await publish(60, hoursAgo(49))
    while (!told.err.includes('Stop the server now')) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    const lately = hoursAgo(2)
    await publish(20, lately)
    await server.settled()
    await server.stop()
    expect({ ended: await ended, ...told }).toMatchObject({ ended: [0, null] })
    const before = await storeIn(data)
    const after = await inInflux()
    expect(after.progress).toEqual(before.progress)
    expect(after.readings).toEqual(before.readings)
    expect(told.out).toContain(`both hold the same ${before.readings.length} readings`)

    server = await serveTown(start, onInflux())
    const late = Date.now()
    await server.publish('air-1', [{ ts: late, values: { pm25: 3 } }])
    await server.publish('air-1', messagesOf('air-1', 5, lately))
    await server.settled()
    expect(await server.metric('bellwether_ingest_gap_uplinks_total')).toBe(0)
    await server.stop()
    const { readings } = await inInflux()
    expect(readings).toHaveLength(before.readings.length + 1)

    const back = ['copy', 'readings', '--to', 'sqlite', '--into', join(dir, 'back'), '--finish']
    expect(await run(back, onInflux())).toMatchObject({ code: 0 })
    expect((await storeIn(join(dir, 'back'))).readings).toEqual(readings)
  })

  test('a lost database is filled again by a replay, and the server goes on', async () => {
    server = await serveTown(start, onInflux())
    await publish(400, hoursAgo(48))
    await server.settled()
    while ((await server.metric('bellwether_archive_segments_total')) < 2) {
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    await server.stop()
    const before = await inInflux()
    if (generation === 1) await influxql(influx, bucket, `DROP DATABASE "${bucket}"`)
    else bucket = `${bucket}-new`
    for (const name of readdirSync(data)) {
      if (name.startsWith('influx.db')) rmSync(join(data, name))
    }
    const { code, err } = await run(['replay'], onInflux())
    expect({ code, err }).toMatchObject({ code: 0 })
    const after = await inInflux()
    expect(after.progress).toEqual(before.progress)
    expect(after.readings).toEqual(before.readings)

    server = await serveTown(start, onInflux())
    await server.publish('air-1', [{ ts: Date.now(), values: { pm25: 1 } }])
    await server.settled()
    expect(await server.metric('bellwether_ingest_gap_uplinks_total')).toBe(0)
    await server.stop()
    expect((await inInflux()).readings).toHaveLength(before.readings.length + 1)
    const second = await run(['quality', 'reevaluate', '--from', '2026-01-01'], onInflux())
    expect(second).toMatchObject({ code: 0, out: expect.stringMatching(/^looked at [1-9]/) })
  })

  test('a lost database is filled again beside a server that goes on', async () => {
    server = await serveTown(start, onInflux())
    await publish(400, hoursAgo(48))
    await server.settled()
    while ((await server.metric('bellwether_archive_segments_total')) < 2) {
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    await server.stop()
    const { readings: before } = await inInflux()
    if (generation === 1) await influxql(influx, bucket, `DROP DATABASE "${bucket}"`)
    else bucket = `${bucket}-new`
    for (const name of readdirSync(data)) {
      if (name.startsWith('influx.db')) rmSync(join(data, name))
    }
    server = await serveTown(start, onInflux())
    const at = Date.now()
    await server.publish('air-1', [{ ts: at, values: { pm25: 1 } }])
    await server.settled()
    expect(await run(['replay', '--replace'], onInflux())).toMatchObject({ code: 1 })
    await server.publish('air-1', [{ ts: at + 1, values: { pm25: 2 } }])
    await server.settled()
    await server.stop()
    expect(await run(['replay', '--replace'], onInflux())).toMatchObject({ code: 0 })
    const { readings } = await inInflux()
    const isNew = ({ observedAt }: { observedAt: number }) => observedAt >= at
    expect(readings.filter((one) => !isNew(one))).toEqual(before)
    expect(readings.filter(isNew).map(({ value }) => value)).toEqual([1, 2])
  })
})
