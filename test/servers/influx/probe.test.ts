/** What a real InfluxDB 1 says to an account that is asked for its rights, without anything being written. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type InfluxProbe, probeInflux } from '../../../stores/readings/influx/http/probe.ts'
import { systemClock, systemLog, systemTimers } from '../../../runtime/system.ts'
import { findServer } from '../server.ts'
import { influxql } from './influx-store.ts'
import { type Influxd, startInfluxd1 } from './influxd.ts'

const found = findServer('influxd')

describe.runIf(found.by === 'program')('rights on InfluxDB 1', () => {
  const admin = { username: 'admin', password: 'of the tests' }
  let server: Influxd
  beforeAll(async () => {
    if (found.by !== 'program') return
    const started = await startInfluxd1(found.path, { mustSignIn: true })
    await influxql(
      started,
      '',
      `CREATE USER admin WITH PASSWORD 'of the tests' WITH ALL PRIVILEGES`,
    )
    const basic = Buffer.from(`${admin.username}:${admin.password}`).toString('base64')
    server = { ...started, headers: { authorization: `Basic ${basic}` } }
    await influxql(server, '', 'CREATE DATABASE quay')
    for (const [user, rights] of [
      ['reader', 'READ'],
      ['writer', 'WRITE'],
      ['both', 'ALL'],
    ]) {
      await influxql(server, '', `CREATE USER ${user} WITH PASSWORD 'gauge'`)
      await influxql(server, '', `GRANT ${rights} ON quay TO ${user}`)
    }
  })
  afterAll(() => server?.stop())

  function probe(username: string, password = 'gauge', bucket = 'quay'): Promise<InfluxProbe> {
    const ports = {
      clock: systemClock,
      timers: systemTimers,
      log: systemLog('silent', 'test'),
    }
    return probeInflux({ url: server.url, bucket, username, password, ports })
  }

  test('who may read and write is told so, and nothing is there afterwards', async () => {
    expect(await probe('both')).toMatchObject({ reachable: null, read: null, write: null })
    const { results } = await influxql(server, 'quay', 'SHOW MEASUREMENTS')
    expect(results[0]?.series).toBeUndefined()
  })

  test('who may only do one of them is told the other', async () => {
    const reader = await probe('reader')
    expect(reader.read).toBeNull()
    expect(reader.write).toMatch(/reader/)
    const writer = await probe('writer')
    expect(writer.write).toBeNull()
    expect(writer.read).toMatch(/writer/)
  })

  test('a wrong password and a database that is missing are named', async () => {
    const wrong = await probe('both', 'stale')
    expect(wrong.read).toMatch(/password is refused/)
    expect(wrong.write).toMatch(/password is refused/)
    const missing = await probe(admin.username, admin.password, 'harbour')
    expect(missing.write).toMatch(/harbour/)
  })
})
