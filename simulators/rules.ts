/**
 * The alert rules a simulated city comes with. Bounds are national where a standard has them; where it has none
 * they are local practice and say so in their names.
 */

import type { Rule } from '../domain/rule.ts'
import { cityDistricts } from './places.ts'

/** How long a signal must stand beyond or inside a bound, such as `2m`. */
export interface Patience {
  raiseAfter: string
  clearAfter: string
  /** How long an hour of the city lasts by the time stamps of its messages. */
  hour: string
}

export const usualPatience: Patience = { raiseAfter: '2m', clearAfter: '10m', hour: '1h' }

type Kind = Rule['where']['kind'][number]

function rule(
  id: string,
  [en, zh]: readonly [string, string],
  of: Pick<Rule, 'property' | 'levels'> & Partial<Rule> & { kind: Kind; district?: string[] },
): Omit<Rule, 'raiseAfter' | 'clearAfter'> {
  const { kind, district = [], ...more } = of
  return {
    id,
    name: { en, zh },
    where: { kind: [kind], district, site: [], device: [] },
    signal: { type: 'value' },
    direction: 'above',
    clearMargin: 0,
    enabled: true,
    ...more,
  }
}

/** Bounds of the 24-hour table of HJ 633 (AQI 100, 150, 200, 300), here on single values. */
const air = [
  rule('city-pm25', ['PM2.5', '细颗粒物'], {
    kind: 'air-station',
    property: 'pm25',
    levels: { blue: 75, yellow: 115, orange: 150, red: 250 },
    clearMargin: 5,
  }),
] as const

/** 20 mm in an hour is what the weather service calls heavy rain of short duration; the rest is local practice. */
function rainOfAnHour(hour: string): ReturnType<typeof rule> {
  return rule('city-rain-1h', ['Rain in an hour (local practice)', '1小时降雨量（地方经验值）'], {
    kind: 'rain-gauge',
    district: [...cityDistricts],
    property: 'rainfall',
    signal: { type: 'sum', window: hour },
    levels: { blue: 20, yellow: 30, orange: 40, red: 60 },
  })
}

const flood = [
  rule('city-street-depth', ['Street depth (local practice)', '道路积水（地方经验值）'], {
    kind: 'street',
    property: 'water_depth',
    levels: { blue: 0.15, yellow: 0.27, orange: 0.4, red: 0.6 },
    clearMargin: 0.03,
  }),
  rule('city-river-stage', ['River stage', '河道水位'], {
    kind: 'river-gauge',
    property: 'water_level',
    levels: {
      blue: { attribute: 'warningLevel', plus: -0.5 },
      yellow: { attribute: 'warningLevel', plus: 0 },
      orange: { attribute: 'guaranteeLevel', plus: 0 },
      red: { attribute: 'guaranteeLevel', plus: 0.5 },
    },
    clearMargin: 0.1,
  }),
  rule('city-reservoir-level', ['Reservoir above flood limit', '水库超汛限水位'], {
    kind: 'reservoir',
    property: 'water_level',
    levels: {
      yellow: { attribute: 'floodLimitLevel', plus: 0 },
      red: { attribute: 'designFloodLevel', plus: 0 },
    },
    clearMargin: 0.05,
  }),
] as const

/** Classes III, IV and V of GB 3838-2002, table 1; COD of outfalls by GB 18918, class 1A. */
const water = [
  rule('city-ammonia', ['Ammonia nitrogen', '氨氮'], {
    kind: 'surface-water',
    property: 'nh3n',
    levels: { blue: 1, yellow: 1.5, orange: 2 },
    clearMargin: 0.1,
  }),
  rule('city-oxygen', ['Dissolved oxygen', '溶解氧'], {
    kind: 'surface-water',
    property: 'dissolved_oxygen',
    direction: 'below',
    levels: { blue: 5, yellow: 3, orange: 2 },
    clearMargin: 0.3,
  }),
  rule('city-ph-high', ['pH, high', 'pH偏高'], {
    kind: 'surface-water',
    property: 'ph',
    levels: { yellow: 9 },
    clearMargin: 0.1,
  }),
  rule('city-ph-low', ['pH, low', 'pH偏低'], {
    kind: 'surface-water',
    property: 'ph',
    direction: 'below',
    levels: { yellow: 6 },
    clearMargin: 0.1,
  }),
  rule('city-outfall-cod', ['COD of the outfall', '排口化学需氧量'], {
    kind: 'outfall',
    property: 'cod',
    levels: { yellow: { attribute: 'codLimit', plus: 0 } },
    clearMargin: 5,
  }),
] as const

export function cityRules({ hour, ...patience }: Patience): Rule[] {
  return [...air, rainOfAnHour(hour), ...flood, ...water].map((of) => ({ ...of, ...patience }))
}
