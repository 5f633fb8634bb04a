import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDayCalendar } from '../../../domain/calendar.ts'
import { createZoneClock, localTime, timeProblem } from '../../../payload/decoders/local-time.ts'
import { timestamp } from '../../../payload/decoders/timestamp.ts'

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
    ['2027-03-05T06:07:08+0000', '2027-03-05T06:07:08.000Z'],
    ['2027-03-05T06:07:08-0330', '2027-03-05T09:37:08.000Z'],
    ['2027-03-05 14:07:08+08', '2027-03-05T06:07:08.000Z'],
    ['2027-03-05T06:07Z', '2027-03-05T06:07:00.000Z'],
    ['2027-03-05T06:07+05:30', '2027-03-05T00:37:00.000Z'],
    ['2027-03-05T06:07:08,25Z', '2027-03-05T06:07:08.250Z'],
    ['20270305T060708Z', '2027-03-05T06:07:08.000Z'],
    ['20270305T060708.5Z', '2027-03-05T06:07:08.500Z'],
    ['20270305t1407+0800', '2027-03-05T06:07:00.000Z'],
  ])('example %s', (text, utc) => {
    expect(new Date(timestamp(text) ?? Number.NaN).toISOString()).toBe(utc)
  })

  test.each([
    '2025-10-31T23:59:00',
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
    '2025-10-31T23:59:00.Z',
    '25-10-31T23:59:00Z',
    '+02025-10-31T23:59:00Z',
    ' 2025-10-31T23:59:00Z',
    '2025-10-31T23:59:00Z\n',
    '2025/10/31T23:59:00Z',
    'Fri, 31 Oct 2025 23:59:00 GMT',
    '2025-10-31T23:59:00+080',
    '2025-10-31T23:59:00,Z',
    '2025-10-31T23:59.5Z',
    '20251031T235900',
    '20251031 235900Z',
    '20251031T23:59:00Z',
    '20251131T235900Z',
    '20251031T236000Z',
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
    [1_830_000_123.25, 1_830_000_123_250],
    [1_830_000_123.123, 1_830_000_123_123],
    [1_830_000_123.9996, 1_830_000_123_999],
    ['1830000123.007', 1_830_000_123_007],
    [1_830_000_123_456.78, 1_830_000_123_456],
    [20_271_305_140_708, 20_271_305_140_708],
    [1_830_000_123_456_789, 1_830_000_123_456_789],
  ])('%j is %d', (sent, expected) => {
    expect(timestamp(sent)).toBe(expected)
  })

  test.each([
    1.5,
    999_999_999.5,
    8.64e15 + 2,
    -8.64e15 - 2,
    20_270_305_140_708,
    '20270305140708',
    1e309,
    '-1',
    '+1',
    '1.5',
    '1830000123.',
    '1830000123,5',
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

describe('the table of docs/payloads.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/payloads.md'), 'utf8')
  const [, times = ''] = page.split('## Times')
  const rows = times.split('\n').flatMap((line) => {
    const [, form = '', examples = '', utc = ''] = line.split('|').map((cell) => cell.trim())
    const sent = [...examples.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text)
    return sent.map((text) => ({ form, text, utc }))
  })

  test('is found', () => expect(rows.length).toBeGreaterThan(15))

  test.each(rows)('$form: $text', ({ text, utc }) => {
    const time = timestamp(JSON.parse(text))
    if (utc.startsWith('only with')) {
      expect(time).toBeUndefined()
      expect(localTime(JSON.parse(text))).toBeTypeOf('number')
    } else expect(new Date(time ?? Number.NaN).toISOString()).toBe(utc)
  })
})

describe('a local time', () => {
  const shown = (sent: unknown) => {
    const local = localTime(sent)
    return local === undefined ? undefined : new Date(local).toISOString().slice(0, -1)
  }

  test.each<[unknown, string]>([
    [20_270_305_140_708, '2027-03-05T14:07:08.000'],
    ['20270305140708', '2027-03-05T14:07:08.000'],
    ['20270305140708250', '2027-03-05T14:07:08.250'],
    ['2027-03-05 14:07:08', '2027-03-05T14:07:08.000'],
    ['2027-03-05T14:07', '2027-03-05T14:07:00.000'],
    ['2027/03/05 14:07:08', '2027-03-05T14:07:08.000'],
    ['20270305T140708', '2027-03-05T14:07:08.000'],
  ])('%j is %s of its zone', (sent, expected) => {
    expect(timestamp(sent)).toBeUndefined()
    expect(shown(sent)).toBe(expected)
    const { reason, local } = timeProblem(sent)
    expect(local).toBe(localTime(sent))
    expect(reason).toContain('a local time')
    expect(reason).toContain('"time": {"zone"')
  })

  test.each([
    20_271_305_140_708,
    20_270_305_240_708,
    20_270_305_146_008,
    '20270230000000',
    '2027-03/05 14:07:08',
    '2027-03-05',
    '00010101000000',
    Number.NaN,
    null,
    {},
  ])('%j is none', (sent) => {
    expect(localTime(sent)).toBeUndefined()
    expect(timeProblem(sent)).not.toHaveProperty('local')
  })

  test('a number of nanoseconds is named as what it looks like', () => {
    expect(timeProblem(1_830_000_123_456_789_000).reason).toContain('nanoseconds')
  })

  test('in any zone, clocks show again what was read from them', () => {
    const zones = fc.constantFrom('Asia/Shanghai', 'America/New_York', 'Australia/Lord_Howe', 'UTC')
    const moments = fc.integer({ min: Date.parse('2020-01-01'), max: Date.parse('2035-01-01') })
    fc.assert(
      fc.property(zones, moments, (zone, at) => {
        const seconds = Math.floor(at / 1_000) * 1_000
        const local = seconds + createDayCalendar(zone).offsetMs(seconds)
        const moment = createZoneClock(zone).momentOf(local)
        expect(moment).toBeLessThanOrEqual(seconds)
        expect(moment + createDayCalendar(zone).offsetMs(moment)).toBe(local)
      }),
    )
  })

  test('where clocks are put back the first of two counts, where they are put forward none is lost', () => {
    const newYork = createZoneClock('America/New_York')
    const at = (text: string) => new Date(newYork.momentOf(Date.parse(`${text}Z`))).toISOString()
    expect(at('2027-11-07T01:30:00')).toBe('2027-11-07T05:30:00.000Z')
    expect(at('2027-03-14T02:30:00')).toBe('2027-03-14T07:30:00.000Z')
    expect(at('2027-03-14T01:59:00')).toBe('2027-03-14T06:59:00.000Z')
  })
})
