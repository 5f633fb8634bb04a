import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { leastSquares } from '../../../../domain/standards/air/least-squares.ts'
import { usNowcastDefinition } from '../../../../domain/standards/air/us-nowcast.ts'
import { usEdition } from '../../../../domain/standards/air/us-tables.ts'
import type { IndexRequest } from '../../../../domain/standards/definition.ts'
import { casesOf } from './vectors.ts'

type Hours = (number | null)[]
type Case =
  | {
      id: string
      kind: 'pm'
      pollutant: 'pm25' | 'pm10'
      values_newest_first: Hours
      expect: { nowcast: number | null; reported: string | null; aqi?: number }
    }
  | {
      id: string
      kind: 'o3_surrogate'
      last3_ppb_newest_first: Hours
      expect: { nowcast_ppb: number; method_id: number }
    }
  | {
      id: string
      kind: 'o3_regression'
      input_file: string
      expect: { nowcast_ppb: number; tolerance: number }
    }

const { vectors } = casesOf<Case>('nowcast.json')

function judge(values: IndexRequest['values'], options: IndexRequest['options'] = {}) {
  return usNowcastDefinition.compute({ edition: usEdition.id, values, options })
}

function detailsOf(values: IndexRequest['values'], pollutant: string) {
  return judge(values).details[pollutant] as Record<string, number | string | null>
}

function example(): Hours {
  const url = new URL('../../../cases/standards/o3_nowcast_example_input.json', import.meta.url)
  const { oldest_first } = JSON.parse(readFileSync(url, 'utf8')) as { oldest_first: Hours }
  return oldest_first.reverse()
}

describe('shared cases', () => {
  test.each(vectors.filter((one) => one.kind === 'pm'))('$id', (one) => {
    const found = detailsOf({ [one.pollutant]: one.values_newest_first }, one.pollutant)
    expect(found.reported).toBe(one.expect.reported)
    if (one.expect.nowcast === null) expect(found.nowcast).toBeNull()
    else expect(found.nowcast).toBeCloseTo(one.expect.nowcast, 9)
    const { value } = judge(
      { values_newest_first: one.values_newest_first },
      { pollutant: one.pollutant },
    )
    if (one.expect.aqi !== undefined) expect(value).toBe(one.expect.aqi)
    if (one.expect.nowcast === null) expect(value).toBeNull()
  })

  test.each(vectors.filter((one) => one.kind === 'o3_surrogate'))('$id', (one) => {
    const values = { last3_ppb_newest_first: one.last3_ppb_newest_first }
    expect(detailsOf(values, 'o3')).toMatchObject({ ...one.expect, surrogate: true })
  })

  test.each(vectors.filter((one) => one.kind === 'o3_regression'))('$id', ({ expect: want }) => {
    const found = detailsOf({ o3_ppb: example() }, 'o3')
    expect(found).toMatchObject({ method_id: 2, surrogate: false })
    expect(found.nowcast_ppb).toBeCloseTo(want.nowcast_ppb, 5)
  })
})

describe('particles', () => {
  test.each([
    [[10, null, 20], '12.0'],
    [[10, null, null, 20, 20], null],
    [[7, 7], '7.0'],
    [[-3, 0, 0], '0.0'],
  ])('%j is %j', (hours, reported) => {
    expect(detailsOf({ pm25: hours }, 'pm25').reported).toBe(reported)
  })

  test('lies between the smallest and the largest hour and looks at twelve', () => {
    const hours = fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 2, maxLength: 30 })
    fc.assert(
      fc.property(hours, (list) => {
        const nowcast = Number(detailsOf({ pm10: list }, 'pm10').nowcast)
        const last = list.slice(0, 12)
        expect(nowcast).toBeGreaterThanOrEqual(Math.min(...last) - 1e-9)
        expect(nowcast).toBeLessThanOrEqual(Math.max(...last) + 1e-9)
        expect(nowcast).toBe(detailsOf({ pm10: last }, 'pm10').nowcast)
      }),
    )
  })
})

describe('ozone', () => {
  test('a short gap is filled, the regression stays near', () => {
    const hours = example()
    for (const gap of [40, 41, 42, 200]) hours[gap] = null
    const found = detailsOf({ o3_ppb: hours }, 'o3')
    expect(found.method_id).toBe(2)
    expect(found.nowcast_ppb).toBeGreaterThan(0)
    expect(found.nowcast_ppb).toBeLessThan(60)
  })

  test('a gap of eight hours leads to the surrogate', () => {
    const hours = example().map((value, i) => (i >= 100 && i < 108 ? null : value))
    expect(detailsOf({ o3_ppb: hours }, 'o3').method_id).toBe(3)
  })

  test('without the current hour the one before is computed again', () => {
    const whole = example()
    const before = detailsOf({ o3_ppb: whole }, 'o3').nowcast_ppb
    const found = detailsOf({ o3_ppb: [null, ...whole] }, 'o3')
    expect(found).toMatchObject({ method_id: 4, nowcast_ppb: before })
    expect(detailsOf({ o3_ppb: [null, null, ...whole] }, 'o3').method_id).toBe(6)
    expect(detailsOf({ o3_ppb: [null, null, null, ...whole.slice(5)] }, 'o3').method_id).toBe(8)
  })

  test('two weeks of zeros are zero, and two weeks of one value that value', () => {
    const weeks = (value: number) => new Array<number>(336).fill(value)
    expect(detailsOf({ o3_ppb: weeks(0) }, 'o3')).toMatchObject({ nowcast_ppb: 0, method_id: 1 })
    expect(detailsOf({ o3_ppb: weeks(30) }, 'o3')).toMatchObject({ nowcast_ppb: 30, method_id: 2 })
  })

  test('the index is that of the 8 h column, after cutting to 0.001 ppm', () => {
    const answer = judge({ o3_ppb: [80] })
    expect(detailsOf({ o3_ppb: [80] }, 'o3')).toMatchObject({
      nowcast_ppb: 72.5,
      reported: '0.072',
    })
    expect(answer).toMatchObject({ value: 105, primary: ['o3'], sub: { o3_ppb: 105, o3: 105 } })
  })
})

test('the worst pollutant decides', () => {
  const answer = judge({ pm25: [35.5, 35.5, 35.5], pm10: [20, 20, 20], o3_ppb: [10] })
  expect(answer).toMatchObject({ value: 101, primary: ['pm25'], level: 3 })
})

describe('what is refused', () => {
  test.each([
    [{ pm25: 12 }, {}, /^values\.pm25: must be a list of at most 338/],
    [{ pm25: [1, 'x'] }, {}, /^values\.pm25\[1\]: is "x"/],
    [{ pm25: [[1]] }, {}, /^values\.pm25\[0\]: must be a decimal number or null/],
    [{ pm25: [1], pm25_1h: [1] }, {}, /^values\.pm25_1h: is a second list of pm25/],
    [{ pm25: new Array(339).fill(1) }, {}, /^values\.pm25: must be a list/],
    [{ values_newest_first: [1] }, {}, /^options\.pollutant: must be pm25 or pm10/],
    [{ o3: [1] }, {}, /^values: "o3" is not known; allowed: pm25/],
    [{ pm25: [-999] }, {}, /^values\.pm25\[0\]: must be from -10/],
    [{}, { hours: 3 }, /^options: "hours" is not known/],
  ])('%j with %j', (values, options, message) => {
    expect(() => judge(values as never, options)).toThrow(message)
  })
})

describe('least squares', () => {
  test('finds a plane exactly, also where columns repeat each other', () => {
    const rows = [
      [1, 2, 2],
      [2, 1, 4],
      [3, 5, 6],
      [4, 3, 8],
      [5, 9, 10],
    ]
    const predict = leastSquares(
      rows,
      rows.map(([a = 0, b = 0]) => 3 * a - 2 * b + 7),
    )
    expect(predict([10, 10, 20])).toBeCloseTo(17, 9)
  })

  test('finds what a line through noisy points is', () => {
    const predict = leastSquares([[0], [1], [2], [3]], [1, 3, 2, 5])
    expect(predict([0])).toBeCloseTo(1.1, 12)
    expect(predict([1])).toBeCloseTo(2.2, 12)
  })
})
