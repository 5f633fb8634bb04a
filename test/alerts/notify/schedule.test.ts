/** When an attempt is made again, and when it is not. */

import { describe, expect, test } from 'vitest'
import { nextOf, retryAfterMs } from '../../../alerts/notify/schedule.ts'

const now = Date.UTC(2026, 10, 21)
const fail = (status: number | null, attempts: number, asked: number | null = null, fraction = 0) =>
  nextOf({ status, retryAfterMs: asked }, { attempts, now, fraction })
const delay = (...all: Parameters<typeof fail>) => (fail(...all).nextAttemptAt ?? now) - now

describe('the schedule', () => {
  test('is that of the contract, then it has failed', () => {
    const minutes = [5 / 60, 0.5, 2, 10, 30, 120, 360, 720, 1_440]
    expect(minutes.map((_, i) => delay(500, i + 1) / 60_000)).toEqual(minutes)
    expect(fail(500, 10)).toEqual({ state: 'failed', nextAttemptAt: null, gone: false })
    expect(fail(500, 11).state).toBe('failed')
  })

  test('jitter adds up to a fifth and takes nothing away', () => {
    expect(delay(500, 2, null, 0.5)).toBe(33_000)
    expect(delay(500, 2, null, 0.999)).toBeLessThanOrEqual(36_000)
  })

  test('only 2xx is success', () => {
    for (const status of [200, 201, 202, 204, 299]) expect(fail(status, 1).state).toBe('delivered')
    for (const status of [null, 100, 199, 300, 301, 302, 304, 400, 401, 404, 429, 500, 503]) {
      expect(fail(status, 1).state).toBe('pending')
    }
  })

  test('410 ends it and switches the endpoint off', () => {
    expect(fail(410, 1)).toEqual({ state: 'failed', nextAttemptAt: null, gone: true })
  })

  test('Retry-After lengthens the wait after 429 and 503, up to an hour', () => {
    expect(delay(429, 1, 60_000)).toBe(60_000)
    expect(delay(503, 1, 60_000)).toBe(60_000)
    expect(delay(503, 4, 60_000)).toBe(600_000)
    expect(delay(500, 1, 60_000)).toBe(5_000)
    expect(delay(429, 1, 10 * 365 * 86_400_000)).toBe(3_600_000)
  })

  test('Retry-After is seconds or a date; anything else is not heard', () => {
    expect(retryAfterMs('120', now)).toBe(120_000)
    expect(retryAfterMs(new Date(now + 90_000).toUTCString(), now)).toBe(90_000)
    expect(retryAfterMs(new Date(now - 90_000).toUTCString(), now)).toBe(0)
    expect(retryAfterMs('soon', now)).toBeNull()
    expect(retryAfterMs('', now)).toBeNull()
    expect(retryAfterMs('-5000000000000', now)).toBeNull()
    expect(retryAfterMs(undefined, now)).toBeNull()
  })
})
