import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { timestamp } from '../../../ingest/decoders/timestamp.ts'

describe('RFC 3339', () => {
  test('every moment that a date can print is read back', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }),
        (date) => {
          expect(timestamp(date.toISOString())).toBe(date.getTime())
        },
      ),
    )
  })

  test('the same moment in any zone is the same number', () => {
    const moments = fc.date({
      min: new Date('2000-01-01'),
      max: new Date('2100-01-01'),
      noInvalidDate: true,
    })
    fc.assert(
      fc.property(moments, fc.integer({ min: -1_439, max: 1_439 }), (date, offset) => {
        const local = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, -1)
        const hours = String(Math.trunc(Math.abs(offset) / 60)).padStart(2, '0')
        const minutes = String(Math.abs(offset) % 60).padStart(2, '0')
        const zone = `${offset < 0 ? '-' : '+'}${hours}:${minutes}`
        expect(timestamp(local + zone)).toBe(date.getTime())
      }),
    )
  })

  test.each([
    ['1985-04-12T23:20:50.52Z', '1985-04-12T23:20:50.520Z'],
    ['1996-12-19T16:39:57-08:00', '1996-12-20T00:39:57.000Z'],
    ['1990-12-31T23:59:60Z', '1991-01-01T00:00:00.000Z'],
    ['1990-12-31T15:59:60-08:00', '1991-01-01T00:00:00.000Z'],
    ['1937-01-01T12:00:27.87+00:20', '1937-01-01T11:40:27.870Z'],
    ['2016-12-31T23:59:60.5Z', '2017-01-01T00:00:00.500Z'],
    ['2024-02-29T00:00:00-00:00', '2024-02-29T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
  ])('example %s', (text, utc) => {
    expect(new Date(timestamp(text) ?? Number.NaN).toISOString()).toBe(utc)
  })

  test.each([
    '2025-10-31T23:59:00',
    '2025-10-31T23:59Z',
    '2025-10-31',
    '2025-13-01T00:00:00Z',
    '2025-00-01T00:00:00Z',
    '2025-01-00T00:00:00Z',
    '2023-02-29T00:00:00Z',
    '2025-10-31T24:00:00Z',
    '2025-10-31T23:60:00Z',
    '2025-10-31T23:59:61Z',
    '2025-06-15T23:59:60Z',
    '2025-10-31T22:59:60Z',
    '2025-10-31T23:59:00+24:00',
    '2025-10-31T23:59:00+08:60',
    '2025-10-31T23:59:00+0800',
    '2025-10-31T23:59:00+08',
    '2025-10-31T23:59:00.Z',
    '2025-10-31T23:59:00,5Z',
    '25-10-31T23:59:00Z',
    '+02025-10-31T23:59:00Z',
    ' 2025-10-31T23:59:00Z',
    '2025-10-31T23:59:00Z\n',
    '2025/10/31T23:59:00Z',
    'Fri, 31 Oct 2025 23:59:00 GMT',
  ])('is not %s', (text) => {
    expect(timestamp(text)).toBeUndefined()
  })
})

describe('numbers', () => {
  test.each<[unknown, number]>([
    [1_000_000_000, 1_000_000_000_000],
    [9_999_999_999, 9_999_999_999_000],
    [999_999_999, 999_999_999],
    [10_000_000_000, 10_000_000_000],
    [0, 0],
    [-1, -1],
    ['1761955140', 1_761_955_140_000],
    ['1761955140000', 1_761_955_140_000],
    ['0', 0],
  ])('%j is %d', (sent, expected) => {
    expect(timestamp(sent)).toBe(expected)
  })

  test.each([
    1.5,
    8.64e15 + 2,
    -8.64e15 - 2,
    1e309,
    '-1',
    '+1',
    '1.5',
    '1e3',
    ' 1',
    '',
    '99999999999999999',
  ])('%j is no time', (sent) => {
    expect(timestamp(sent)).toBeUndefined()
  })

  test('any answer is a moment that dates can show', () => {
    fc.assert(
      fc.property(fc.anything(), (sent) => {
        const time = timestamp(sent)
        if (time !== undefined) expect(Number.isNaN(new Date(time).getTime())).toBe(false)
      }),
      { numRuns: 2_000 },
    )
  })
})
