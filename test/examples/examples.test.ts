/** The examples run as they stand: a device raises an alert, and the receiver prints it, and nothing that is forged. */

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signatureOf } from '../../alerts/notify/sign.ts'
import { freePort } from '../fault/processes.ts'
import { type CityServer, eventually, startCity } from '../flow/city-server.ts'

const example = (name: string) => join(import.meta.dirname, '../../examples', name)
const run = promisify(execFile)

let city: CityServer
let receiver: ChildProcess
let secret: string
let lines: string[]
let url: string

beforeAll(async () => {
  city = await startCity()
  const port = await freePort()
  url = `http://127.0.0.1:${port}/`
  const made = await city.api<{ secret: string }>('POST', '/webhooks', { id: 'duty', url })
  secret = made.body.secret
  receiver = spawn(process.execPath, [example('webhook-receiver.mjs'), String(port), secret])
  lines = []
  const { stdout } = receiver
  if (stdout !== null) createInterface({ input: stdout }).on('line', (line) => lines.push(line))
  await eventually(() => (lines[0] === `listening on ${port}` ? true : undefined))
})
afterAll(async () => {
  receiver.kill()
  await once(receiver, 'exit')
  await city.stop()
})

test('what the device says raises an alert that the receiver prints once', async () => {
  await city.api('POST', '/sites', { id: 'quay', name: { en: 'Quay' }, kind: 'river-gauge' })
  await city.api('POST', '/devices', { id: 'gauge', site: 'quay' })
  const { body } = await city.api<{ token: string }>('POST', '/devices/gauge/token')
  await city.api('POST', '/rules', { id: 'stage', property: 'water_level', levels: { red: 9.3 } })
  const before = lines.length
  const args = [city.server.mqttUrl ?? '', body.token, 'water_level=10.1']
  const { stdout } = await run(process.execPath, [example('device.mjs'), ...args])
  expect(stdout).toMatch(/^acknowledged: \{"ts":\d+,"values":\{"water_level":10.1\}\}\n$/)
  await eventually(() => (lines.length > before ? true : undefined))
  expect(lines.slice(before)).toEqual([
    expect.stringMatching(/^alert\.raised red: Red: .*Quay.*10\.1 m/),
  ])
})

test('a repeat is not printed again, and what is forged or old is refused', async () => {
  const body = JSON.stringify({
    type: 'alert.raised',
    data: { alert: { level: 'blue', summary: { en: 'A test' } } },
  })
  const post = async (id: string, timestampSeconds: number, key = secret) => {
    const signature = signatureOf(key, { id, timestampSeconds, body })
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(timestampSeconds),
      'webhook-signature': signature,
    }
    return (await fetch(url, { method: 'POST', headers, body })).status
  }
  const now = Math.floor(Date.now() / 1_000)
  const before = lines.length
  expect(await post('m-1', now)).toBe(204)
  expect(await post('m-1', now)).toBe(204)
  expect(await post('m-2', now, 'whsec_b3RoZXIgc2VjcmV0IG90aGVyIHNlY3JldA==')).toBe(401)
  expect(await post('m-3', now - 3_600)).toBe(401)
  expect((await fetch(url, { method: 'POST', body })).status).toBe(401)
  await eventually(() => (lines.length > before ? true : undefined))
  expect(lines.slice(before)).toEqual(['alert.raised blue: A test'])
})
