/** The shared cases of `test/cases/standards/` as requests to `/indices`, with what of the answer must hold. */

import { readFileSync } from 'node:fs'
import { expect } from 'vitest'

export interface IndexCase {
  id: string
  index: string
  body: {
    edition?: string
    values: Record<string, unknown>
    options?: Record<string, unknown>
  }
  /** What the answer must hold, as `toMatchObject` understands it. */
  answer: Record<string, unknown>
}

interface Vector {
  id: string
  kind: string
  // biome-ignore lint/suspicious/noExplicitAny: each kind has its own shape, written down in the file.
  [key: string]: any
}

function read(name: string) {
  return JSON.parse(readFileSync(new URL(`../cases/standards/${name}`, import.meta.url), 'utf8'))
}

function casesOf(file: string, kinds: Record<string, (vector: Vector) => Omit<IndexCase, 'id'>>) {
  const vectors: readonly Vector[] = read(file).vectors
  return vectors.map((vector): IndexCase => {
    const kind = kinds[vector.kind]
    if (kind === undefined) throw new Error(`${file}: nothing is known of kind ${vector.kind}`)
    return { id: vector.id, ...kind(vector) }
  })
}

/** Matches a number that is as close; null only matches null. */
function near(value: number | null, tolerance: number): unknown {
  return value === null ? null : expect.toSatisfy((found) => Math.abs(found - value) <= tolerance)
}

const dailyOnly = new Set(['so2_24h', 'no2_24h', 'pm10_24h', 'co_24h', 'o3_8h', 'pm25_24h'])

const china = casesOf('china_aqi.json', {
  iaqi: ({ edition, indicator, value, expect: told }) => ({
    index: dailyOnly.has(indicator) ? 'cn-aqi-daily' : 'cn-aqi-hourly',
    body: { edition, values: { [indicator]: value } },
    answer: { edition, sub: { [indicator]: told } },
  }),
  aqi: ({ edition, mode, input, expect: told }) => ({
    index: mode === 'daily' ? 'cn-aqi-daily' : 'cn-aqi-hourly',
    body: { edition, values: input },
    answer: {
      edition,
      value: told.aqi,
      sub: told.iaqi,
      primary: told.primary ?? [],
      level: told.level,
      category: told.category === null ? null : { zh: told.category },
      colour: told.colour,
    },
  }),
})

const epa = casesOf('epa_aqi.json', {
  sub: ({ indicator, value, expect: told, category, colour }) => ({
    index: 'us-aqi',
    body: { values: { [indicator]: value } },
    answer: {
      value: told,
      sub: { [indicator]: told },
      category: category === null ? null : { en: category },
      colour,
    },
  }),
  combined: ({ input, expect: told }) => ({
    index: 'us-aqi',
    body: { values: input },
    answer: { value: told.aqi, primary: told.primary },
  }),
})

const nowcast = casesOf('nowcast.json', {
  pm: ({ pollutant, values_newest_first, expect: told }) => ({
    index: 'us-nowcast',
    body: { values: { [pollutant]: values_newest_first } },
    answer: {
      ...(told.aqi === undefined ? {} : { value: told.aqi, primary: [pollutant] }),
      details: { [pollutant]: { nowcast: near(told.nowcast, 1e-9), reported: told.reported } },
    },
  }),
  o3_surrogate: ({ last3_ppb_newest_first, expect: { nowcast_ppb, method_id } }) => ({
    index: 'us-nowcast',
    body: { values: { o3_ppb: last3_ppb_newest_first } },
    answer: { details: { o3: { nowcast_ppb: near(nowcast_ppb, 1e-9), method_id } } },
  }),
  o3_regression: ({ input_file, expect: { nowcast_ppb, tolerance } }) => ({
    index: 'us-nowcast',
    body: { values: { o3_ppb: read(input_file).oldest_first.toReversed() } },
    answer: { details: { o3: { nowcast_ppb: near(nowcast_ppb, tolerance) } } },
  }),
})

const surfaceWater = casesOf('gb3838.json', {
  single: ({ indicator, value, expect: told }) => ({
    index: 'gb3838',
    body: { values: { [indicator]: value } },
    answer: { sub: { [indicator]: told } },
  }),
  section: ({ input, target, expect: told }) => ({
    index: 'gb3838',
    body: { values: input, options: { target } },
    answer: {
      value: told.class,
      sub: told.classes,
      category: { zh: told.state },
      details: {
        target: told.target,
        meetsTarget: told.meets_target,
        exceedMultiple: told.exceed_multiple,
      },
    },
  }),
})

const rainAndFlood = casesOf('rain_flood.json', {
  rain_grade: ({ period, mm, expect: told }) => ({
    index: 'rain-grade',
    body: { values: { [period]: mm } },
    answer: { value: told, category: { zh: told } },
  }),
  rainstorm_signal: ({ observed: { persisting, ...sums }, forecast, expect: told }) => ({
    index: 'rainstorm-signal',
    body: {
      values: sums,
      options: { forecast, ...(persisting === undefined ? {} : { persisting }) },
    },
    answer: { value: told, colour: told },
  }),
  flood_size: ({ return_period_years, expect: told }) => ({
    index: 'flood-size',
    body: { values: { return_period_years } },
    answer: { value: told, category: { zh: told } },
  }),
  flood_signal: ({ level, warning, guarantee, record, near, years, expect: told }) => ({
    index: 'flood-signal',
    body: { values: { level, warning, guarantee, record, near, years } },
    answer: { value: told, colour: told },
  }),
})

export const indexCases: readonly IndexCase[] = [
  ...china,
  ...epa,
  ...nowcast,
  ...surfaceWater,
  ...rainAndFlood,
]
