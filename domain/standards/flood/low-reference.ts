/** What people are told about the low-water and drought signals: editions, names of values and options. */

import type { BothLanguages } from '../../text.ts'
import type { Decimal } from '../decimal.ts'
import type { Edition, Indicator } from '../definition.ts'
import { floodEditions } from './flood-reference.ts'

/** Codes of what one measured value is compared with. */
export interface LowFigures {
  value: string
  drought: string
  /** How far above the drought figure is near it. */
  near: { code: string; usual: Decimal | null } | null
  season: string
  record: string
}

export const lowWaterEditions = floodEditions

export const soilEditions: readonly Edition[] = [
  {
    id: 'SL 424-2008',
    title: { en: 'Grades of drought (soil relative moisture)', zh: '旱情等级标准（土壤相对湿度）' },
    inForceFrom: '2009-03-30',
    inForceTo: null,
    source: 'Pages that quote it, and GB/T 32136-2015; the texts were not read',
    confidence: 'C',
  },
]

const reading: BothLanguages = { en: 'reading', zh: '实时值' }

export const lowWaterIndicators: readonly Indicator[] = [
  {
    ...{ code: 'level', name: { en: 'Water level', zh: '水位' }, unit: 'm' },
    ...{ property: 'water_level', averaging: reading },
  },
  {
    ...{ code: 'flow', name: { en: 'Discharge', zh: '流量' }, unit: 'm3/s' },
    ...{ property: 'flow', averaging: reading },
  },
  {
    ...{
      code: 'inflow',
      name: { en: 'Inflow below normal by', zh: '来水量较常年偏少' },
      unit: '%',
    },
    ...{ property: null, averaging: { en: 'of 30 days', zh: '30天' } },
  },
]

export const soilIndicators: readonly Indicator[] = [
  {
    ...{ code: 'moisture', name: { en: 'Soil moisture', zh: '土壤含水量' }, unit: '%' },
    ...{
      property: 'soil_moisture',
      averaging: { en: 'by volume, reading', zh: '体积含水量，实时值' },
    },
  },
  {
    ...{ code: 'share', name: { en: 'Share of field capacity', zh: '土壤相对湿度' }, unit: '%' },
    ...{ property: null, averaging: reading },
  },
]

const lowWaterNames: Readonly<Record<string, readonly string[]>> = {
  level: ['water_level'],
  flow: [],
  inflow: [],
  drought: ['droughtLevel'],
  season: ['seasonMinimum'],
  record: ['historicMinimum'],
  near: ['nearDrought'],
  droughtFlow: [],
  seasonFlow: ['seasonMinimumFlow'],
  recordFlow: ['historicMinimumFlow'],
  nearFlow: ['nearDroughtFlow'],
}

function codesOf(names: Readonly<Record<string, readonly string[]>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(names).flatMap(([code, others]) =>
      [code, ...others].map((name) => [name, code] as const),
    ),
  )
}

export const lowWaterCodes = codesOf(lowWaterNames)
export const soilCodes = codesOf({
  moisture: ['soil_moisture'],
  share: ['relative_moisture'],
  capacity: ['fieldCapacity'],
})

export const lowWaterOptions: Readonly<Record<string, BothLanguages>> = {
  drought: {
    en: 'Drought level (also droughtLevel).',
    zh: '旱警（限）水位（亦作 droughtLevel）。',
  },
  season: {
    en: 'Lowest of the same season (also seasonMinimum).',
    zh: '常年同期最低水位（亦作 seasonMinimum）。',
  },
  record: {
    en: 'Lowest on record (also historicMinimum).',
    zh: '历史最低水位（亦作 historicMinimum）。',
  },
  near: {
    en: 'How far above the drought level counts as near it: 0.3 unless given; null for no blue signal.',
    zh: '高于旱警水位多少算“接近”：默认0.3；null 表示不发布蓝色信号。',
  },
  droughtFlow: { en: 'The same of the flow.', zh: '旱警流量。' },
  seasonFlow: {
    en: 'Least flow of the same season (also seasonMinimumFlow).',
    zh: '常年同期最小流量（亦作 seasonMinimumFlow）。',
  },
  recordFlow: {
    en: 'Least flow on record (also historicMinimumFlow).',
    zh: '历史最小流量（亦作 historicMinimumFlow）。',
  },
  nearFlow: {
    en: 'How far above the drought flow counts as near it; no blue signal unless given.',
    zh: '高于旱警流量多少算“接近”；未给出时不发布蓝色信号。',
  },
}

export const soilOptions: Readonly<Record<string, BothLanguages>> = {
  capacity: {
    en: 'Field capacity of the soil, % by volume (also fieldCapacity): 30 unless given.',
    zh: '田间持水量，体积百分比（亦作 fieldCapacity）：默认30。',
  },
}
