/** Flood size, flood signal and flood-limit level: shared cases, bounds, missing figures, what must hold for any level. */

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { properties } from '../../../../domain/catalogue.ts'
import { ruleSchema } from '../../../../domain/rule.ts'
import type { IndexAnswer, IndexRequest } from '../../../../domain/standards/definition.ts'
import { drySoil, lowWater } from '../../../../domain/standards/flood/drought.ts'
import { droughtIndex, lowWaterIndex } from '../../../../domain/standards/flood/low-signals.ts'
import { floodSignal } from '../../../../domain/standards/flood/flood-signal.ts'
import { floodSize } from '../../../../domain/standards/flood/flood-size.ts'
import { streetDepth } from '../../../../domain/standards/flood/street.ts'

interface SizeCase {
  id: string
  kind: 'flood_size'
  return_period_years: string
  expect: string
}
interface SignalCase {
  id: string
  kind: 'flood_signal'
  level: string
  warning: string
  guarantee: string
  record: string
  near: string
  years: string | null
  expect: string | null
}
const { vectors }: { vectors: (SizeCase | SignalCase | { kind: 'other' })[] } = JSON.parse(
  readFileSync('test/cases/standards/rain_flood.json', 'utf8'),
)

type Values = IndexRequest['values']
type Options = IndexRequest['options']

function size(values: Values, options: Options = {}): IndexAnswer {
  return floodSize.compute({ edition: 'GB/T 22482-2008', values, options })
}

function signal(values: Values, options: Options = {}): IndexAnswer {
  return floodSignal.compute({ edition: 'MWR 2013', values, options })
}

function asked(
  edition: string,
  values: IndexRequest['values'],
  options: IndexRequest['options'] = {},
): IndexRequest {
  return { edition, values, options }
}

const gauge = { warning: '45.0', guarantee: '47.0', record: '48.2', near: '0.5' }

describe('flood size', () => {
  const cases = vectors.filter((one) => one.kind === 'flood_size')
  test.each(cases)('$id years: $expect', ({ return_period_years, expect: wanted }) => {
    expect(size({ return_period_years })).toMatchObject({ value: wanted, category: { zh: wanted } })
    expect(size({ years: Number(return_period_years) }).value).toBe(wanted)
  })

  test('levels and colours rise with the size', () => {
    expect(size({ years: 0 })).toMatchObject({ level: 1, colour: 'blue' })
    expect(size({ years: '49.99' })).toMatchObject({ level: 3, colour: 'orange' })
    expect(size({ years: 1_000 })).toMatchObject({ level: 4, colour: 'red' })
    expect(size({ years: null })).toMatchObject({ value: null, level: null })
    expect(size({})).toMatchObject({ value: null, level: null, sub: {} })
  })

  test.each([
    [{ years: -1 }, {}, 'values.years'],
    [{ year: 1 }, {}, 'values'],
    [{ years: 1 }, { near: 1 }, 'options'],
  ])('%j %j is refused', (values, options, field) => {
    expect(() => size(values as unknown as Values, options)).toThrow(
      expect.objectContaining({ code: 'bad_request', field }),
    )
  })
})

describe('flood signal by flow', () => {
  const flows = { warningFlow: 1_200, guaranteeFlow: '1800', historicMaximumFlow: 2_650 }
  test.each([
    [1_199.9, null],
    [1_200, 'yellow'],
    [1_800, 'orange'],
    ['2650', 'red'],
  ])('%s m3/s is %s', (flow, value) => {
    const answer = signal({ flow }, flows)
    expect(answer).toMatchObject({ value, sub: { flow: value }, details: { byFlow: value } })
  })
  test('blue only with a margin, and the worse of level and flow decides', () => {
    expect(signal({ flow: 1_150 }, { ...flows, nearFlow: 50 }).value).toBe('blue')
    const both = signal({ level: 9.4, flow: 1_900 }, { ...flows, warning: 9.3 })
    expect(both).toMatchObject({ value: 'orange', primary: ['flow'], sub: { level: 'yellow' } })
    expect(signal({ flow: 1_900 }, { warning: 9.3 }).level).toBeNull()
  })
})

describe('low-water signal', () => {
  const gauge = { droughtLevel: 3.2, seasonMinimum: 2.9, historicMinimum: '2.4' }
  test.each([
    [3.51, null, 0],
    [3.5, 'blue', 1],
    [3.2, 'yellow', 2],
    [2.9, 'orange', 3],
    [2.4, 'red', 4],
  ])('%s m is %s', (level, value, number) => {
    const answer = lowWaterIndex.compute(asked('MWR 2013', { level }, gauge))
    expect(answer).toMatchObject({ value, level: number, sub: { level: value } })
  })
  test('by flow and by the inflow of 30 days as well; the worst decides', () => {
    const values = { level: 3.1, flow: 80, inflow: 75 }
    const answer = lowWaterIndex.compute(asked('MWR 2013', values, { ...gauge, droughtFlow: 60 }))
    expect(answer).toMatchObject({
      value: 'orange',
      primary: ['inflow'],
      sub: { level: 'yellow', flow: null, inflow: 'orange' },
    })
    expect(lowWaterIndex.compute(asked('MWR 2013', { inflow: 39 })).level).toBe(0)
    expect(lowWaterIndex.compute(asked('MWR 2013', { level: 1 }))).toMatchObject({ level: null })
  })
})

describe('drought signal', () => {
  test.each([
    [18.01, {}, null],
    [18, {}, 'blue'],
    [9, {}, 'red'],
    [18, { fieldCapacity: 40 }, 'yellow'],
    [18, { fieldCapacity: 25 }, null],
  ])('%s %% by volume with %j is %s', (moisture, figures, value) => {
    const answer = droughtIndex.compute(asked('SL 424-2008', { moisture }, figures))
    expect(answer.value).toBe(value)
    expect(answer.notes.length > 0).toBe(!('fieldCapacity' in figures))
  })
  test('a share of field capacity is judged as it is', () => {
    const answer = droughtIndex.compute(asked('SL 424-2008', { share: 40 }))
    expect(answer).toMatchObject({ value: 'orange', category: { zh: '土壤干旱橙色预警信号' } })
  })
})

describe('flood signal', () => {
  const cases = vectors.filter((one) => one.kind === 'flood_signal')
  test.each(cases)('$id: $level m is $expect', (one) => {
    const { level, warning, guarantee, record, near, years } = one
    const figures = { warning, guarantee, record, near }
    expect(signal({ level, years, ...figures }).value).toBe(one.expect)
    expect(signal({ level, years }, figures).value).toBe(one.expect)
    expect(
      signal(
        { water_level: level },
        { warningLevel: warning, guaranteeLevel: guarantee, historicMaximum: record, near, years },
      ).value,
    ).toBe(one.expect)
  })

  test.each([
    ['44.49', null, 0],
    ['44.5', 'blue', 1],
    ['44.99', 'blue', 1],
    ['46.99', 'yellow', 2],
    ['47', 'orange', 3],
    ['48.19', 'orange', 3],
    ['48.2', 'red', 4],
  ])('%s m is %s', (level, value, number) => {
    expect(signal({ level }, gauge)).toMatchObject({
      value,
      level: number,
      colour: value,
      sub: { level: value },
    })
  })

  test.each([
    ['4.9', null],
    ['5', 'yellow'],
    ['20', 'orange'],
    ['50', 'red'],
  ])('a return period of %s years alone is %s', (years, value) => {
    expect(signal({ years }).value).toBe(value)
  })

  test('the worse of level and return period decides, and is named', () => {
    expect(signal({ level: '45.3', years: 30 }, gauge)).toMatchObject({
      value: 'orange',
      category: { zh: '洪水橙色预警信号' },
      sub: { level: 'yellow', years: 'orange' },
      primary: ['years'],
      details: { byLevel: 'yellow', byReturnPeriod: 'orange', aboveWarning: '0.300' },
    })
  })

  test('near is half a metre unless the gauge says otherwise, and the answer says so', () => {
    const { near: _, ...figures } = gauge
    const assumed = signal({ level: '44.5' }, figures)
    expect(assumed.value).toBe('blue')
    expect(assumed.notes[0]?.en).toContain('0.5')
    expect(signal({ level: '44.5' }, { ...figures, near: null }).value).toBeNull()
    expect(signal({ level: '44.5' }, { ...figures, near: '0.3' }).value).toBeNull()
  })

  test('a figure that the gauge does not have never raises a signal', () => {
    expect(signal({ level: 99 }, { warning: 45 }).value).toBe('yellow')
    expect(signal({ level: 44 }, { record: 48 })).toMatchObject({ value: null, level: 0 })
    expect(signal({ level: 99 })).toMatchObject({ value: null, level: null })
    expect(signal({ level: null, years: null }, gauge)).toMatchObject({ value: null, level: null })
    expect(signal({ level: 99 }, { warning: null, guarantee: null }).level).toBeNull()
  })

  test('a record below the guarantee level is red all the same; a crossed gauge is remarked on', () => {
    expect(signal({ level: 46 }, { warning: 45, guarantee: 47, record: 45.5 }).value).toBe('red')
    expect(signal({ level: 44 }, { warning: 45, guarantee: 43 }).notes[0]?.en).toContain('check')
  })

  test.each([
    [{ level: 'high' }, {}, 'values.level'],
    [{ level: 1 }, { warning: 'high' }, 'options.warning'],
    [{ level: 1 }, { near: -1 }, 'options.near'],
    [{ level: 1, years: -1 }, {}, 'values.years'],
    [{ level: 1 }, { warnings: 1 }, 'options'],
    [{ level: 1 }, { warning: 1, warningLevel: 2 }, 'options.warningLevel'],
    [{ level: 1, water_level: 1 }, {}, 'values.water_level'],
    [{ level: 1 }, { floodSeason: 'summer' }, 'options.floodSeason'],
    [{ level: 1 }, { floodSeason: '13-01/14-01' }, 'options.floodSeason'],
    [{ level: 1 }, { day: 15 }, 'options.day'],
  ])('%j %j is refused', (values, options, field) => {
    expect(() => signal(values as unknown as Values, options)).toThrow(
      expect.objectContaining({ code: 'bad_request', field }),
    )
  })
})

describe('flood-limit level', () => {
  const limit = (options: Options) =>
    signal({ level: '120.75' }, { floodLimitLevel: '120.5', ...options }).details.floodLimit
  const season = { floodSeason: '06-01/09-30' }

  test('standing above it is a breach on the days of its season', () => {
    const above = { limit: '120.500', inSeason: true, exceeded: true, excess: '0.250' }
    expect(limit({})).toEqual(above)
    expect(limit({ ...season, day: '2026-06-01' })).toEqual(above)
    expect(limit({ ...season, day: '09-30' })).toEqual(above)
    expect(limit({ ...season, day: '2026-10-01' })).toMatchObject({
      inSeason: false,
      exceeded: false,
    })
    expect(limit({ ...season, day: '2026-05-31' })).toMatchObject({ inSeason: false })
  })

  test('a season may pass the end of the year', () => {
    const wrapped = { floodSeason: '11-15/02-28' }
    expect(limit({ ...wrapped, day: '01-10' })).toMatchObject({ inSeason: true })
    expect(limit({ ...wrapped, day: '12-31' })).toMatchObject({ inSeason: true })
    expect(limit({ ...wrapped, day: '07-01' })).toMatchObject({ inSeason: false })
  })

  test('is left open when the day is not known; reaching it is allowed; it raises no signal', () => {
    expect(limit(season)).toMatchObject({ inSeason: null, exceeded: null, excess: null })
    const reached = signal({ level: '120.5' }, { floodLimitLevel: '120.50' })
    expect(reached.details.floodLimit).toMatchObject({ exceeded: false })
    expect(reached).toMatchObject({ value: null, level: null })
    expect(signal({ level: 1 }, gauge).details.floodLimit).toBeNull()
  })
})

describe('for any gauge', () => {
  const metres = fc.integer({ min: -5_000, max: 9_000 }).map((cm) => cm / 100)
  const figures = fc.record(
    { warning: metres, guarantee: metres, record: metres, near: fc.nat(200).map((cm) => cm / 100) },
    { requiredKeys: [] },
  )

  test('a higher level or a longer return period never gives a lower signal', () => {
    const years = fc.nat(200)
    fc.assert(
      fc.property(figures, metres, years, fc.nat(2_000), years, (given, level, age, up, older) => {
        const of = (l: number, y: number) => signal({ level: l, years: y }, given).level ?? 0
        const before = of(level, age)
        expect(of(level + up / 100, age)).toBeGreaterThanOrEqual(before)
        expect(of(level, age + older)).toBeGreaterThanOrEqual(before)
      }),
    )
  })

  test('taking a figure away never raises the signal', () => {
    const name = fc.constantFrom('warning', 'guarantee', 'record')
    fc.assert(
      fc.property(figures, metres, name, (given, level, gone) => {
        const before = signal({ level }, given).level ?? 0
        expect(signal({ level }, { ...given, [gone]: null }).level ?? 0).toBeLessThanOrEqual(before)
      }),
    )
  })
})

describe('starting bounds', () => {
  test.each([streetDepth, lowWater, drySoil])(
    '$title.en make a rule that is accepted',
    (bounds) => {
      const { property, direction, levels } = bounds
      expect(properties.has(property)).toBe(true)
      expect(ruleSchema.safeParse({ id: 'starter', property, direction, levels }).success).toBe(
        true,
      )
    },
  )

  test('are among the tables that people can check', () => {
    const titles = floodSignal.tables('MWR 2013').map(({ title }) => title)
    for (const bounds of [streetDepth, lowWater, drySoil]) expect(titles).toContain(bounds.title)
  })
})
