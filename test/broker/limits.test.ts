import { describe, expect, test } from 'vitest'
import { addressKey } from '../../domain/address-key.ts'
import { createFailureLog, createRateLimit, TokenBucket } from '../../broker/limits.ts'

describe('rate limit', () => {
  test('one second worth at once, then as it refills; each key for itself', () => {
    const limit = createRateLimit(10)
    for (let i = 0; i < 10; i++) expect(limit.allow('a', 1_000)).toBe(true)
    expect(limit.allow('a', 1_000)).toBe(false)
    expect(limit.allow('b', 1_000)).toBe(true)
    expect(limit.allow('a', 1_099)).toBe(false)
    expect(limit.allow('a', 1_100)).toBe(true)
    expect(limit.allow('a', 1_100)).toBe(false)
  })

  test('a million addresses do not fill memory', () => {
    const limit = createRateLimit(10)
    for (let i = 0; i < 1_000_000; i++) limit.allow(String(i), 1)
    expect(limit.keys).toBeLessThanOrEqual(20_000)
  })

  test('a key in use is remembered however many others come', () => {
    const limit = createRateLimit(10)
    for (let i = 0; i < 10; i++) limit.allow('mine', 1)
    for (let i = 0; i < 100_000; i++) {
      limit.allow(String(i), 1)
      if (i % 1_000 === 0) expect(limit.allow('mine', 1)).toBe(false)
    }
  })

  test('a bucket never holds more than a second, and may go into debt', () => {
    const bucket = new TokenBucket(5, 0)
    bucket.refill(1_000_000)
    for (let i = 0; i < 8; i++) bucket.spend()
    expect(bucket.empty).toBe(true)
    bucket.refill(1_000_600)
    expect(bucket.empty).toBe(true)
    bucket.refill(1_000_900)
    expect(bucket.empty).toBe(false)
  })
})

describe('failed sign-ins', () => {
  test('the answer waits after too many within a minute, and no longer after that', () => {
    const failures = createFailureLog(3)
    expect([1, 2, 3].map((now) => failures.failed('a', now))).toEqual([0, 0, 0])
    expect(failures.failed('a', 4)).toBeGreaterThan(0)
    expect(failures.failed('b', 4)).toBe(0)
    expect(failures.failed('a', 60_002)).toBe(0)
  })

  test('a million addresses do not fill memory', () => {
    const failures = createFailureLog(3)
    for (let i = 0; i < 1_000_000; i++) failures.failed(String(i), 1)
    expect(failures.keys).toBeLessThanOrEqual(20_000)
  })
})

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2:aaaa::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::', 'fe80:0:0:0::/64'],
  ['', ''],
])('%s counts as %s', (address, key) => {
  expect(addressKey(address)).toBe(key)
})
