import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { claimOf, countReadings, devicesClaimed } from '../../../payload/count-readings.ts'
import { quoteBareNumbers } from '../../../payload/decoders/bare-numbers.ts'
import { jsonDepthMax } from '../../../payload/decoders/json-text.ts'
import { decodeNative, messageReadingsMax } from '../../../payload/decoders/native.ts'
import { anyMessage, messageWithBareNumber, validMessage } from './json-forms.ts'
import { telemetryOf, uplinkOf } from './uplinks.ts'

const seconds = 60_000

describe('for any bytes', () => {
  test(
    'decoding answers, and an undecodable message has no samples',
    () => {
      fc.assert(
        fc.property(anyMessage, ({ kind, payload }) => {
          const { problem, samples, facts, presence } = decodeNative(uplinkOf(kind, payload))
          if (problem === null) return
          expect(samples).toEqual([])
          expect(facts.size).toBe(0)
          expect(presence).toBeNull()
          expect(problem.reason.length).toBeLessThan(500)
          expect(isWellFormed(problem.reason)).toBe(true)
        }),
        { numRuns: 5_000 },
      )
    },
    seconds,
  )

  test(
    'what JSON.parse takes within the limits is decoded, and nothing else is',
    () => {
      fc.assert(
        fc.property(anyMessage, ({ payload }) => {
          const { problem } = decodeNative(telemetryOf(payload))
          const text = Buffer.from(payload).toString()
          if (problem === null)
            expect(() => JSON.parse(quoteBareNumbers(text) ?? text)).not.toThrow()
        }),
        { numRuns: 5_000 },
      )
    },
    seconds,
  )

  test(
    'the count at admission answers a number that is never negative',
    () => {
      fc.assert(
        fc.property(anyMessage, ({ kind, payload }) => {
          const count = countReadings(kind, payload)
          expect(Number.isInteger(count)).toBe(true)
          expect(count).toBeGreaterThanOrEqual(0)
          expect(count).toBeLessThanOrEqual(payload.length + 1)
        }),
        { numRuns: 5_000 },
      )
    },
    seconds,
  )
})

describe('for valid JSON', () => {
  test(
    'the count at admission is what the decoder finds',
    () => {
      fc.assert(
        fc.property(validMessage, ({ kind, text }) => {
          const decoded = decodeNative(uplinkOf(kind, text))
          const events = kind === 'gateway-connect'
          const found = decoded.problem !== null && !events ? 1 : decoded.samples.length
          expect(countReadings(kind, Buffer.from(text))).toBe(found)
        }),
        { numRuns: 10_000 },
      )
    },
    seconds,
  )

  test(
    'admission keeps a moment free for each element without a time, of every device',
    () => {
      fc.assert(
        fc.property(validMessage, ({ kind, text }) => {
          const uplink = uplinkOf(kind, text)
          const { untimed } = claimOf(kind, uplink.payload)
          const { samples } = decodeNative(uplink)
          const own = samples.filter(({ key, problem }) => key !== null && problem === null)
          const first = Math.min(
            ...own.map(({ observedAt }) => observedAt ?? uplink.receivedAt),
            uplink.receivedAt,
          )
          const near = uplink.receivedAt - first <= 10_000
          if (near && own.length > 0)
            expect(uplink.receivedAt - first).toBeLessThan(Math.max(1, untimed))
          if (own.some(({ observedAt }) => observedAt === null)) expect(untimed).toBeGreaterThan(0)
          const named = kind.startsWith('gateway-t') ? devicesClaimed(uplink.payload) : []
          if (named.length > 0) for (const { device } of own) expect(named).toContain(device)
        }),
        { numRuns: 5_000 },
      )
    },
    seconds,
  )

  test(
    'no sample is taken for a repeated key unless one is',
    () => {
      fc.assert(
        fc.property(validMessage, ({ kind, text }) => {
          const { samples } = decodeNative(uplinkOf(kind, text))
          expect(samples.filter(({ problem }) => problem?.reason.includes('repeated'))).toEqual([])
        }),
        { numRuns: 2_000 },
      )
    },
    seconds,
  )
})

describe('bare numbers that JSON lacks', () => {
  test('are read as texts, and cost nothing beside them', () => {
    fc.assert(
      fc.property(messageWithBareNumber, ({ bare, quoted }) => {
        const decoded = decodeNative(telemetryOf(bare))
        expect(decoded).toEqual(decodeNative(telemetryOf(quoted)))
        expect(decoded.problem).toBeNull()
        expect(countReadings('telemetry', Buffer.from(bare))).toBe(decoded.samples.length)
      }),
      { numRuns: 2_000 },
    )
  })

  test.each([
    '{"nan":1,"x":tan}',
    '{"a":nano}',
    '{"a":1nan}',
    '{"a":nan 1}',
    '[nan',
    'nan',
    '{"a" nan}',
  ])('%s stays unreadable', (text) => {
    expect(decodeNative(telemetryOf(text)).problem).not.toBeNull()
  })

  test('quotes and backslashes without end are looked at once', () => {
    const hostile = [
      `{"a":nan,"${'\\"'.repeat(500_000)}`,
      `nan${'"'.repeat(1_000_001)}\\`,
      ':nan'.repeat(300_000),
    ]
    for (const text of hostile) expect(quoteBareNumbers(text)).not.toBe('')
  })
})

describe('limits', () => {
  test('a text a million levels deep is refused before it is parsed', () => {
    const deep = `{"pm25":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`
    const { problem } = decodeNative(telemetryOf(deep))
    expect(problem).toEqual({
      code: 'malformed',
      reason: `the JSON is nested deeper than ${jsonDepthMax} levels`,
    })
  })

  test('what does not begin like JSON is another format, however many brackets it holds', () => {
    const frame = Buffer.concat([Buffer.from([0x02]), Buffer.from('{['.repeat(500))])
    expect(decodeNative(telemetryOf(frame)).problem?.code).toBe('unsupported_format')
  })

  test('a text that only opens brackets is refused', () => {
    expect(decodeNative(telemetryOf('['.repeat(65_536))).problem?.code).toBe('malformed')
    expect(decodeNative(telemetryOf('{"a":'.repeat(13_000))).problem?.code).toBe('malformed')
  })

  test('as many readings as allowed are decoded, one more is too large', () => {
    const message = (count: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 1])))
    expect(decodeNative(telemetryOf(message(messageReadingsMax))).samples.length).toBe(
      messageReadingsMax,
    )
    expect(decodeNative(telemetryOf(message(messageReadingsMax + 1))).problem).toEqual({
      code: 'too_large',
      reason: 'the message holds 5001 readings; at most 5000 are taken',
    })
  })

  test('readings are counted before anything is parsed, so a flood of repeated keys is too large', () => {
    const flood = `{${'"a":1,'.repeat(10_000)}"a":1}`
    expect(decodeNative(telemetryOf(flood)).problem?.code).toBe('too_large')
  })

  test('facts are limited in number and length', () => {
    const many = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [`f${i}`, 'x'.repeat(900)]),
    )
    const facts =
      decodeNative(uplinkOf('attributes', JSON.stringify(many))).facts.get('air-1') ?? {}
    expect(Object.keys(facts).length).toBe(64)
    expect(facts.f0).toBe('x'.repeat(500))
    const longKey = JSON.stringify({ ['k'.repeat(129)]: 1, short: 2 })
    expect(decodeNative(uplinkOf('attributes', longKey)).facts.get('air-1')).toEqual({ short: 2 })
  })
})

function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}
