import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { usAqiDefinition } from '../../../../domain/standards/air/us-definitions.ts'
import { usColumns, usEdition } from '../../../../domain/standards/air/us-tables.ts'
import type { IndexRequest } from '../../../../domain/standards/definition.ts'
import { casesOf } from './vectors.ts'

interface SubCase {
  id: string
  kind: 'sub'
  indicator: string
  value: string
  truncated: string
  expect: number | null
  category: string | null
  colour: string | null
}
interface CombinedCase {
  id: string
  kind: 'combined'
  input: Record<string, string>
  expect: Record<string, number | string[]> & { aqi: number; primary: string[] }
}

const { vectors } = casesOf<SubCase | CombinedCase>('epa_aqi.json')

function judge(values: IndexRequest['values']) {
  return usAqiDefinition.compute({ edition: usEdition.id, values, options: {} })
}

describe('shared cases', () => {
  test.each(vectors.filter((one) => one.kind === 'sub'))('$id: $value is $expect', (one) => {
    const answer = judge({ [one.indicator]: one.value })
    expect(answer.sub[one.indicator]).toBe(one.expect)
    expect(answer).toMatchObject({ value: one.expect, colour: one.colour })
    expect(answer.category?.en ?? null).toBe(one.category)
    expect(answer.details.truncated).toEqual({ [one.indicator]: one.truncated })
    expect(judge({ [one.indicator]: Number(one.value) })).toEqual(answer)
  })

  test.each(vectors.filter((one) => one.kind === 'combined'))('$id', ({ input, expect: want }) => {
    const { aqi, primary, ...pollutants } = want
    const answer = judge(input)
    expect(answer).toMatchObject({ value: aqi, primary })
    expect(answer.sub).toMatchObject(pollutants)
  })
})

describe('one pollutant, two columns', () => {
  test('1 h ozone of 0.162 ppm is 147 by the equation', () => {
    expect(judge({ o3_1h: '0.162' }).value).toBe(147)
  })

  test('8 h ozone above 0.200 ppm leaves it to 1 h', () => {
    expect(judge({ o3_8h: '0.201' })).toMatchObject({ value: null, sub: { o3: null } })
    expect(judge({ o3_8h: '0.201', o3_1h: '0.405' })).toMatchObject({ value: 301 })
  })

  test('SO2 from 305 ppb on', () => {
    expect(judge({ so2_1h: 310 })).toMatchObject({ value: null, sub: { so2_1h: null } })
    expect(judge({ so2_1h: 310 }).notes[0]?.en).toContain('200 or more')
    expect(judge({ so2_1h: 310, so2_24h: 304 })).toMatchObject({ value: 200 })
    expect(judge({ so2_1h: 310, so2_24h: 305 })).toMatchObject({ value: 201 })
    expect(judge({ so2_1h: 75, so2_24h: 30 })).toMatchObject({ value: 100 })
  })
})

test('edges of all bands are exact', () => {
  for (const { code, bands } of usColumns) {
    for (const [low, high, from, to] of bands) {
      expect([judge({ [code]: low }).sub[code], judge({ [code]: high }).sub[code]]).toEqual([
        from,
        to,
      ])
    }
  }
})

test('raising a concentration never lowers its index while it has one', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(fc.constantFrom(...usColumns), share, share, (column, a, b) => {
      const end = Number(column.bands.at(-1)?.[1]) * 1.2
      const [low, high] = [Math.min(a, b), Math.max(a, b)].map(
        (part) => judge({ [column.code]: (part * end).toFixed(6) }).sub[column.code],
      )
      if (low !== null && high !== null) expect(Number(high)).toBeGreaterThanOrEqual(Number(low))
    }),
  )
})

describe('what is refused', () => {
  test.each([
    [{ o3_8h: 45 }, /^values\.o3_8h: must be from -0\.01 to 3 \[ppm\]/],
    [{ o3: 0.05 }, /^values: "o3" is not known/],
    [{ pm25_24h: '1,5' }, /^values\.pm25_24h: /],
  ])('%j', (values, message) => {
    expect(() => judge(values)).toThrow(message)
  })

  test('an edition that there is not', () => {
    const request = { edition: '1999', values: {}, options: {} }
    expect(() => usAqiDefinition.compute(request)).toThrow(/^edition: is "1999"/)
  })
})
