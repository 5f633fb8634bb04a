/** Signing in to InfluxDB 1, and what is said to an account that may not do what is needed. */

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { InfluxWriterOptions } from '../../../stores/readings/influx/options.ts'
import { rangeOf, reading } from '../../conformance/readings.ts'
import { findServer } from '../server.ts'
import { influxql, openInfluxStore } from './influx-store.ts'
import { type Influxd, startInfluxd1 } from './influxd.ts'

const found = findServer('influxd')

describe.runIf(found.by === 'program')('InfluxDB 1 with accounts', () => {
  const admin = { username: 'admin', password: 'a secret: "1"' }
  let server: Influxd
  beforeAll(async () => {
    if (found.by !== 'program') return
    const started = await startInfluxd1(found.path, { mustSignIn: true })
    const quoted = `'${admin.password}'`
    await influxql(started, '', `CREATE USER admin WITH PASSWORD ${quoted} WITH ALL PRIVILEGES`)
    const basic = Buffer.from(`${admin.username}:${admin.password}`).toString('base64')
    server = { ...started, headers: { authorization: `Basic ${basic}` } }
    await influxql(server, '', "CREATE USER plain WITH PASSWORD 'plain'")
  })
  afterAll(() => server?.stop())

  function open(more: Partial<InfluxWriterOptions>) {
    const store = openInfluxStore(server, more)
    onTestFinished(() => store.dispose())
    return store
  }
  const now = () => Date.now()

  test('an administrator: the database is made and its retention set', async () => {
    const { writer, reader, bucket } = open({ ...admin, keepDays: 3 })
    await writer.write([reading(now())])
    await writer.tidy(now())
    expect(await rangeOf(reader)).toHaveLength(1)
    const { results } = await influxql(server, bucket, `SHOW RETENTION POLICIES ON "${bucket}"`)
    expect(results[0]?.series?.[0]?.values[0]?.[1]).toBe('120h0m0s')
  })

  test('nobody: says what to check', async () => {
    const { writer } = open({})
    const write = (async () => writer.write([reading(now())]))()
    await expect(write).rejects.toThrow(
      /401.*InfluxDB asks for a user: set BELLWETHER_INFLUX_USERNAME and BELLWETHER_INFLUX_PASSWORD/,
    )
  })

  test('a user who may write to a database that is there needs no more', async () => {
    const { writer, reader, bucket, ports } = open({
      ...{ username: 'plain', password: 'plain', keepDays: 30 },
    })
    const write = async () => writer.write([reading(now())])
    await expect(write()).rejects.toThrow(
      `An administrator should run: influx -execute 'CREATE DATABASE "${bucket}"'`,
    )
    await influxql(server, '', `CREATE DATABASE "${bucket}"`)
    await expect(write()).rejects.toThrow()
    await influxql(server, '', `GRANT ALL ON "${bucket}" TO plain`)
    expect(await write()).toEqual({ stored: 1, duplicate: 0 })
    await writer.tidy(now())
    expect(await rangeOf(reader)).toHaveLength(1)
    expect(ports.notes.find(({ level }) => level === 'warn')?.fields.command).toBe(
      `influx -execute 'ALTER RETENTION POLICY "autogen" ON "${bucket}" DURATION 32d SHARD DURATION 1d'`,
    )
  })

  test('a database that was dropped is made again', async () => {
    const { writer, bucket } = open(admin)
    await writer.write([reading(now())])
    await influxql(server, '', `DROP DATABASE "${bucket}"`)
    const write = async () => writer.write([reading(now() + 1)])
    await expect(write()).rejects.toThrow('404')
    expect(await write()).toEqual({ stored: 1, duplicate: 0 })
  })

  test('points older than the retention of the server are dropped, told once, and hold up nothing', async () => {
    const { writer, reader, bucket, ports } = open(admin)
    await writer.write([reading(now() - 1)])
    await influxql(
      server,
      '',
      `ALTER RETENTION POLICY "autogen" ON "${bucket}" DURATION 2d SHARD DURATION 1d`,
    )
    for (const seq of [1, 2]) {
      const old = reading(now() - 30 * 86_400_000 + seq)
      const batch = [old, reading(now() + seq)]
      await writer.write(batch, { seq, quarantined: 0 })
    }
    expect(await reader.progress()).toMatchObject({ seq: 2, stored: 5, quarantined: 0 })
    expect(await rangeOf(reader)).toHaveLength(3)
    const told = ports.notes.filter(({ sentence }) => sentence.includes('older than its retention'))
    expect(told).toHaveLength(1)
  })

  test('a wrong password: says that, and not that the database is missing', async () => {
    const { writer } = open({ username: 'plain', password: 'wrong' })
    const write = (async () => writer.write([reading(now())]))()
    await expect(write).rejects.toThrow(
      /401 authorization failed.*User plain or its password is refused.*SET PASSWORD FOR "plain"/,
    )
  })

  test('a user without rights on the database: says which and how they are given', async () => {
    const { writer, bucket } = open({ username: 'bare', password: 'bare' })
    await influxql(server, '', "CREATE USER bare WITH PASSWORD 'bare'")
    await influxql(server, '', `CREATE DATABASE "${bucket}"`)
    await influxql(server, '', `GRANT READ ON "${bucket}" TO bare`)
    const write = (async () => writer.write([reading(now())]))()
    await expect(write).rejects.toThrow(
      new RegExp(
        `403.*An administrator should run: influx -execute 'GRANT ALL ON "${bucket}" TO "bare"'`,
      ),
    )
  })

  test('of a batch only what the retention keeps is sent, once it is known', async () => {
    const hourMs = 3_600_000
    const { writer, reader, bucket, ports, refused } = open(admin)
    await writer.write([reading(now())])
    await influxql(
      server,
      '',
      `ALTER RETENTION POLICY "autogen" ON "${bucket}" DURATION 3h SHARD DURATION 1h`,
    )
    ports.advance(10_000)
    const young = Array.from({ length: 30 }, (_, i) =>
      reading(now() - i * 60_000 - 7, { value: i }),
    )
    const old = Array.from({ length: 90 }, (_, i) => reading(now() - 5 * hourMs - i * 60_000))
    expect(await writer.write([...young, ...old], { seq: 3, quarantined: 0 })).toEqual({
      stored: 120,
      duplicate: 0,
    })
    expect(await rangeOf(reader)).toHaveLength(31)
    expect(await reader.progress()).toMatchObject({ seq: 3, stored: 121, quarantined: 0 })
    expect(refused).toEqual([])
    expect(ports.numbers.get('bellwether_influx_aged_readings_total')).toBe(90)
    await writer.write(old.slice(0, 5))
    const told = ports.notes.filter(({ sentence }) => sentence.includes('older than its retention'))
    expect(told.map(({ fields }) => fields.readings)).toEqual([90])
    ports.advance(60_000)
    await writer.write(old.slice(5, 8))
    const again = ports.notes.filter(({ sentence }) =>
      sentence.includes('older than its retention'),
    )
    expect(again.map(({ fields }) => fields.readings)).toEqual([90, 8])
  })
})
