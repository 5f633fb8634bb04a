/**
 * Numbers of China's air quality index, both editions: breakpoints (HJ 633-2012 table 1, HJ 633-2026 table 3),
 * which indicators each report counts, and the levels. The editions differ in PM10 and PM2.5 at IAQI 100 only.
 */

import { type Decimal, exactly } from '../decimal.ts'
import type { Edition } from '../definition.ts'
import type { Level } from './levels.ts'
import type { Pollutant } from './pollutants.ts'

export const cnEditions = [
  {
    id: 'HJ 633-2012',
    title: {
      en: 'Technical Regulation on Ambient Air Quality Index (on trial)',
      zh: '环境空气质量指数（AQI）技术规定（试行）',
    },
    inForceFrom: '2016-01-01',
    inForceTo: '2026-02-28',
    source:
      'Ministry of Ecology and Environment (mee.gov.cn); copy: github.com/caiyunapp/aqi-hub, docs/',
    confidence: 'A',
  },
  {
    id: 'HJ 633-2026',
    title: {
      en: 'Technical Regulation on Ambient Air Quality Index',
      zh: '环境空气质量指数（AQI）技术规定',
    },
    inForceFrom: '2026-03-01',
    inForceTo: null,
    source:
      'mee.gov.cn/ywgz/fgbz/bz/bzwb/jcffbz/202602/t20260225_1144441.shtml; copy: github.com/caiyunapp/aqi-hub, docs/',
    confidence: 'A',
  },
] as const satisfies readonly Edition[]
export type CnEdition = (typeof cnEditions)[number]['id']

/** HJ 633-2012 table 1, HJ 633-2026 table 3: the IAQI of each breakpoint. */
export const iaqiNodes = [0, 50, 100, 150, 200, 300, 400, 500] as const

/** ug/m3, CO in mg/m3. A short column has no IAQI above its last node. */
const sameInBoth = {
  so2_24h: [0, 50, 150, 475, 800, 1600, 2100, 2620],
  so2_1h: [0, 150, 500, 650, 800],
  no2_24h: [0, 40, 80, 180, 280, 565, 750, 940],
  no2_1h: [0, 100, 200, 700, 1200, 2340, 3090, 3840],
  co_24h: [0, 2, 4, 14, 24, 36, 48, 60],
  co_1h: [0, 5, 10, 35, 60, 90, 120, 150],
  o3_1h: [0, 160, 200, 300, 400, 800, 1000, 1200],
  o3_8h: [0, 100, 160, 215, 265, 800],
} as const
const pm10 = {
  2012: [0, 50, 150, 250, 350, 420, 500, 600],
  2026: [0, 50, 120, 250, 350, 420, 500, 600],
}
const pm25 = {
  2012: [0, 35, 75, 115, 150, 250, 350, 500],
  2026: [0, 35, 60, 115, 150, 250, 350, 500],
}

/** The 2026 edition reads PM of 1 h against the column of the daily mean (table 3); the 2012 one has no such IAQI. */
export const breakpoints: Readonly<Record<CnEdition, Readonly<Record<string, readonly number[]>>>> =
  {
    'HJ 633-2012': { ...sameInBoth, pm10_24h: pm10[2012], pm25_24h: pm25[2012] },
    'HJ 633-2026': {
      ...sameInBoth,
      pm10_24h: pm10[2026],
      pm10_1h: pm10[2026],
      pm25_24h: pm25[2026],
      pm25_1h: pm25[2026],
    },
  }

export interface CnIndicator {
  code: string
  pollutant: Pollutant
  span: '1h' | '8h' | '24h'
}

/** Everything that a report of either edition knows, in the order of the pollutants. */
export const cnIndicators: readonly CnIndicator[] = [
  { code: 'so2_24h', pollutant: 'so2', span: '24h' },
  { code: 'so2_1h', pollutant: 'so2', span: '1h' },
  { code: 'no2_24h', pollutant: 'no2', span: '24h' },
  { code: 'no2_1h', pollutant: 'no2', span: '1h' },
  { code: 'pm10_24h', pollutant: 'pm10', span: '24h' },
  { code: 'pm10_1h', pollutant: 'pm10', span: '1h' },
  { code: 'co_24h', pollutant: 'co', span: '24h' },
  { code: 'co_1h', pollutant: 'co', span: '1h' },
  { code: 'o3_1h', pollutant: 'o3', span: '1h' },
  { code: 'o3_8h', pollutant: 'o3', span: '8h' },
  { code: 'pm25_24h', pollutant: 'pm25', span: '24h' },
  { code: 'pm25_1h', pollutant: 'pm25', span: '1h' },
]

export type CnReport = 'cn-aqi-daily' | 'cn-aqi-hourly'

/**
 * The indicators of each report. HJ 633-2012 section 5: seven of the day, nine of the hour, of which PM of 1 h are
 * told but have no IAQI. HJ 633-2026 section 5: six each.
 */
export const reportIndicators: Readonly<
  Record<CnReport, Readonly<Record<CnEdition, readonly string[]>>>
> = {
  'cn-aqi-daily': {
    'HJ 633-2012': ['so2_24h', 'no2_24h', 'pm10_24h', 'co_24h', 'o3_1h', 'o3_8h', 'pm25_24h'],
    'HJ 633-2026': ['so2_24h', 'no2_24h', 'pm10_24h', 'co_24h', 'o3_8h', 'pm25_24h'],
  },
  'cn-aqi-hourly': {
    'HJ 633-2012': [
      'so2_1h',
      'no2_1h',
      'pm10_1h',
      'pm10_24h',
      'co_1h',
      'o3_1h',
      'o3_8h',
      'pm25_1h',
      'pm25_24h',
    ],
    'HJ 633-2026': ['so2_1h', 'no2_1h', 'pm10_1h', 'co_1h', 'o3_1h', 'pm25_1h'],
  },
}

/**
 * As the text of the edition has it, or as the national platform published the real-time report: before 2026 from the six
 * means of 1 h with PM read against the column of the daily mean, which HJ 633-2012 has no sub-index for; since then with
 * an AQI also where PM10 alone is blank and the rest is at most 100, which HJ 633-2026 5.3.1 withholds. Confidence B and C.
 */
export const cnForms = ['text', 'published'] as const
export type CnForm = (typeof cnForms)[number]

/** What counts in a report of a form: published ones have the six of HJ 633-2026 under both editions. */
export function countedIndicators(
  report: CnReport,
  edition: CnEdition,
  form: CnForm,
): readonly string[] {
  return reportIndicators[report][form === 'published' ? 'HJ 633-2026' : edition]
}

/** Above the last node of a short column: HJ 633-2026 table 3 notes b and c; -2012 notes 2 and 3 give none. */
export const aboveShortColumn: Readonly<
  Record<CnEdition, Readonly<Record<string, number | null>>>
> = {
  'HJ 633-2012': { so2_1h: null, o3_8h: null },
  'HJ 633-2026': { so2_1h: 200, o3_8h: 300 },
}

/** HJ 633-2026 4.2.2: decimals of concentrations, by GB/T 8170; the 2012 edition does not round them. */
export function decimalsOf(pollutant: Pollutant, edition: CnEdition): number | null {
  if (edition === 'HJ 633-2012') return null
  return pollutant === 'co' ? 1 : 0
}

/** HJ 633-2012 table 2 and appendix A; -2026 appendix A. Names in English are the customary ones. */
export const cnLevels: readonly Level[] = [
  { upTo: 50, category: { en: 'Excellent', zh: '优' }, colour: '绿色', rgb: [0, 228, 0] },
  { upTo: 100, category: { en: 'Good', zh: '良' }, colour: '黄色', rgb: [255, 255, 0] },
  {
    upTo: 150,
    category: { en: 'Light pollution', zh: '轻度污染' },
    colour: '橙色',
    rgb: [255, 126, 0],
  },
  {
    upTo: 200,
    category: { en: 'Moderate pollution', zh: '中度污染' },
    colour: '红色',
    rgb: [255, 0, 0],
  },
  {
    upTo: 300,
    category: { en: 'Heavy pollution', zh: '重度污染' },
    colour: '紫色',
    rgb: [153, 0, 76],
  },
  {
    upTo: null,
    category: { en: 'Severe pollution', zh: '严重污染' },
    colour: '褐红色',
    rgb: [126, 0, 35],
  },
]

/** A column as exact points (concentration, IAQI). */
export type Column = readonly (readonly [Decimal, Decimal])[]

export const columns: Readonly<Record<CnEdition, ReadonlyMap<string, Column>>> = {
  'HJ 633-2012': columnsOf('HJ 633-2012'),
  'HJ 633-2026': columnsOf('HJ 633-2026'),
}

function columnsOf(edition: CnEdition): ReadonlyMap<string, Column> {
  return new Map(
    Object.entries(breakpoints[edition]).map(([code, nodes]) => [
      code,
      nodes.map((node, i) => [exactly(node), exactly(iaqiNodes[i] ?? 500)] as const),
    ]),
  )
}
