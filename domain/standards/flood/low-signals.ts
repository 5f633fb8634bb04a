/**
 * Signals of too little water. Low water (枯水): level or flow at or below the figures of the gauge, or the inflow of 30
 * days so much below normal; each is enough (水情预警发布管理办法（试行）2013, annex). Dry soil (干旱): moisture as a share of
 * field capacity. A figure that the gauge does not have never raises a signal.
 */

import { type AlertLevel, alertLevels } from '../../rule.ts'
import type { BothLanguages } from '../../text.ts'
import { compare, type Decimal, exactly, over, plus, times, toText } from '../decimal.ts'
import type { IndexAnswer, IndexDefinition, IndexName, IndexRequest } from '../definition.ts'
import { checkOptions, type Given, givenValues, refuseNegative } from '../given.ts'
import {
  drySoil,
  drySoilShares,
  lowInflow,
  lowInflowShares,
  lowWater,
  usualFieldCapacity,
  usualNearDrought,
} from './drought.ts'
import {
  type LowFigures,
  lowWaterCodes,
  lowWaterEditions,
  lowWaterIndicators,
  lowWaterOptions,
  soilCodes,
  soilEditions,
  soilIndicators,
  soilOptions,
} from './low-reference.ts'
import { tableOf } from './starting-bounds.ts'

/** Values, and the figures among the options, by code; those given in both places count as values. */
function readGiven({ values, options }: IndexRequest, codes: ReadonlyMap<string, string>) {
  checkOptions(options, [...codes.keys()])
  const named = new Set(Object.keys(values).map((key) => codes.get(key)))
  const rest = Object.entries(options).filter(
    ([name, value]) => value !== undefined && !named.has(codes.get(name)),
  )
  return [...givenValues(values, codes), ...givenValues(Object.fromEntries(rest), codes, 'options')]
}

type Figures = (code: string) => Decimal | null | undefined

function figuresOf(all: readonly Given[]): Figures {
  const byCode = new Map(all.map(({ code, value }) => [code, value]))
  return (code) => byCode.get(code)
}

/** 0 none, 1 blue … 4 red; null when there is nothing to compare. */
function atOrBelow(value: Decimal | null | undefined, bounds: readonly (Decimal | null)[]) {
  if (value === null || value === undefined || bounds.every((one) => one === null)) return null
  return bounds.findLastIndex((bound) => bound !== null && compare(value, bound) <= 0) + 1
}

function byFigures(figure: Figures, { value, drought, near, season, record }: LowFigures) {
  const base = figure(drought) ?? null
  const margin = near === null ? null : figure(near.code)
  const above = margin === undefined ? (near?.usual ?? null) : margin
  const close = base === null || above === null ? null : plus(base, above)
  return atOrBelow(figure(value), [close, base, figure(season) ?? null, figure(record) ?? null])
}

const byLevel: LowFigures = {
  ...{ value: 'level', drought: 'drought', season: 'season', record: 'record' },
  near: { code: 'near', usual: usualNearDrought },
}
const byFlow: LowFigures = {
  ...{ value: 'flow', drought: 'droughtFlow', season: 'seasonFlow', record: 'recordFlow' },
  near: { code: 'nearFlow', usual: null },
}
const inflowBounds = lowInflowShares.map((share) => exactly(-share))
const soilBounds = drySoilShares.map((share) => exactly(share))
const hundred = exactly(100)

function negative(value: Decimal | null | undefined): Decimal | null | undefined {
  return value && { num: -value.num, den: value.den }
}

function lowWaterSignal(request: IndexRequest): IndexAnswer {
  const all = readGiven(request, lowWaterCodes)
  refuseNegative(all.filter(({ code }) => code === 'near' || code === 'nearFlow'))
  const figure = figuresOf(all)
  return answerOf('low-water-signal', request.edition, all, {
    level: byFigures(figure, byLevel),
    flow: byFigures(figure, byFlow),
    inflow: atOrBelow(negative(figure('inflow')), inflowBounds),
  })
}

function droughtSignal(request: IndexRequest): IndexAnswer {
  const all = readGiven(request, soilCodes)
  refuseNegative(all)
  const figure = figuresOf(all)
  const [moisture, given] = [figure('moisture'), figure('capacity')]
  const capacity = given && compare(given, exactly(0)) > 0 ? given : usualFieldCapacity
  const share = figure('share') ?? (moisture && over(times(moisture, hundred), capacity))
  const found = atOrBelow(share, soilBounds)
  const answer = answerOf('drought-signal', request.edition, all, {
    moisture: moisture ? found : null,
    share: figure('share') ? found : null,
  })
  const isAssumed = moisture && !figure('share') && capacity === usualFieldCapacity
  return {
    ...answer,
    details: {
      ...answer.details,
      relativeMoisture: share ? toText(share, 1) : null,
      fieldCapacity: toText(capacity, 1),
    },
    notes: [...answer.notes, ...(isAssumed ? [assumedNote] : [])],
  }
}

const assumedNote: BothLanguages = {
  en: 'A field capacity of 30 % by volume is assumed (a loam); fieldCapacity sets that of the soil.',
  zh: '按田间持水量30%（体积，壤土）计算，可用 fieldCapacity 设定。',
}
const nothingNote: BothLanguages = {
  en: 'Nothing to compare: a value and a figure of the place are needed.',
  zh: '无可比较的数据：需要实测值及当地特征值。',
}

function colourOf(level: number | null): AlertLevel | null {
  return level === null ? null : (alertLevels[level - 1] ?? null)
}

const titles = {
  'low-water-signal': { en: 'Low-water signal', zh: '枯水预警信号' },
  'drought-signal': { en: 'Drought signal of soil', zh: '土壤干旱预警信号' },
} as const satisfies Partial<Record<IndexName, BothLanguages>>

const colourNames = ['蓝色', '黄色', '橙色', '红色']

function answerOf(
  index: keyof typeof titles,
  edition: string,
  all: readonly Given[],
  results: Readonly<Record<string, number | null>>,
): IndexAnswer {
  const found = Object.values(results).filter((one) => one !== null)
  const level = found.length === 0 ? null : Math.max(...found)
  const value = colourOf(level)
  const judged = all.filter(({ code }) => code in results)
  const zh = colourNames[(level ?? 0) - 1] ?? ''
  return {
    ...{ index, edition, value, level, colour: value, rgb: null },
    sub: Object.fromEntries(judged.map(({ key, code }) => [key, colourOf(results[code] ?? null)])),
    primary:
      value === null ? [] : judged.filter(({ code }) => results[code] === level).map((o) => o.key),
    category:
      value === null
        ? null
        : {
            en: `${titles[index].en}, ${value}`,
            zh: titles[index].zh.replace('预警', `${zh}预警`),
          },
    details: {},
    notes: level === null ? [nothingNote] : [],
  }
}

export const lowWaterIndex: IndexDefinition = {
  name: 'low-water-signal',
  title: titles['low-water-signal'],
  editions: lowWaterEditions,
  indicators: () => lowWaterIndicators,
  options: lowWaterOptions,
  compute: lowWaterSignal,
  tables: () => [tableOf(lowWater), lowInflow],
}

export const droughtIndex: IndexDefinition = {
  name: 'drought-signal',
  title: titles['drought-signal'],
  editions: soilEditions,
  indicators: () => soilIndicators,
  options: soilOptions,
  compute: droughtSignal,
  tables: () => [tableOf(drySoil)],
}
