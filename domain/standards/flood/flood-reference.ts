/** What people are told about flood signals: edition, names of values and options, remarks and tables. */

import type { AlertLevel } from '../../rule.ts'
import type { BothLanguages } from '../../text.ts'
import type { Edition, Indicator, StandardTable } from '../definition.ts'
import { drySoil, lowInflow, lowWater } from './drought.ts'
import { floodSizes, returnPeriodNames } from './flood-size.ts'
import { tableOf } from './starting-bounds.ts'
import { streetDepth } from './street.ts'

export const floodEditions: readonly Edition[] = [
  {
    id: 'MWR 2013',
    title: {
      en: 'Measures for issuing hydrological warnings (trial)',
      zh: '水情预警发布管理办法（试行）',
    },
    inForceFrom: null,
    inForceTo: null,
    source:
      'Two pages that quote the annex; SL 758-2018 has the same scheme, its tables were not seen',
    confidence: 'B',
  },
]

export const signalNames: Readonly<Record<AlertLevel, BothLanguages>> = {
  blue: { en: 'Flood warning signal, blue', zh: '洪水蓝色预警信号' },
  yellow: { en: 'Flood warning signal, yellow', zh: '洪水黄色预警信号' },
  orange: { en: 'Flood warning signal, orange', zh: '洪水橙色预警信号' },
  red: { en: 'Flood warning signal, red', zh: '洪水红色预警信号' },
}

export const floodIndicators: readonly Indicator[] = [
  {
    code: 'level',
    name: { en: 'Water level', zh: '水位' },
    unit: 'm',
    property: 'water_level',
    averaging: { en: 'reading', zh: '实时值' },
  },
  {
    code: 'flow',
    name: { en: 'Discharge', zh: '流量' },
    unit: 'm3/s',
    property: 'flow',
    averaging: { en: 'reading', zh: '实时值' },
  },
  {
    code: 'years',
    name: { en: 'Return period', zh: '重现期' },
    unit: 'a',
    property: null,
    averaging: { en: 'of the flood', zh: '洪水要素' },
  },
]

/** Figures of the gauge, with the names of site attributes that mean the same. */
const attributes: Readonly<Record<string, readonly string[]>> = {
  level: ['water_level'],
  years: returnPeriodNames.filter((name) => name !== 'years'),
  warning: ['warningLevel'],
  guarantee: ['guaranteeLevel'],
  record: ['recordLevel', 'historicMaximum'],
  near: [],
  flow: [],
  warningFlow: [],
  guaranteeFlow: [],
  recordFlow: ['historicMaximumFlow'],
  nearFlow: [],
  floodLimitLevel: [],
}

/** Every accepted name of a value or figure. */
export const floodCodes: ReadonlyMap<string, string> = new Map(
  Object.entries(attributes).flatMap(([code, names]) =>
    [code, ...names].map((name) => [name, code] as const),
  ),
)

export const floodOptions: Readonly<Record<string, BothLanguages>> = {
  warning: {
    en: 'Warning level of the gauge (also warningLevel), in the unit and datum of level; may stand among the values.',
    zh: '警戒水位（亦作 warningLevel），与 level 同单位、同基面；也可放在 values 中。',
  },
  guarantee: {
    en: 'Guarantee level of the gauge (also guaranteeLevel).',
    zh: '保证水位（亦作 guaranteeLevel）。',
  },
  record: {
    en: 'Highest level on record (also recordLevel, historicMaximum).',
    zh: '历史最高水位（亦作 recordLevel、historicMaximum）。',
  },
  near: {
    en: 'How far below the warning level counts as near it: 0.5 unless given; null for no blue signal.',
    zh: '低于警戒水位多少算“接近”：默认0.5；null 表示不发布蓝色信号。',
  },
  warningFlow: {
    en: 'Warning flow of the gauge, in the unit of flow.',
    zh: '警戒流量，与 flow 同单位。',
  },
  guaranteeFlow: { en: 'Guarantee flow of the gauge.', zh: '保证流量。' },
  recordFlow: {
    en: 'Greatest flow on record (also historicMaximumFlow).',
    zh: '历史最大流量（亦作 historicMaximumFlow）。',
  },
  nearFlow: {
    en: 'How far below the warning flow counts as near it; no blue signal by flow unless given.',
    zh: '低于警戒流量多少算“接近”；未给出时不按流量发布蓝色信号。',
  },
  floodLimitLevel: {
    en: 'Flood-limit level of a reservoir; reported in details.floodLimit, raises no signal.',
    zh: '水库汛限水位；结果见 details.floodLimit，不影响预警信号。',
  },
  floodSeason: {
    en: 'First and last day on which the flood-limit level holds, such as "06-01/09-30"; all year unless given.',
    zh: '汛限水位适用的起止日期，例如“06-01/09-30”；未给出表示全年。',
  },
  day: { en: 'Day of the level, such as "2026-07-15".', zh: '水位所属日期，例如“2026-07-15”。' },
}

export const floodNotes = {
  nothing: {
    en: 'Nothing to compare: give level with warning, guarantee or record, flow with warningFlow, guaranteeFlow or recordFlow, or years.',
    zh: '无可比较的数据：请给出 level 及 warning、guarantee 或 record，或给出 flow 及相应流量特征值，或给出 years。',
  },
  crossed: {
    en: 'The guarantee level is below the warning level: check the figures of the gauge.',
    zh: '保证水位低于警戒水位，请核对测站特征值。',
  },
  near: {
    en: 'Near the warning level by the usual margin of 0.5; the text has no number, near sets another.',
    zh: '按常用的0.5判为接近警戒水位；办法未规定数值，可用 near 另行设定。',
  },
} as const satisfies Record<string, BothLanguages>

const yearsFrom = new Map(floodSizes.map(({ colour, from }) => [colour, Number(from)]))

const signals: StandardTable = {
  title: { en: 'Flood warning signals', zh: '洪水预警信号' },
  clause: '水情预警发布管理办法（试行）(2013), annex, flood (洪水); sizes: SL 758-2018',
  confidence: 'B',
  columns: ['signal', 'level (or flow) at or above', 'or return period from, years'],
  rows: [
    ['blue', 'warning − near', null],
    ['yellow', 'warning', yearsFrom.get('yellow') ?? null],
    ['orange', 'guarantee', yearsFrom.get('orange') ?? null],
    ['red', 'record', yearsFrom.get('red') ?? null],
  ],
  notes: [
    'Either condition is enough; flow is compared with the flows of the gauge. A figure that is not given never raises a signal.',
    'Blue says "near the warning level" and "near 5 years" without a number. Level: 0.5 m below unless the gauge says otherwise (0.3 to 1.0 m are usual, confidence C). Years: no blue signal is made from them.',
    'The record may lie below the guarantee level; reaching it is red all the same.',
    'The flood-limit level of a reservoir (汛限水位) is reported beside the signal: standing above it in its season, not reaching it, is the breach.',
  ],
}

export const floodTables: readonly StandardTable[] = [
  signals,
  tableOf(lowWater),
  lowInflow,
  tableOf(drySoil),
  tableOf(streetDepth),
]
