/** What rules compare and people read of an index, and the units of gases. */

import { describe, expect, test } from 'vitest'
import { comparedValue } from '../../../../domain/standards/site/compared.ts'
import { comparedWords } from '../../../../domain/standards/site/compared-words.ts'
import type { SiteIndexName } from '../../../../domain/standards/site/coverage.ts'
import { unitFactor } from '../../../../domain/standards/site/gas-units.ts'
import { definitionOf } from '../../../../domain/standards/site-indices.ts'

type Values = Record<string, number | null>

function compute(index: SiteIndexName, values: Values, options: Record<string, unknown> = {}) {
  const definition = definitionOf(index)
  const edition = definition.editions.at(-1)?.id ?? ''
  return definition.compute({ edition, values, options })
}

describe('the compared number and its words', () => {
  test.each<[SiteIndexName, Values, Record<string, unknown>, number, string, string]>([
    [
      'cn-aqi-daily',
      { pm25_24h: 200, pm10_24h: 9 },
      {},
      250,
      '250 (Heavy pollution)',
      '250（重度污染）',
    ],
    ['us-aqi', { pm25_24h: 9 }, {}, 50, '50 (Good)', '50（良好）'],
    ['eu-aqi', { pm25_1h: 141 }, {}, 6, '6 (Extremely poor)', '6（极差）'],
    ['gb3838', { nh3n: 1.2 }, {}, 4, 'class IV', 'Ⅳ类'],
    ['gb3838', { nh3n: 2.2 }, {}, 6, 'class V+', '劣Ⅴ类'],
    ['gb5749', { ph: 9, turbidity: 2, iron: 0.1 }, {}, 2, '2 items beyond limits', '2项超标'],
    ['gb5749', { ph: 7 }, {}, 0, '0 items beyond limits', '0项超标'],
    ['rain-grade', { '24h': 60 }, {}, 5, 'Rainstorm', '暴雨'],
    ['rainstorm-signal', { '3h': 50 }, { persisting: true }, 3, 'orange', '橙色'],
    ['rainstorm-signal', { '3h': 5 }, {}, 0, 'none', '无'],
    ['flood-signal', { level: 9.3 }, { warning: 9.3 }, 2, 'yellow', '黄色'],
  ])('%s of %o', (index, values, options, value, en, zh) => {
    const found = comparedValue(compute(index, values, options))
    expect(found).toBe(value)
    expect(comparedWords(index, value)).toEqual({ en, zh })
  })

  test.each<[SiteIndexName, Values]>([
    ['cn-aqi-hourly', { pm25_1h: 20, o3_1h: null }],
    ['us-aqi', { pm25_24h: null }],
    ['gb3838', { nh3n: null }],
    ['gb5749', { ph: null }],
    ['rain-grade', { '24h': null }],
    ['flood-signal', { level: null }],
  ])('%s without what it needs has none', (index, values) => {
    expect(comparedValue(compute(index, values))).toBeNull()
  })

  test('a bound between two levels is told as a number', () => {
    expect(comparedWords('gb3838', 3.5)).toEqual({ en: '3.5', zh: '3.5' })
    expect(comparedWords('flood-signal', 9)).toEqual({ en: '9', zh: '9' })
    expect(comparedWords('rain-grade', 0)).toEqual({ en: '0', zh: '0' })
  })
})

describe('units of gases', () => {
  test.each([
    // At 25 °C and 1013.25 hPa, as agencies publish them.
    ['o3', 'ug/m3', '[ppb]', 196.2, 100],
    ['so2', 'ug/m3', '[ppb]', 261.9, 100],
    ['no2', 'ug/m3', '[ppb]', 188, 100],
    ['co', 'mg/m3', '[ppm]', 1.145, 1],
    ['o3', 'ug/m3', '[ppm]', 137.3, 0.07],
    ['pm25', 'ug/m3', 'ug/m3', 35, 35],
    ['co', 'mg/m3', 'ug/m3', 1, 1_000],
  ])('%s from %s to %s', (pollutant, from, to, value, expected) => {
    expect(value * unitFactor(pollutant, from, to)).toBeCloseTo(expected, expected < 1 ? 4 : 1)
  })

  test('particles have no share of the air', () => {
    expect(() => unitFactor('pm25', 'ug/m3', '[ppb]')).toThrow('pm25')
  })
})
