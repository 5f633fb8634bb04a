/**
 * Low water and dry soil. The low-water signal compares with figures of the gauge itself; the soil figures are
 * shares of field capacity, which a site has to know. Both are defaults to be edited.
 */

import { exactly } from '../decimal.ts'
import type { StandardTable } from '../definition.ts'
import type { StartingBounds } from './starting-bounds.ts'

/** What "near" means unless the gauge says so, metres; the text has no number (confidence C). */
export const usualNearDrought = exactly('0.3')

/** Metres above the datum of the site; a level whose attribute the site does not have is left out. */
export const lowWater: StartingBounds = {
  title: { en: 'Low water: level', zh: '枯水预警：水位' },
  clause: '水情预警发布管理办法（试行）(2013), annex, low water (枯水)',
  confidence: 'B',
  property: 'water_level',
  direction: 'below',
  levels: {
    blue: { attribute: 'droughtLevel', plus: 0.3 },
    yellow: { attribute: 'droughtLevel', plus: 0 },
    orange: { attribute: 'seasonMinimum', plus: 0 },
    red: { attribute: 'historicMinimum', plus: 0 },
  },
  notes: [
    'droughtLevel: drought warning (limit) level 旱警（限）水位; seasonMinimum: lowest of the same season 常年同期最低; historicMinimum: lowest on record 历史最低.',
    'Blue says "near" without a number; 0.3 m above is a default to be edited (confidence C).',
  ],
}

/** Per cent below normal from which blue, yellow, orange and red begin. */
export const lowInflowShares = [40, 60, 75, 90] as const

/** The other condition of the same signal; nothing measures it directly, so no rule is made from it. */
export const lowInflow: StandardTable = {
  title: { en: 'Low water: inflow of 30 days', zh: '枯水预警：30天来水量' },
  clause: lowWater.clause,
  confidence: 'B',
  columns: ['level', 'inflow of 30 days below normal by at least, %'],
  rows: [
    ['blue', lowInflowShares[0]],
    ['yellow', lowInflowShares[1]],
    ['orange', lowInflowShares[2]],
    ['red', lowInflowShares[3]],
  ],
  notes: ['Either this or the level is enough for the signal.'],
}

/** Per cent of field capacity at or below which blue, yellow, orange and red begin. */
export const drySoilShares = [60, 50, 40, 30] as const
/** Per cent by volume, of a loam. */
export const usualFieldCapacity = exactly(30)

/** Per cent by volume, for a soil that holds 30 % by volume at field capacity (a loam). */
export const drySoil: StartingBounds = {
  title: { en: 'Dry soil', zh: '土壤墒情（干旱）' },
  clause:
    'shares of field capacity 60, 50, 40, 30 %: SL 424-2008 and GB/T 32136-2015, soil relative moisture; field capacity: local practice',
  confidence: 'C',
  property: 'soil_moisture',
  direction: 'below',
  levels: { blue: 18, yellow: 15, orange: 12, red: 9 },
  notes: [
    'The grades 轻旱, 中旱, 重旱, 特旱 are shares of field capacity; their texts were not read (confidence C).',
    'Sensors give per cent by volume. 30 % by volume at field capacity is assumed: for another soil multiply its field capacity by 0.6, 0.5, 0.4 and 0.3.',
  ],
}
