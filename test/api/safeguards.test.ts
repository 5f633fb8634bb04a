/** Limits, faults of ours, things that are not HTTP, and what must stop the start. */

import { type AddressInfo, connect } from 'node:net'
import fastify from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import { installAudit } from '../../api/http/audit-hook.ts'
import { installAuth } from '../../api/http/auth.ts'
import type { App } from '../../api/context.ts'
import { Fault } from '../../domain/errors.ts'
import { type CityApi, openCityApi, tokens } from './city-api.ts'

let city: CityApi
afterEach(() => city.close())

describe('requests per minute', () => {
  test('are counted for each token, and for strangers by address', async () => {
    city = await openCityApi({ settings: { BELLWETHER_API_REQUESTS_PER_MINUTE_MAX: '5' } })
    for (let i = 0; i < 5; i++) expect((await city.call('GET', '/sites')).status).toBe(200)
    const refused = await city.call('GET', '/sites')
    expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_requests' } })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(refused.headers['content-type']).toContain('problem+json')
    // Another token has its own allowance.
    expect((await city.call('GET', '/sites', { as: 'viewer' })).status).toBe(200)
    // Made-up tokens share that of their address.
    const guesses: number[] = []
    for (let i = 0; i < 7; i++) {
      const headers = { authorization: `Bearer guess-${i}`, 'x-forwarded-for': `10.0.0.${i}` }
      guesses.push((await city.call('GET', '/sites', { as: null, headers })).status)
    }
    expect(guesses).toEqual([401, 401, 401, 401, 401, 429, 429])
    expect((await city.call('GET', '/nothing', { as: null })).status).toBe(429)
  })
})

describe('a fault of ours', () => {
  test('tells nothing of the inside, and the log has it', async () => {
    city = await openCityApi()
    city.parts.alerts.list = () => Promise.reject(new Error('SELECT secret FROM hidden'))
    const answer = await city.call('GET', '/alerts?site=x')
    expect(answer).toMatchObject({ status: 500, body: { code: 'internal' } })
    expect(answer.text).not.toContain('SELECT')
    const line = city.logged.find(({ level }) => level === 'error')
    expect(line?.fields).toMatchObject({ path: '/api/v1/alerts', request: answer.body.request })
  })

  test('of the kind that passes is a 503', async () => {
    city = await openCityApi()
    city.parts.registry.insert = () =>
      Promise.reject(new Fault('store_unavailable', '/srv/data/registry.db: disk full'))
    const answer = await city.call('POST', '/sites', { body: { id: 's' } })
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
    expect(answer.body).toMatchObject({ code: 'store_unavailable' })
    expect(answer.text).not.toContain('/srv')
    expect(
      JSON.stringify(city.logged.map(({ fields }) => String((fields as { error: Error }).error))),
    ).toContain('/srv')
  })

  test('a change that cannot be written to the audit trail is not made', async () => {
    city = await openCityApi()
    city.parts.registry.beginAudit = () => Promise.reject(new Error('disk full'))
    const answer = await city.call('POST', '/sites', { body: { id: 's' } })
    expect(answer.status).toBe(500)
    expect(answer.headers['content-type']).toContain('problem+json')
    expect((await city.call('GET', '/sites/s')).status).toBe(404)
  })
})

test('no token is ever logged', async () => {
  city = await openCityApi()
  city.parts.alerts.list = () => Promise.reject(new Error('broken'))
  for (const as of ['admin', 'viewer', 'settings', null] as const) {
    await city.call('GET', '/alerts', { as })
    await city.call('POST', '/sites', { as, body: '{' })
    await city.call('GET', `/sites?token=${tokens.admin}`, { as })
  }
  const everything = JSON.stringify(city.logged)
  expect(city.logged.length).toBeGreaterThan(0)
  for (const token of Object.values(tokens)) expect(everything).not.toContain(token)
})

describe('health', () => {
  test('ready or not, with the reasons', async () => {
    city = await openCityApi()
    expect(await city.call('GET', '/healthz', { as: null })).toMatchObject({
      status: 200,
      body: { status: 'ok' },
    })
    expect((await city.call('GET', '/readyz', { as: null })).status).toBe(200)
    const reasons = ['The journal cannot be written: disk full.']
    city.parts.monitor.health = async () => ({
      ready: false,
      reasons,
      lag: 3,
      stages: { ingest: { lag: 3 } },
    })
    const answer = await city.call('GET', '/readyz', { as: null })
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
    expect(answer.body).toEqual({ ready: false, reasons, lag: 3, stages: { ingest: { lag: 3 } } })
  })

  test('alive does not depend on a store', async () => {
    city = await openCityApi()
    city.parts.view.refresh = () => Promise.reject(new Fault('store_unavailable', 'locked'))
    expect((await city.call('GET', '/healthz')).status).toBe(200)
    expect((await city.call('GET', '/sites')).status).toBe(503)
  })

  test('metrics are Prometheus text and count requests', async () => {
    city = await openCityApi()
    await city.call('GET', '/sites')
    await city.call('GET', '/nothing/here')
    const answer = await city.call('GET', '/metrics', { as: null })
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(answer.text).toContain(
      'bellwether_api_request_seconds_count{method="GET",route="/api/v1/sites",status="200"} 1',
    )
    expect(answer.text).toContain('route="unknown",status="404"')
  })
})

describe('what is not HTTP', () => {
  async function raw(text: string): Promise<string> {
    city = await openCityApi()
    await city.app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = city.app.server.address() as AddressInfo
    return new Promise((resolve) => {
      let answer = ''
      const socket = connect(port, '127.0.0.1', () => socket.write(text))
      socket.on('data', (data) => {
        answer += data.toString()
      })
      socket.on('error', () => undefined)
      socket.on('close', () => resolve(answer))
    })
  }

  test.each([
    ['GET / HTTP/9.9\r\n\r\n', 400],
    ['\u0010\u0020\u0000\u0004MQTT\u0004\u0002\r\n\r\n', 400],
    [
      'POST /api/v1/sites HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    [`GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
  ])('%j', async (text, status) => {
    const answer = await raw(text)
    expect(answer).toContain(`HTTP/1.1 ${status} `)
    expect(answer).toContain('application/problem+json')
  })
})

describe('the start is stopped by', () => {
  async function build(route: object): Promise<void> {
    city = await openCityApi()
    const app = fastify() as unknown as App
    installAudit(app, city.parts)
    await installAuth(app, city.parts)
    app.route({ method: 'POST', url: '/x', handler: async () => '', ...route })
  }

  test('a route that declares no role', async () => {
    await expect(build({ config: { action: 'x.make' } })).rejects.toThrow('declares no role')
  })

  test('a route that changes something and has no name for it', async () => {
    await expect(build({ config: { role: 'admin' } })).rejects.toThrow('names no action')
  })
})
