/**
 * What is asked of servers that are not at hand: small HTTP servers that answer as InfluxDB 2 and 3 do, and one that
 * is none.
 */

import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createConnection } from '../../../../stores/readings/influx/http/connection.ts'
import {
  findVersion,
  prepareDatabase,
  type Target,
} from '../../../../stores/readings/influx/http/preparation.ts'
import { setRetention } from '../../../../stores/readings/influx/http/retention.ts'
import { systemTimers } from '../../../../runtime/system.ts'
import { fakePorts } from '../../../fixtures/ports.ts'

interface Asked {
  line: string
  body: unknown
  authorization: string | undefined
}

type Answer = [status: number, body?: unknown, headers?: Record<string, string>]

/** Answers by method and path; what is not named is 404. */
async function serverThat(answers: Record<string, Answer>, target: Partial<Target> = {}) {
  const asked: Asked[] = []
  const server = createServer(async (request: IncomingMessage, response) => {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const line = `${request.method} ${request.url}`
    const body: unknown = text.startsWith('{') ? JSON.parse(text) : text
    asked.push({ line, body, authorization: request.headers.authorization })
    const [status, answer, headers = {}] = answers[line] ?? [404, { error: 'not found' }]
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(answer === undefined ? '' : JSON.stringify(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const ports = { ...fakePorts(), timers: systemTimers }
  const url = `http://127.0.0.1:${port}`
  const connection = createConnection({ url, bucket: 'city air', ...target, ports })
  onTestFinished(async () => {
    connection.close()
    server.close()
    await once(server, 'close')
  })
  const prepare = async () => {
    const version = await findVersion(connection.client)
    await prepareDatabase(connection, { bucket: 'city air', ...target }, version)
    return version
  }
  const keep = async (keepDays: number, now: number) => {
    const version = await findVersion(connection.client)
    const parts = {
      connection,
      target: { bucket: 'city air', ...target },
      keepDays,
      log: ports.log,
    }
    await setRetention(parts, version, now)
  }
  return { asked, prepare, keep, ports }
}

const now = Date.UTC(2026, 10, 21)
const date = new Date(now + 60_000).toUTCString()
const ping2: Answer = [204, undefined, { 'x-influxdb-version': 'v2.9.1', date }]
const ping3: Answer = [200, { version: '3.10.1' }, { 'x-influxdb-version': '3.10.1', date }]
const bucket2 = { id: 'b1', name: 'city air' }

describe('InfluxDB 2', () => {
  const find = 'GET /api/v2/buckets?name=city%20air&org=city'

  test('with a token: makes the bucket that is missing', async () => {
    const { asked, prepare } = await serverThat(
      {
        'GET /ping': ping2,
        [find]: [200, { buckets: [] }],
        'GET /api/v2/orgs?org=city': [200, { orgs: [{ id: 'o1' }] }],
        'POST /api/v2/buckets': [201, bucket2],
      },
      { token: 'secret', org: 'city' },
    )
    expect((await prepare()).generation).toBe(2)
    expect(asked.at(-1)).toMatchObject({
      body: { orgID: 'o1', name: 'city air', retentionRules: [] },
      authorization: 'Token secret',
    })
  })

  test('leaves a bucket that is there as it is', async () => {
    const { asked, prepare } = await serverThat(
      { 'GET /ping': ping2, [find]: [200, { buckets: [bucket2] }] },
      { token: 'secret', org: 'city' },
    )
    await prepare()
    expect(asked.map(({ line }) => line)).toEqual(['GET /ping', find])
  })

  test('with a user asks for nothing: the first write tells', async () => {
    const { asked, prepare } = await serverThat({ 'GET /ping': ping2 })
    await prepare()
    expect(asked.map(({ line }) => line)).toEqual(['GET /ping'])
  })

  test('says which command an administrator should run', async () => {
    const { prepare } = await serverThat(
      {
        'GET /ping': ping2,
        [find]: [200, { buckets: [] }],
        'GET /api/v2/orgs?org=city': [200, { orgs: [{ id: 'o1' }] }],
        'POST /api/v2/buckets': [403, { code: 'forbidden', message: 'write:orgs is unauthorized' }],
      },
      { token: 'secret', org: 'city' },
    )
    await expect(prepare()).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining(
        "write:orgs is unauthorized). An administrator should run: influx bucket create --name 'city air' --org city",
      ),
    })
  })

  test('keeps readings two days longer than they are shown', async () => {
    const { asked, keep, ports } = await serverThat(
      {
        'GET /ping': ping2,
        [find]: [200, { buckets: [bucket2] }],
        'PATCH /api/v2/buckets/b1': [200, bucket2],
      },
      { token: 'secret', org: 'city' },
    )
    await keep(90, now)
    expect(asked.at(-1)?.body).toEqual({
      retentionRules: [{ type: 'expire', everySeconds: 92 * 86_400 }],
    })
    expect(ports.notes).toEqual([])
  })

  test('sets no retention when the clocks disagree: it would drop what is to be kept', async () => {
    const { asked, keep, ports } = await serverThat({ 'GET /ping': ping2 }, { token: 'secret' })
    await keep(90, now - 40 * 86_400_000)
    expect(asked.map(({ line }) => line)).toEqual(['GET /ping', 'GET /ping'])
    expect(ports.notes[0]?.sentence).toContain('clock of InfluxDB differs')
  })
})

describe('InfluxDB 3', () => {
  const make: Record<string, Answer> = {
    'GET /ping': ping3,
    'POST /api/v3/configure/database': [200],
    'POST /api/v3/configure/table': [200],
  }

  test('gets its tables with all tags before the first write', async () => {
    const { asked, prepare } = await serverThat(make)
    expect((await prepare()).generation).toBe(3)
    expect(asked).toContainEqual({
      line: 'POST /api/v3/configure/table',
      body: { db: 'city air', table: 'air', tags: ['device', 'district', 'site'], fields: [] },
      authorization: undefined,
    })
    const tables = asked.map(({ body }) => (body as { table?: string }).table)
    expect(tables).toEqual(expect.arrayContaining(['water', 'hydro_1h', 'air_1d', 'other']))
  })

  test('may have them already', async () => {
    const { prepare } = await serverThat({
      ...make,
      'POST /api/v3/configure/database': [
        409,
        'attempted to create a resource that already exists',
      ],
      'POST /api/v3/configure/table': [409, 'already exists'],
    })
    await expect(prepare()).resolves.toMatchObject({ text: '3.10.1' })
  })

  test('says which command an administrator should run', async () => {
    const { prepare } = await serverThat({
      ...make,
      'POST /api/v3/configure/database': [422, { error: 'too many databases' }],
    })
    await expect(prepare()).rejects.toThrow(
      "too many databases). An administrator should run: influxdb3 create database 'city air'",
    )
  })

  test('is told how long to keep readings', async () => {
    const { asked, keep } = await serverThat({
      ...make,
      'PUT /api/v3/configure/database': [200],
    })
    await keep(30, now)
    expect(asked.at(-1)?.body).toEqual({ db: 'city air', retention_period: '32d' })
  })

  test('that refuses that is not waited for: the command is logged', async () => {
    const { keep, ports } = await serverThat({
      ...make,
      'PUT /api/v3/configure/database': [403, 'forbidden'],
    })
    await keep(30, now)
    expect(ports.notes[0]?.fields).toMatchObject({
      reason: '403 forbidden',
      command: "influxdb3 update database --database 'city air' --retention-period 32d",
    })
  })
})

describe('something else', () => {
  test('is named', async () => {
    const { prepare } = await serverThat({ 'GET /ping': [200, { status: 'fine' }] })
    await expect(prepare()).rejects.toThrow('What answers there is no InfluxDB that we know')
  })

  test('that is busy is the world at fault, not a missing database', async () => {
    const { prepare } = await serverThat({ 'GET /ping': [503, { error: 'starting' }] })
    await expect(prepare()).rejects.toThrow('InfluxDB cannot answer: 503 starting')
  })
})
