import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cnAqiDaily, cnAqiHourly } from '../../../../domain/standards/air/cn-definitions.ts'
import { breakpoints, iaqiNodes } from '../../../../domain/standards/air/cn-tables.ts'
import type { IndexAnswer, IndexRequest } from '../../../../domain/standards/definition.ts'
import { casesOf } from './vectors.ts'

interface SubCase {
  id: string
  kind: 'iaqi'
  edition: string
  indicator: string
  value: string
  expect: number | null
}
interface ReportCase {
  id: string
  kind: 'aqi'
  edition: string
  mode: 'daily' | 'realtime'
  input: Record<string, string | null>
  expect: {
    iaqi: Record<string, number | null>
    aqi: number | null
    mark?: string
    primary: string[] | null
    level: number | null
    category: string | null
    colour: string | null
  }
}

const { vectors } = casesOf<SubCase | ReportCase>('china_aqi.json')
const editions = ['HJ 633-2012', 'HJ 633-2026'] as const

function judge(
  report: 'daily' | 'hourly',
  edition: string,
  values: IndexRequest['values'],
  options: IndexRequest['options'] = {},
): IndexAnswer {
  return (report === 'daily' ? cnAqiDaily : cnAqiHourly).compute({ edition, values, options })
}

describe('the real-time report as published', () => {
  const published = { form: 'published' }

  test('until 2026-02-28 PM of 1 h is read against the column of the daily mean', () => {
    const values = { pm25_1h: '95', pm25_24h: '20', pm10_1h: '160', o3_1h: '90', o3_8h: '240' }
    // 100 + (95 − 75) / 40 × 50 = 125; 100 + 10 / 100 × 50 = 105; 90 / 160 × 50 = 28.1.
    expect(judge('hourly', 'HJ 633-2012', values, published)).toMatchObject({
      value: 125,
      primary: ['pm25'],
      sub: { pm25_1h: 125, pm10_1h: 105, o3_1h: 29 },
      details: { form: 'published', forms: ['text', 'published'] },
    })
    const text = judge('hourly', 'HJ 633-2012', values)
    expect(text).toMatchObject({ sub: { pm25_1h: null, pm10_1h: null }, value: 175 })
    expect(text.details).toMatchObject({ form: 'text', forms: ['text', 'published'] })
    expect(text.notes.some(({ en }) => en.includes('form "published"'))).toBe(true)
  })

  test('in 2026 an AQI is given where PM10 alone is blank and the rest is at most 100', () => {
    const rest = { so2_1h: 12, no2_1h: 60, co_1h: 1, o3_1h: 170, pm25_1h: 33 }
    const given = judge('hourly', 'HJ 633-2026', { ...rest, pm10_1h: null }, published)
    // 50 + 10 / 40 × 50 = 62.5.
    expect(given).toMatchObject({ value: 63, primary: ['o3'], details: { missing: ['pm10'] } })
    expect(judge('hourly', 'HJ 633-2026', rest)).toMatchObject({ value: null })
    const lacksMore = { ...rest, co_1h: null }
    expect(judge('hourly', 'HJ 633-2026', lacksMore, published)).toMatchObject({ value: null })
  })

  test('is no form of the daily report', () => {
    expect(() => judge('daily', 'HJ 633-2012', { pm25_24h: 9 }, published)).toThrow('form')
    expect(() => judge('hourly', 'HJ 633-2012', {}, { form: 'old' })).toThrow('text, published')
  })
})

describe('shared cases', () => {
  test.each(vectors.filter((one) => one.kind === 'iaqi'))('$id: $value is $expect', (one) => {
    const report = one.indicator.endsWith('_1h') ? 'hourly' : 'daily'
    const answer = judge(report, one.edition, { [one.indicator]: one.value })
    expect(answer.sub).toEqual({ [one.indicator]: one.expect })
    expect(judge(report, one.edition, { [one.indicator]: Number(one.value) })).toEqual(answer)
  })

  test.each(vectors.filter((one) => one.kind === 'aqi'))('$id', (one) => {
    const answer = judge(one.mode === 'daily' ? 'daily' : 'hourly', one.edition, one.input)
    expect(answer.sub).toEqual(one.expect.iaqi)
    expect(answer).toMatchObject({
      value: one.expect.aqi,
      primary: one.expect.primary ?? [],
      level: one.expect.level,
      colour: one.expect.colour,
    })
    expect(answer.category?.zh ?? null).toBe(one.expect.category)
    expect(answer.details.mark).toBe(one.expect.mark)
  })
})

describe('tables', () => {
  test.each(editions)('%s: every node gives its own sub-index exactly', (edition) => {
    for (const [code, nodes] of Object.entries(breakpoints[edition])) {
      const report = code.endsWith('_1h') ? 'hourly' : 'daily'
      const found = nodes.map((node) => judge(report, edition, { [code]: node }).sub[code])
      expect(found).toEqual(iaqiNodes.slice(0, nodes.length))
    }
  })

  test('the editions differ in PM at index 100 and in the columns of PM of 1 h only', () => {
    const { pm10_24h: tenOld, pm25_24h: twoOld, ...old } = breakpoints['HJ 633-2012']
    const { pm10_24h, pm25_24h, pm10_1h, pm25_1h, ...rest } = breakpoints['HJ 633-2026']
    expect(rest).toEqual(old)
    expect([pm10_1h, pm25_1h]).toEqual([pm10_24h, pm25_24h])
    expect([tenOld?.[2], pm10_24h?.[2], twoOld?.[2], pm25_24h?.[2]]).toEqual([150, 120, 75, 60])
    const without = (nodes: readonly number[] = []) => nodes.filter((_, i) => i !== 2)
    expect(without(tenOld)).toEqual(without(pm10_24h))
    expect(without(twoOld)).toEqual(without(pm25_24h))
  })

  test('tables for people hold the numbers that are used', () => {
    for (const edition of editions) {
      const [table, levels] = cnAqiDaily.tables(edition)
      const at100 = table?.rows[2] ?? []
      const column = table?.columns.indexOf('pm25_24h') ?? 0
      expect(at100[column]).toBe(edition === 'HJ 633-2026' ? 60 : 75)
      expect(levels?.rows.map(([, from, to]) => [from, to])).toEqual([
        [0, 50],
        [51, 100],
        [101, 150],
        [151, 200],
        [201, 300],
        [301, null],
      ])
    }
  })
})

describe('indicators of the reports', () => {
  test.each([
    [cnAqiDaily, 'HJ 633-2012', 7],
    [cnAqiDaily, 'HJ 633-2026', 6],
    [cnAqiHourly, 'HJ 633-2012', 9],
    [cnAqiHourly, 'HJ 633-2026', 6],
  ] as const)('%o %s', ({ indicators }, edition, count) => {
    expect(indicators(edition)).toHaveLength(count)
  })

  test('values of the other edition do not count, and the answer says so', () => {
    const values = { ...clean, o3_1h: '900' }
    expect(judge('daily', 'HJ 633-2012', values).value).toBe(350)
    const answer = judge('daily', 'HJ 633-2026', values)
    expect(answer).toMatchObject({ value: 30, sub: { o3_1h: 350 } })
    expect(answer.notes.at(-1)?.en).toContain('not counted: o3_1h')
  })

  test('PM of 1 h has no sub-index in the 2012 edition', () => {
    const answer = judge('hourly', 'HJ 633-2012', { pm25_1h: '300', pm25_24h: '35' })
    expect(answer).toMatchObject({ value: 50, sub: { pm25_1h: null, pm25_24h: 50 } })
  })

  test('a bare pollutant is understood where the report has one indicator of it', () => {
    expect(judge('daily', 'HJ 633-2026', { o3: 160 }).sub).toEqual({ o3: 100 })
    expect(() => judge('daily', 'HJ 633-2012', { o3: 160 })).toThrow(/^values: "o3" is not known/)
    expect(() => judge('daily', 'HJ 633-2026', { o3: 1, o3_8h: 1 })).toThrow(/^values\.o3_8h: /)
  })
})

const clean = { so2_24h: 5, no2_24h: 10, pm10_24h: 30, co_24h: '0.5', o3_8h: 50, pm25_24h: 15 }

describe('missing pollutants', () => {
  const { pm10_24h: _, ...withoutPm10 } = clean

  test('2026: no index at 100 and below, the index of the rest above', () => {
    const held = judge('daily', 'HJ 633-2026', withoutPm10)
    expect(held).toMatchObject({
      value: null,
      primary: [],
      details: { mark: 'NA', missing: ['pm10'] },
    })
    const given = judge('daily', 'HJ 633-2026', { ...withoutPm10, pm25_24h: 61 })
    expect(given).toMatchObject({ value: 101, primary: ['pm25'], details: { missing: ['pm10'] } })
  })

  test('2026: a pollutant that is not monitored by plan does not hold it back', () => {
    for (const name of ['pm10', 'pm10_24h']) {
      const answer = judge('daily', 'HJ 633-2026', withoutPm10, { notMonitored: [name] })
      expect(answer).toMatchObject({ value: 25, details: { missing: [], notMonitored: ['pm10'] } })
    }
  })

  test('2012: the index of the rest, and what is missing is told', () => {
    const answer = judge('daily', 'HJ 633-2012', withoutPm10)
    expect(answer).toMatchObject({ value: 25, details: { missing: ['pm10'] } })
    expect(answer.notes[0]?.en).toContain('PM10')
    expect(judge('daily', 'HJ 633-2012', {})).toMatchObject({ value: null, level: null })
  })

  test('2012: SO2 of 1 h above 800 without a mean of 24 h is missing', () => {
    const answer = judge('hourly', 'HJ 633-2012', { so2_1h: 801 })
    expect(answer).toMatchObject({ value: null, sub: { so2_1h: null } })
    expect(answer.details.missing).toContain('so2')
  })
})

describe('what is refused', () => {
  test.each([
    [{ pm25_24h: 'abc' }, {}, /^values\.pm25_24h: /],
    [{ pm25_24h: [1, 2] }, {}, /^values\.pm25_24h: /],
    [{ pm25_24h: -999 }, {}, /^values\.pm25_24h: must be from -10 to 20000 ug\/m3/],
    [{ co_24h: 1900 * 2 }, {}, /^values\.co_24h: must be from -1 to 2000 mg\/m3/],
    [{ 'pm2.5': 3 }, {}, /^values: "pm2\.5" is not known; allowed: so2_24h/],
    [{}, { notMonitored: 'all' }, /^options\.notMonitored: /],
    [{}, { notMonitored: ['all'] }, /^options\.notMonitored: /],
    [{}, { other: 1 }, /^options: "other" is not known/],
  ])('%j with %j', (values, options, message) => {
    expect(() => judge('daily', 'HJ 633-2026', values as never, options)).toThrow(message)
  })

  test('an edition that there is not', () => {
    expect(() => judge('daily', 'HJ 633-1999', {})).toThrow(/^edition: is "HJ 633-1999"; must be/)
  })
})

test('a value a little below zero is zero', () => {
  expect(judge('daily', 'HJ 633-2026', { ...clean, so2_24h: '-0.4' }).sub.so2_24h).toBe(0)
})

test('a day is held against the WHO levels', () => {
  const { who } = judge('daily', 'HJ 633-2026', {
    pm25_24h: 15,
    pm10_24h: 80,
    no2_24h: 200,
  }).details
  expect(who).toEqual({
    pm25_24h: { guideline: 15, exceeded: false, meets: 'guideline' },
    pm10_24h: { guideline: 45, exceeded: true, meets: 'interim-2' },
    no2_24h: { guideline: 25, exceeded: true, meets: null },
  })
})

describe('for all concentrations', () => {
  const tenths = (most: number) => fc.integer({ min: 0, max: most * 10 }).map((n) => n / 10)
  const day = fc.record({
    so2_24h: tenths(3_000),
    no2_24h: tenths(1_000),
    pm10_24h: tenths(700),
    co_24h: tenths(70),
    o3_8h: tenths(900),
    pm25_24h: tenths(600),
  })
  type Code = keyof typeof clean

  test('2026: raising one never lowers the index', () => {
    const codes = Object.keys(clean) as Code[]
    fc.assert(
      fc.property(day, fc.constantFrom(...codes), tenths(100), (values, code, more) => {
        const raised = { ...values, [code]: values[code] + more }
        const [low, high] = [values, raised].map((v) => judge('daily', 'HJ 633-2026', v).value)
        expect(Number(high)).toBeGreaterThanOrEqual(Number(low))
      }),
    )
  })

  test('2012: raising one never lowers its sub-index while it has one', () => {
    fc.assert(
      fc.property(day, tenths(100), (values, more) => {
        for (const [code, value] of Object.entries(values)) {
          const [low, high] = [value, value + more].map(
            (one) => judge('daily', 'HJ 633-2012', { [code]: one }).sub[code],
          )
          if (high !== null) expect(Number(high)).toBeGreaterThanOrEqual(Number(low))
        }
      }),
    )
  })

  test('the index is the largest sub-index, the level follows, the primary ones have it', () => {
    fc.assert(
      fc.property(day, (values) => {
        const { value, sub, level, primary } = judge('daily', 'HJ 633-2026', values)
        const top = Math.max(...Object.values(sub).map(Number))
        expect(value).toBe(top)
        expect(level).toBe([50, 100, 150, 200, 300, 500].findIndex((end) => top <= end) + 1)
        const highest = Object.keys(sub).filter((code) => sub[code] === top && top > 50)
        expect(primary).toEqual(highest.map((code) => code.split('_')[0]))
      }),
    )
  })

  test('the editions agree wherever concentrations are whole and their tables are the same', () => {
    fc.assert(
      fc.property(day, (values) => {
        const whole = Object.fromEntries(
          Object.entries(values).map(([code, n]) => [
            code,
            Math.floor(code === 'o3_8h' ? n % 800 : n),
          ]),
        )
        const [old, now] = editions.map((edition) => judge('daily', edition, whole).sub)
        for (const code of ['so2_24h', 'no2_24h', 'co_24h', 'o3_8h']) {
          expect(now?.[code]).toBe(old?.[code])
        }
        for (const code of ['pm10_24h', 'pm25_24h']) {
          expect(Number(now?.[code])).toBeGreaterThanOrEqual(Number(old?.[code]))
        }
      }),
    )
  })

  test('a number and its text are judged alike', () => {
    fc.assert(
      fc.property(day, fc.constantFrom(...editions), (values, edition) => {
        const texts = Object.fromEntries(Object.entries(values).map(([k, n]) => [k, String(n)]))
        expect(judge('daily', edition, texts)).toEqual(judge('daily', edition, values))
      }),
    )
  })
})
