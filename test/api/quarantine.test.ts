/** Refused messages: looked at, and tried again through ingest, which the test plays. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Refusal } from '../../domain/quarantine.ts'
import type { Uplink } from '../../domain/uplink.ts'
import { type CityApi, noon, openCityApi } from './city-api.ts'

let city: CityApi
beforeAll(async () => {
  city = await openCityApi()
  await city.parts.ledger.quarantine(
    Array.from({ length: 25 }, (_, i) => refused(i + 1, i % 2 === 0 ? 'd-1' : 'd-2')),
  )
})
afterAll(() => city.close())

function refused(seq: number, device: string, refusals?: Refusal[]) {
  const uplink: Uplink = {
    seq,
    kind: 'telemetry',
    device,
    receivedAt: noon + seq * 1_000,
    payload: Buffer.from('{"pm25": 99999}'),
    readings: 1,
  }
  const reason = 'pm25: 99999 is outside 0–2000'
  return {
    uplink,
    refused: refusals ?? [{ code: 'out_of_range' as const, reason, device, key: 'pm25' }],
  }
}

test('an entry is shown as the contract says', async () => {
  const { status, body } = await city.call('GET', '/quarantine/3-0', { as: 'viewer' })
  expect(status).toBe(200)
  expect(body).toEqual({
    id: '3-0',
    code: 'out_of_range',
    reason: 'pm25: 99999 is outside 0–2000',
    device: 'd-1',
    key: 'pm25',
    topic: 'v1/devices/me/telemetry',
    payload: '{"pm25": 99999}',
    encoding: 'utf8',
    receivedAt: '2026-11-21T12:00:03.000Z',
  })
})

test('pages go from the newest to the oldest and hold each once', async () => {
  const seen: string[] = []
  let next: string | null = ''
  while (next !== null) {
    const cursor: string = next === '' ? '' : `&cursor=${next}`
    const { body } = await city.call('GET', `/quarantine?device=d-1&limit=4${cursor}`)
    seen.push(...body.items.map((entry: { id: string }) => entry.id))
    next = body.next
    await city.parts.ledger.quarantine([refused(1_000 + seen.length, 'd-1')])
  }
  expect(seen).toEqual(
    ['25', '23', '21', '19', '17', '15', '13', '11', '9', '7', '5', '3', '1'].map((s) => `${s}-0`),
  )
})

test('filters by code and time', async () => {
  const count = async (query: string) =>
    (await city.call('GET', `/quarantine?limit=1000&${query}`)).body.items.length
  expect(await count('code=malformed')).toBe(0)
  expect(await count('device=d-2&from=2026-11-21T12:00:07Z')).toBe(9)
  expect(await count('from=2026-11-21T12:00:07Z&to=2026-11-21T12:00:09Z')).toBe(2)
  const bad = await city.call('GET', '/quarantine?code=ugly')
  expect(bad).toMatchObject({ status: 400, body: { field: 'code' } })
})

describe('another try', () => {
  /** Answers the next request as ingest would. */
  async function ingest(
    entry: string,
    outcome: { stored: number; refused: readonly Refusal[] },
  ): Promise<void> {
    const { ledger } = city.parts
    for (let i = 0; i < 200; i++) {
      const pending = (await ledger.pendingRetries()).find((one) => one.entry === entry)
      if (pending !== undefined) {
        await ledger.answerRetry(pending.request, pending.entry, outcome)
        return
      }
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    throw new Error('nobody asked')
  }

  test('stored now: 204, and the entry is gone', async () => {
    city.rung.length = 0
    const [answer] = await Promise.all([
      city.call('POST', '/quarantine/2-0/retry', { as: 'operator' }),
      ingest('2-0', { stored: 1, refused: [] }),
    ])
    expect(answer.status).toBe(204)
    expect(answer.text).toBe('')
    expect(city.rung).toContain('journal')
    expect((await city.call('GET', '/quarantine/2-0')).status).toBe(404)
  })

  test('still refused: 422 with the reason of now', async () => {
    const reason = 'ts: is older than 7 days'
    const [answer] = await Promise.all([
      city.call('POST', '/quarantine/4-0/retry'),
      ingest('4-0', {
        stored: 0,
        refused: [{ code: 'too_old', reason, device: 'd-2', key: 'pm25' }],
      }),
    ])
    expect(answer).toMatchObject({ status: 422, body: { code: 'impossible' } })
    expect(answer.body.detail).toContain('too_old')
    expect(answer.body.detail).toContain(reason)
  })

  test('nobody judges: 503 that says when to come back', async () => {
    const clock = city.parts.ports.clock
    const { monotonic } = clock
    let ahead = 0
    clock.monotonic = () => {
      ahead += 2_000
      return monotonic() + ahead
    }
    const answer = await city.call('POST', '/quarantine/6-0/retry')
    clock.monotonic = monotonic
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
  })

  test('what is not there: 404, and what is no id: 400', async () => {
    expect((await city.call('POST', '/quarantine/999999-0/retry')).status).toBe(404)
    expect((await city.call('POST', '/quarantine/abc/retry')).status).toBe(400)
  })
})

test('an administrator discards what nobody wants; it is gone and gives its room back', async () => {
  const { ledger } = city.parts
  const old: Refusal = { code: 'too_old', reason: 'nine days', device: 'd-9', key: 'pm25' }
  await ledger.quarantine([refused(5_000, 'd-9', [old])])
  const before = await ledger.awaiting()
  expect((await city.call('DELETE', '/quarantine/5000-0', { as: 'operator' })).status).toBe(403)
  expect((await city.call('DELETE', '/quarantine/5000-0')).status).toBe(204)
  expect((await city.call('DELETE', '/quarantine/5000-0')).status).toBe(404)
  expect((await ledger.awaiting()).messages).toBe(before.messages - 1)
})
