/** Stopping: what was accepted is answered, and nobody who does not read can hold it up. */

import { type IncomingMessage, request } from 'node:http'
import { Registry as Metrics } from 'prom-client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Api, startApi } from '../../api/api.ts'
import { systemMeter } from '../../runtime/system.ts'
import { type CityApi, noon, openCityApi, tokens } from './city-api.ts'

let city: CityApi
let api: Api
beforeEach(async () => {
  city = await openCityApi()
  const ports = { ...city.parts.ports, meter: systemMeter(new Metrics()) }
  api = await startApi({ ...city.parts, ports })
})
afterEach(() => city.close())

const headers = { authorization: `Bearer ${tokens.admin}` }

test('a request under way is carried out and answered; a later one finds nobody', async () => {
  const { registry } = city.parts
  const insert = registry.insert
  let release: () => void = () => undefined
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const begun = new Promise<void>((resolve) => {
    registry.insert = async (kind, item) => {
      resolve()
      await held
      await insert(kind, item)
    }
  })
  const answer = fetch(`http://127.0.0.1:${api.port}/api/v1/sites`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: '{"id": "last"}',
  })
  await begun
  const stopped = api.stop()
  await new Promise((resolve) => setTimeout(resolve, 100))
  await expect(fetch(`http://127.0.0.1:${api.port}/healthz`)).rejects.toThrow()
  release()
  expect((await answer).status).toBe(201)
  await stopped
  expect(city.parts.view.site('last')).toBeDefined()
})

test('a download that nobody reads is broken off', async () => {
  for (let part = 0; part < 10; part++) {
    await city.store(
      Array.from({ length: 20_000 }, (_, i) => ({
        device: `d-${part}`,
        observedAt: noon + i * 1_000,
      })),
    )
  }
  const path = '/api/v1/readings?from=2026-11-21T00:00:00Z&to=2026-11-23T00:00:00Z'
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ port: api.port, path, headers: { ...headers, accept: 'text/csv' } }, resolve)
      .once('error', reject)
      .end()
  })
  response.pause()
  await new Promise((resolve) => setTimeout(resolve, 200))
  await api.stop()
  const outcome = await new Promise<string>((resolve) => {
    response.once('end', () => resolve('whole'))
    response.once('error', () => resolve('broken'))
    response.resume()
  })
  expect(outcome).toBe('broken')
})
