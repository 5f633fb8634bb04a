/**
 * WHO global air quality guidelines 2021 (table 0.1 of the summary): how a day's values stand against the guideline
 * level and the interim targets. The 24 h levels are meant as 99th percentiles of a year, so that three or four days
 * a year may be above them: a flag here is about one day, not about a year.
 */

import { compare, type Decimal, exactly } from '../decimal.ts'
import type { StandardTable } from '../definition.ts'

interface Guideline {
  /** ug/m3, CO mg/m3. */
  guideline: number
  /** From the first, least strict one on. */
  interim: readonly number[]
}

const dayGuidelines: Readonly<Record<string, Guideline>> = {
  pm25_24h: { guideline: 15, interim: [75, 50, 37.5, 25] },
  pm10_24h: { guideline: 45, interim: [150, 100, 75, 50] },
  o3_8h: { guideline: 100, interim: [160, 120] },
  no2_24h: { guideline: 25, interim: [120, 50] },
  so2_24h: { guideline: 40, interim: [125, 50] },
  co_24h: { guideline: 4, interim: [7] },
}

export interface WhoFlag {
  guideline: number
  exceeded: boolean
  /** The strictest level that the value keeps: `guideline`, `interim-1` …, or null when it keeps none. */
  meets: string | null
}

export const whoCodes: readonly string[] = Object.keys(dayGuidelines)

/** Per indicator that WHO has a daily level for; others are left out. */
export function whoFlags(values: ReadonlyMap<string, Decimal>): Readonly<Record<string, WhoFlag>> {
  const flags: Record<string, WhoFlag> = {}
  for (const [code, value] of values) {
    const levels = dayGuidelines[code]
    if (levels === undefined) continue
    const keeps = (limit: number) => compare(value, exactly(limit)) <= 0
    const kept = levels.interim.filter(keeps).length
    const exceeded = !keeps(levels.guideline)
    flags[code] = {
      guideline: levels.guideline,
      exceeded,
      meets: exceeded ? (kept === 0 ? null : `interim-${kept}`) : 'guideline',
    }
  }
  return flags
}

export const whoTable: StandardTable = {
  title: { en: 'WHO guideline levels and interim targets', zh: '世卫组织空气质量准则值与过渡目标' },
  clause: 'WHO global air quality guidelines 2021',
  confidence: 'B',
  columns: ['value', 'guideline', 'interim 1', 'interim 2', 'interim 3', 'interim 4'],
  rows: Object.entries(dayGuidelines).map(([code, { guideline, interim }]) => [
    code,
    guideline,
    ...[0, 1, 2, 3].map((i) => interim[i] ?? null),
  ]),
  notes: [
    'ug/m3, CO in mg/m3. o3_8h is the daily maximum of the 8 h means.',
    'Levels of 24 h are 99th percentiles of a year (three or four days may be above); details.who flags a single day.',
    'Annual levels (PM2.5 5, PM10 15, NO2 10, ozone of the peak season 60) are not flagged: they need a year.',
    'One secondary page prints 50 for SO2; 40 is right.',
  ],
}
