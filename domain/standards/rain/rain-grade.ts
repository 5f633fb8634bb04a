/**
 * GB/T 28592-2012, grades of rain, from what fell in 12 or 24 hours. Only these two periods exist in the standard;
 * hourly "grades" seen elsewhere are house rules.
 */

import { Fault } from '../../errors.ts'
import type { BothLanguages } from '../../text.ts'
import { compare, type Decimal, exactly } from '../decimal.ts'
import type { IndexAnswer, IndexDefinition, IndexRequest } from '../definition.ts'
import { checkOptions, choiceOption, givenValues, isMeasured, refuseNegative } from '../given.ts'
import { rainSums } from './rain-sums.ts'

const periods = ['12h', '24h'] as const
type Period = (typeof periods)[number]

interface Grade {
  name: BothLanguages
  /** mm from which the grade begins, inclusive; a grade ends where the next begins. */
  from: Readonly<Record<Period, string>>
}

/** Table 1; heavier downwards. The level is the place in this list, from 1. */
const grades: readonly Grade[] = [
  { name: { en: 'Trace of rain', zh: '微量降雨' }, from: { '12h': '0', '24h': '0' } },
  { name: { en: 'Light rain', zh: '小雨' }, from: { '12h': '0.1', '24h': '0.1' } },
  { name: { en: 'Moderate rain', zh: '中雨' }, from: { '12h': '5.0', '24h': '10.0' } },
  { name: { en: 'Heavy rain', zh: '大雨' }, from: { '12h': '15.0', '24h': '25.0' } },
  { name: { en: 'Rainstorm', zh: '暴雨' }, from: { '12h': '30.0', '24h': '50.0' } },
  { name: { en: 'Heavy rainstorm', zh: '大暴雨' }, from: { '12h': '70.0', '24h': '100.0' } },
  { name: { en: 'Severe rainstorm', zh: '特大暴雨' }, from: { '12h': '140.0', '24h': '250.0' } },
]

const options: Readonly<Record<string, BothLanguages>> = {
  period: {
    en: 'Of the value mm or rainfall: 12h or 24h. Needed for those two only.',
    zh: '数值 mm 或 rainfall 的时段：12h 或 24h，仅对这两个名称必填。',
  },
}

/** Names of values → period; those without one take it from the option. */
const codes: ReadonlyMap<string, string> = new Map([
  ...periods.flatMap((period) => [period, `rain_${period}`].map((name) => [name, period] as const)),
  ['mm', 'mm'],
  ['rainfall', 'mm'],
])

function levelOf(sum: Decimal, period: Period): number {
  return grades.filter(({ from }) => compare(sum, exactly(from[period])) >= 0).length
}

function periodOf(code: string, option: Period | undefined): Period {
  const period = periods.find((one) => one === code) ?? option
  if (period !== undefined) return period
  throw new Fault(
    'bad_request',
    'options.period: must be 12h or 24h, to say what mm is a sum of.',
    {
      field: 'options.period',
    },
  )
}

function compute({ edition, values, options: given }: IndexRequest): IndexAnswer {
  checkOptions(given, Object.keys(options))
  const option = choiceOption(given, 'period', periods)
  const all = refuseNegative(givenValues(values, codes))
  const levels = new Map(
    all
      .filter(isMeasured)
      .map(({ key, code, value }) => [key, levelOf(value, periodOf(code, option))]),
  )
  const level = levels.size === 0 ? null : Math.max(...levels.values())
  const name = level === null ? undefined : grades[level - 1]?.name
  return {
    index: 'rain-grade',
    edition,
    value: name?.zh ?? null,
    sub: Object.fromEntries(
      all.map(({ key }) => [key, grades[(levels.get(key) ?? 0) - 1]?.name.zh ?? null]),
    ),
    primary: [...levels].filter(([, one]) => one === level).map(([key]) => key),
    category: name ?? null,
    colour: null,
    rgb: null,
    level,
    details: {},
    notes: level === null ? [{ en: 'No sum of rain was given.', zh: '没有给出降雨量。' }] : [],
  }
}

export const rainGrade: IndexDefinition = {
  name: 'rain-grade',
  title: { en: 'Grade of rain', zh: '降雨量等级' },
  editions: [
    {
      id: 'GB/T 28592-2012',
      title: { en: 'Grade of precipitation', zh: '降水量等级' },
      inForceFrom: '2012-08-01',
      inForceTo: null,
      source: 'Two pages and one repository that quote table 1 and agree',
      confidence: 'B',
    },
  ],
  indicators: () => rainSums(periods),
  options,
  compute,
  tables: () => [
    {
      title: { en: 'Grades of rain, mm', zh: '降雨量等级（毫米）' },
      clause: 'GB/T 28592-2012 table 1',
      confidence: 'B',
      columns: ['level', 'grade', '等级', '12h from', '24h from'],
      rows: grades.map(({ name, from }, i) => [i + 1, name.en, name.zh, from['12h'], from['24h']]),
      notes: [
        'The table is printed to 0.1 mm (such as 10.0 to 24.9); here a grade reaches up to where the next begins, so 9.95 mm in 24 h is light rain.',
        'No rain at all is in the first grade, as its "less than 0.1 mm" says.',
        'With both periods given the heavier grade counts.',
      ],
    },
  ],
}
