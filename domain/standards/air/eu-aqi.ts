/**
 * European air quality index: hourly concentrations in six bands, the worst pollutant decides. The value of the index
 * is the number of the band, 1 (good) to 6 (extremely poor). Daily values may be given too: they do not count, they
 * are held against the WHO guideline levels in `details.who`.
 */

import { compare, type Decimal, exactly } from '../decimal.ts'
import type { Edition, IndexAnswer, IndexDefinition, IndexRequest } from '../definition.ts'
import { checkOptions, givenValues } from '../given.ts'
import { type Level, levelOf, levelsTable, noLevel } from './levels.ts'
import {
  belowZeroNote,
  concentration,
  massSpan,
  nameOf,
  type Pollutant,
  pollutants,
} from './pollutants.ts'
import { unknownEdition } from './unknown-edition.ts'
import { whoCodes, whoFlags, whoTable } from './who-guidelines.ts'

const edition: Edition = {
  id: 'ETC HE 2024/17',
  title: { en: 'European Air Quality Index, bands of 2024', zh: '欧洲空气质量指数（2024年分级）' },
  inForceFrom: null,
  inForceTo: null,
  source: 'European Environment Agency, report ETC HE 2024/17; in use since 2025',
  confidence: 'B',
}

/** Largest hourly concentration of each band but the last, ug/m3 (ETC HE 2024/17). */
const bands: readonly (readonly [Pollutant, readonly number[]])[] = [
  ['pm25', [5, 15, 50, 90, 140]],
  ['pm10', [15, 45, 120, 195, 270]],
  ['o3', [60, 100, 120, 160, 180]],
  ['no2', [10, 25, 60, 100, 150]],
  ['so2', [20, 40, 125, 190, 275]],
]

/** Colours of the agency's map; it gives them as numbers, so the name of a colour here is its hexadecimal form. */
const levels: readonly Level[] = [
  { upTo: 1, category: { en: 'Good', zh: '好' }, colour: '#50F0E6', rgb: [80, 240, 230] },
  { upTo: 2, category: { en: 'Fair', zh: '较好' }, colour: '#50CCAA', rgb: [80, 204, 170] },
  { upTo: 3, category: { en: 'Moderate', zh: '中等' }, colour: '#F0E641', rgb: [240, 230, 65] },
  { upTo: 4, category: { en: 'Poor', zh: '差' }, colour: '#FF5050', rgb: [255, 80, 80] },
  { upTo: 5, category: { en: 'Very poor', zh: '很差' }, colour: '#960032', rgb: [150, 0, 50] },
  {
    upTo: null,
    category: { en: 'Extremely poor', zh: '极差' },
    colour: '#7D2181',
    rgb: [125, 33, 129],
  },
]

const hourly = (pollutant: Pollutant) => `${pollutant}_1h`

const names = new Map([
  ...bands.flatMap(([pollutant]) => [
    [hourly(pollutant), hourly(pollutant)] as const,
    [pollutant, hourly(pollutant)] as const,
  ]),
  ...whoCodes.map((code) => [code, code] as const),
])

function bandOf(value: Decimal, limits: readonly number[]): number {
  const at = limits.findIndex((limit) => compare(value, exactly(limit)) <= 0)
  return at === -1 ? limits.length + 1 : at + 1
}

function compute({ edition: asked, options, values }: IndexRequest): IndexAnswer {
  if (asked !== edition.id) throw unknownEdition(asked, [edition])
  checkOptions(options, [])
  const sub: Record<string, number | null> = {}
  const found = new Map<Pollutant, number>()
  const ofTheDay = new Map<string, Decimal>()
  for (const given of givenValues(values, names)) {
    const pollutant = pollutants.find((one) => given.code.startsWith(`${one}_`))
    if (pollutant === undefined) continue
    const value = concentration(given, massSpan(pollutant))
    const limits = bands.find(([one]) => given.code === hourly(one))?.[1]
    if (limits === undefined) {
      if (value !== null) ofTheDay.set(given.code, value)
      continue
    }
    const band = value === null ? null : bandOf(value, limits)
    sub[given.key] = band
    if (band !== null) found.set(pollutant, band)
  }
  const value = found.size === 0 ? null : Math.max(...found.values())
  const missing = bands.map(([pollutant]) => pollutant).filter((one) => !found.has(one))
  const common = { index: 'eu-aqi', edition: edition.id, value, sub, notes: [] } as const
  const details = { missing, ...(ofTheDay.size > 0 ? { who: whoFlags(ofTheDay) } : {}) }
  if (value === null) return { ...common, primary: [], ...noLevel, details }
  const primary = pollutants.filter((one) => found.get(one) === value)
  return { ...common, primary, ...levelOf(value, levels), details }
}

export const euAqi: IndexDefinition = {
  name: 'eu-aqi',
  title: { en: 'European air quality index', zh: '欧洲空气质量指数' },
  editions: [edition],
  indicators: () =>
    bands.map(([pollutant]) => ({
      code: hourly(pollutant),
      name: nameOf(pollutant),
      unit: massSpan(pollutant).unit,
      property: pollutant,
      averaging: { en: 'mean of 1 h', zh: '1小时平均' },
    })),
  options: {},
  compute,
  tables: () => [
    {
      title: { en: 'Bands', zh: '分级浓度上限' },
      clause: 'ETC HE 2024/17',
      confidence: 'B',
      columns: ['pollutant', ...levels.slice(0, -1).map(({ category }) => `${category.en} up to`)],
      rows: bands.map(([pollutant, limits]) => [pollutant, ...limits]),
      notes: [
        'Hourly means in ug/m3; above the last number the band is 6, extremely poor. The value of the index is the number of the band.',
        'A value on a limit belongs to the better band. Values are not rounded: the sources say nothing of it.',
        'The agency fills gaps from its model and asks traffic stations for NO2 and PM only; here the given values alone count.',
        belowZeroNote,
      ],
    },
    levelsTable(levels, {
      title: { en: 'Levels', zh: '级别' },
      clause: 'ETC HE 2024/17',
      confidence: 'C',
      notes: ['Colours from general knowledge of the agency’s map; Chinese names are ours.'],
    }),
    whoTable,
  ],
}
