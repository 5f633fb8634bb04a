/**
 * Rainstorm warning signals of CMA Order 16 (2007). A signal stands when a sum is forecast, or when it has been
 * reached and the rain is likely to go on. Sensors know only that it was reached: then the answer says so.
 */

import { type AlertLevel, alertLevels } from '../../rule.ts'
import type { BothLanguages } from '../../text.ts'
import { compare, exactly } from '../decimal.ts'
import type { IndexAnswer, IndexDefinition, IndexRequest } from '../definition.ts'
import {
  booleanOption,
  checkOptions,
  type Given,
  givenValues,
  recordOption,
  refuseNegative,
} from '../given.ts'
import { rainSums } from './rain-sums.ts'

interface Bound {
  colour: AlertLevel
  period: string
  mm: string
}

/** "以上" includes the number itself. */
const bounds: readonly Bound[] = [
  { colour: 'blue', period: '12h', mm: '50' },
  { colour: 'yellow', period: '6h', mm: '50' },
  { colour: 'orange', period: '3h', mm: '50' },
  { colour: 'red', period: '3h', mm: '100' },
]

const periods = ['1h', '3h', '6h', '12h', '24h'] as const
const codes: ReadonlyMap<string, string> = new Map(
  periods.flatMap((period) => [period, `rain_${period}`].map((name) => [name, period] as const)),
)

const options: Readonly<Record<string, BothLanguages>> = {
  persisting: {
    en: 'true when the rain is likely to go on, false when it is over; unless given it is unknown, and the signal is only an advisory.',
    zh: '降雨可能持续为 true，已结束为 false；未给出表示未知，此时结果仅供参考。',
  },
  forecast: {
    en: 'Sums that are forecast, such as {"3h": "100"}.',
    zh: '预报降雨量，例如 {"3h": "100"}。',
  },
  observed: {
    en: 'Observed sums, the same as values; may hold persisting as well.',
    zh: '实况降雨量，与 values 相同，也可包含 persisting。',
  },
}

/** 0 none, 1 blue … 4 red. */
function levelOf(all: readonly Given[]): number {
  const reached = bounds.map(({ period, mm }) =>
    all.some(
      ({ code, value }) => code === period && value !== null && compare(value, exactly(mm)) >= 0,
    ),
  )
  return reached.lastIndexOf(true) + 1
}

function colourOf(level: number): AlertLevel | null {
  return alertLevels[level - 1] ?? null
}

interface Rain {
  observed: readonly Given[]
  forecast: readonly Given[]
  /** Undefined when not known. */
  persisting: boolean | undefined
}

function readRain({ values, options: given }: IndexRequest): Rain {
  checkOptions(given, Object.keys(options))
  const { persisting: told, ...observed } = recordOption(given, 'observed')
  const forecast = givenValues(recordOption(given, 'forecast'), codes, 'options.forecast')
  return {
    observed: refuseNegative(givenValues({ ...observed, ...values }, codes)),
    forecast: refuseNegative(forecast, 'options.forecast'),
    persisting: booleanOption({ persisting: told, ...given }, 'persisting'),
  }
}

const chinese: Readonly<Record<AlertLevel, string>> = {
  blue: '蓝色',
  yellow: '黄色',
  orange: '橙色',
  red: '红色',
}

const advisory: BothLanguages = {
  en: 'The sum was reached; whether the rain goes on is not known. A signal needs both: take it as an advisory.',
  zh: '降雨量已达到标准，但降雨是否持续未知；发布预警信号须两者兼备，此结果仅供参考。',
}
const nothing: BothLanguages = { en: 'No sum of rain was given.', zh: '没有给出降雨量。' }

function compute(request: IndexRequest): IndexAnswer {
  const { observed, forecast, persisting } = readRain(request)
  const reached = levelOf(observed)
  const expected = levelOf(forecast)
  const counted = persisting === false ? 0 : reached
  const known = [...observed, ...forecast].some(({ value }) => value !== null)
  const level = known ? Math.max(counted, expected) : null
  const value = colourOf(level ?? 0)
  const byObserved = value !== null && counted > expected
  const isAdvisory = byObserved && persisting === undefined
  const deciding = byObserved ? observed : forecast
  return {
    index: 'rainstorm-signal',
    edition: request.edition,
    value,
    sub: Object.fromEntries(observed.map((one) => [one.key, colourOf(levelOf([one]))])),
    primary:
      value === null
        ? []
        : deciding.filter((one) => levelOf([one]) === level).map(({ key }) => key),
    category:
      value === null
        ? null
        : { en: `Rainstorm warning signal, ${value}`, zh: `暴雨${chinese[value]}预警信号` },
    colour: value,
    rgb: null,
    level,
    details: {
      basis: value === null ? null : isAdvisory ? 'advisory' : byObserved ? 'observed' : 'forecast',
      reached: colourOf(reached),
      forecast: colourOf(expected),
      persisting: persisting ?? null,
    },
    notes: known ? (isAdvisory ? [advisory] : []) : [nothing],
  }
}

export const rainstormSignal: IndexDefinition = {
  name: 'rainstorm-signal',
  title: { en: 'Rainstorm warning signal', zh: '暴雨预警信号' },
  editions: [
    {
      id: 'CMA Order 16 (2007)',
      title: {
        en: 'Measures for issuing and spreading meteorological disaster warning signals',
        zh: '气象灾害预警信号发布与传播办法',
      },
      inForceFrom: '2007-06-12',
      inForceTo: null,
      source: 'Four pages that quote the annex word for word',
      confidence: 'B',
    },
  ],
  indicators: () => rainSums(periods),
  options,
  compute,
  tables: () => [
    {
      title: { en: 'Rainstorm warning signals', zh: '暴雨预警信号标准' },
      clause: 'CMA Order 16 (2007), annex, 暴雨',
      confidence: 'B',
      columns: ['signal', 'sum of', 'mm from'],
      rows: bounds.map(({ colour, period, mm }) => [colour, period, Number(mm)]),
      notes: [
        'A signal needs the sum to be forecast (将达), or reached and the rain likely to go on (已达且降雨可能持续). 以上 includes the number.',
        'Sensors alone give an advisory: reached, persistence unknown.',
        'Provinces (Guangdong, Beijing, Shanghai …) have bounds of their own: make rules on sums of rainfall for those.',
        'Sums of 1h and 24h are taken, but decide no signal.',
      ],
    },
  ],
}
