/** Grades of rain (GB/T 28592-2012) and rainstorm signals (CMA Order 16): shared cases, bounds, what must hold for any rain. */

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { IndexAnswer, IndexRequest } from '../../../../domain/standards/definition.ts'
import { rainGrade } from '../../../../domain/standards/rain/rain-grade.ts'
import { rainstormSignal } from '../../../../domain/standards/rain/rainstorm-signal.ts'

interface GradeCase {
  id: string
  kind: 'rain_grade'
  period: string
  mm: string
  expect: string
}
interface SignalCase {
  id: string
  kind: 'rainstorm_signal'
  observed: Record<string, string | boolean>
  forecast: Record<string, string>
  expect: string | null
}
const { vectors }: { vectors: (GradeCase | SignalCase | { kind: 'other' })[] } = JSON.parse(
  readFileSync('test/cases/standards/rain_flood.json', 'utf8'),
)

type Values = IndexRequest['values']
type Options = IndexRequest['options']

function grade(values: Values, options: Options = {}): IndexAnswer {
  return rainGrade.compute({ edition: 'GB/T 28592-2012', values, options })
}

function signal(values: Values, options: Options = {}): IndexAnswer {
  return rainstormSignal.compute({ edition: 'CMA Order 16 (2007)', values, options })
}

describe('grade of rain', () => {
  const cases = vectors.filter((one) => one.kind === 'rain_grade')
  test.each(cases)('$id is $expect', ({ period, mm, expect: wanted }) => {
    const answers = [
      grade({ [period]: mm }),
      grade({ [`rain_${period}`]: Number(mm) }),
      grade({ mm }, { period }),
    ]
    for (const { value, category, sub } of answers) {
      expect(value).toBe(wanted)
      expect(category?.zh).toBe(wanted)
      expect(Object.values(sub)).toEqual([wanted])
    }
  })

  test.each([
    ['24h', '0', 1],
    ['24h', '0.0999', 1],
    ['24h', '0.1', 2],
    ['24h', '9.95', 2],
    ['24h', '10.0', 3],
    ['24h', '25', 4],
    ['24h', '100.0', 6],
    ['24h', '249.9', 6],
    ['24h', '1000', 7],
    ['12h', '0.05', 1],
    ['12h', '14.9', 3],
    ['12h', '30', 5],
    ['12h', '70', 6],
    ['12h', '140.0', 7],
  ])('%s %s mm is level %i', (period, mm, level) => {
    expect(grade({ [period]: mm }).level).toBe(level)
  })

  test('the heavier of both periods counts', () => {
    expect(grade({ '12h': '31', '24h': '40' })).toMatchObject({
      value: '暴雨',
      category: { en: 'Rainstorm' },
      sub: { '12h': '暴雨', '24h': '大雨' },
      primary: ['12h'],
    })
  })

  test('no sum gives no grade', () => {
    expect(grade({ '24h': null })).toMatchObject({ value: null, level: null, sub: { '24h': null } })
  })

  test.each([
    [{ mm: 5 }, {}, 'options.period'],
    [{ mm: 5 }, { period: '1h' }, 'options.period'],
    [{ '1h': 5 }, {}, 'values'],
    [{ '24h': -1 }, {}, 'values.24h'],
    [{ '24h': 1, rain_24h: 1 }, {}, 'values.rain_24h'],
  ])('%j %j is refused', (values, options, field) => {
    expect(() => grade(values as unknown as Values, options)).toThrow(
      expect.objectContaining({ code: 'bad_request', field }),
    )
  })
})

describe('rainstorm signal', () => {
  const cases = vectors.filter((one) => one.kind === 'rainstorm_signal')
  test.each(cases)('$id is $expect', ({ observed, forecast, expect: wanted }) => {
    expect(signal({}, { observed, forecast }).value).toBe(wanted)
    const { persisting, ...sums } = observed
    expect(signal(sums as Values, { persisting, forecast }).value).toBe(wanted)
  })

  test.each([
    [{ '12h': '50' }, 'blue', 1],
    [{ '12h': '49.9' }, null, 0],
    [{ '6h': '50.0' }, 'yellow', 2],
    [{ '3h': '50' }, 'orange', 3],
    [{ '3h': '99.9' }, 'orange', 3],
    [{ '3h': '100' }, 'red', 4],
    [{ '24h': '400', '1h': '90' }, null, 0],
    [{ rain_3h: 120, rain_12h: 120 }, 'red', 4],
  ])('%j that goes on: %s', (sums, value, level) => {
    expect(signal(sums as unknown as Values, { persisting: true })).toMatchObject({ value, level })
  })

  test('sensors alone give an advisory: reached, persistence unknown', () => {
    const answer = signal({ '3h': '55', '12h': '60' })
    expect(answer).toMatchObject({
      value: 'orange',
      level: 3,
      colour: 'orange',
      category: { zh: '暴雨橙色预警信号' },
      sub: { '3h': 'orange', '12h': 'blue' },
      primary: ['3h'],
      details: { basis: 'advisory', persisting: null, reached: 'orange' },
    })
    expect(answer.notes[0]?.en).toContain('advisory')
  })

  test('rain that is over leaves only what is forecast', () => {
    const over = { persisting: false }
    expect(signal({ '3h': '120' }, over)).toMatchObject({
      value: null,
      level: 0,
      details: { reached: 'red', basis: null },
    })
    expect(signal({ '3h': '120' }, { ...over, forecast: { '6h': 50 } })).toMatchObject({
      value: 'yellow',
      primary: ['6h'],
      details: { basis: 'forecast' },
    })
  })

  test('nothing known is not the same as no signal', () => {
    expect(signal({ '3h': null })).toMatchObject({ value: null, level: null })
    expect(signal({ '3h': 0 })).toMatchObject({ value: null, level: 0 })
  })

  test.each([
    [{ '2h': 5 }, {}, 'values'],
    [{ '3h': -0.1 }, {}, 'values.3h'],
    [{}, { forecast: [1] }, 'options.forecast'],
    [{}, { forecast: { '5h': 1 } }, 'options.forecast'],
    [{}, { forecast: { '3h': {} } }, 'options.forecast.3h'],
    [{}, { persisting: 'yes' }, 'options.persisting'],
    [{}, { observed: { persisting: 1 } }, 'options.persisting'],
  ])('%j %j is refused', (values, options, field) => {
    expect(() => signal(values as unknown as Values, options)).toThrow(
      expect.objectContaining({ code: 'bad_request', field }),
    )
  })
})

describe('for any rain', () => {
  const mm = fc.nat(3_000).map((n) => n / 10)

  test('more rain never gives a lower grade', () => {
    fc.assert(
      fc.property(fc.constantFrom('12h', '24h'), mm, mm, (period, a, b) => {
        const level = (sum: number) => grade({ [period]: sum }).level ?? 0
        expect(level(a + b)).toBeGreaterThanOrEqual(level(a))
      }),
    )
  })

  test('more rain in any sum, observed or forecast, never gives a lower signal', () => {
    const sums = fc.record({ '3h': mm, '6h': mm, '12h': mm })
    const period = fc.constantFrom('3h' as const, '6h' as const, '12h' as const)
    fc.assert(
      fc.property(sums, sums, period, mm, (observed, forecast, grown, more) => {
        const of = (a: typeof sums extends fc.Arbitrary<infer T> ? T : never, b: typeof a) =>
          signal(a, { forecast: b, persisting: true }).level ?? 0
        const before = of(observed, forecast)
        expect(
          of({ ...observed, [grown]: observed[grown] + more }, forecast),
        ).toBeGreaterThanOrEqual(before)
        expect(
          of(observed, { ...forecast, [grown]: forecast[grown] + more }),
        ).toBeGreaterThanOrEqual(before)
      }),
    )
  })
})
