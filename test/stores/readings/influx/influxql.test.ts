/** Questions in InfluxQL say what was meant, whatever the names hold. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  codeCondition,
  deviceCondition,
  literalText,
  nameText,
  timeCondition,
} from '../../../../stores/readings/influx/http/influxql.ts'
import { windowRuns } from '../../../../stores/readings/influx/query/window-runs.ts'

describe('devices', () => {
  test('one is an equation, several are a pattern', () => {
    expect(deviceCondition(["o'neil"])).toBe(`"device" = 'o\\'neil'`)
    expect(deviceCondition(['a.b', 'c/d'])).toBe('"device" =~ /^(a\\.b|c\\/d)$/')
  })

  test('a pattern matches its devices and no other', () => {
    const anyName = fc.string({
      unit: fc.constantFrom(...'ab.*+?^$', ...'{}()|[]\\/-,1闸'),
      minLength: 1,
    })
    fc.assert(
      fc.property(fc.array(anyName, { minLength: 2, maxLength: 5 }), anyName, (names, other) => {
        const condition = deviceCondition(names)
        const pattern = condition.slice('"device" =~ /'.length, -1)
        // InfluxQL takes the backslash before a slash away; names stand as in their tags.
        const regex = new RegExp(pattern.replaceAll('\\/', '/'), 'u')
        const tag = (name: string) => name.replaceAll('\\', '%5C')
        for (const name of names) expect(regex.test(tag(name))).toBe(true)
        expect(regex.test(tag(other))).toBe(names.includes(other))
      }),
      { numRuns: 2_000 },
    )
  })
})

test('names and texts cannot end early', () => {
  expect(nameText('a"b\\')).toBe('"a\\"b\\\\"')
  expect(literalText("a'b\\")).toBe("'a\\'b\\\\'")
})

test('times are nanoseconds, cut to what InfluxDB can hold', () => {
  expect(timeCondition({ from: 0, to: 1_000 })).toBe('time >= 0 AND time <= 999000000')
  expect(timeCondition({ from: -5, to: 0.5 })).toBe('time >= -5000000 AND time <= 0')
  const always = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER }
  expect(timeCondition(always)).toBe('time >= -9223372036854000000 AND time <= 9223372036854000000')
})

test('codes are alternatives, or one comparison where that is the same', () => {
  expect(codeCondition('pm25_q', [1, 2])).toBe('"pm25_q" <= 2')
  expect(codeCondition('pm25_q', [1, 3])).toBe('("pm25_q" = 1 OR "pm25_q" = 3)')
})

describe('windows', () => {
  const query = (zone: string, hour: number) => ({
    ...{ series: [], from: 0, to: 0, everyMs: 86_400_000, fn: 'mean' as const },
    civil: { zone, hour, unit: 'day' as const },
  })
  const hour = 3_600_000

  test('a year of days in Shanghai is one stretch, in Berlin five', () => {
    const year = { from: Date.UTC(2026, 0, 1), to: Date.UTC(2027, 0, 1) }
    expect(windowRuns(query('Asia/Shanghai', 8), year)).toEqual([
      { ...year, everyMs: 24 * hour, originMs: Date.UTC(2026, 0, 1) },
    ])
    const lengths = windowRuns(query('Europe/Berlin', 0), year).map(({ everyMs }) => everyMs / hour)
    expect(lengths).toEqual([24, 23, 24, 25, 24])
  })

  test('stretches follow each other without a gap', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(
          'America/St_Johns',
          'Asia/Kathmandu',
          'Europe/Berlin',
          'Australia/Lord_Howe',
        ),
        fc.integer({ min: 0, max: 1_000 * 24 }),
        fc.integer({ min: 1, max: 500 * 24 }),
        (zone, begin, length) => {
          const from = Date.UTC(2025, 0, 1) + begin * hour + 123
          const within = { from, to: from + length * hour }
          const runs = windowRuns(query(zone, 8), within)
          expect(runs[0]?.from).toBe(within.from)
          expect(runs.at(-1)?.to).toBe(within.to)
          for (const [i, run] of runs.entries()) {
            if (i > 0) expect(run.from).toBe(runs[i - 1]?.to)
            const edge = (((run.from - run.originMs) % run.everyMs) + run.everyMs) % run.everyMs
            if (i > 0) expect(edge).toBe(0)
          }
        },
      ),
      { numRuns: 100 },
    )
  })
})
