/**
 * Air quality index of the US EPA from given means. `sub` names the columns (`o3_8h`) as given and the pollutants
 * (`o3`), since two columns may speak for one pollutant.
 */

import type { BothLanguages } from '../../text.ts'
import { compare, type Decimal, exactly, toText } from '../decimal.ts'
import type { IndexAnswer, IndexRequest } from '../definition.ts'
import { checkOptions, givenValues } from '../given.ts'
import { levelOf, noLevel } from './levels.ts'
import { concentration, type Pollutant, pollutants } from './pollutants.ts'
import { usSubIndex } from './us-column.ts'
import { usColumns, usLevels } from './us-tables.ts'
import { whoFlags } from './who-guidelines.ts'

/** A bare pollutant where the table has one column of it. */
const names = new Map(
  usColumns.flatMap(({ code, pollutant }) => {
    const alone = usColumns.filter((one) => one.pollutant === pollutant).length === 1
    return [[code, code] as const, ...(alone ? [[pollutant, code] as const] : [])]
  }),
)

interface Found {
  index: number | null
  truncated: Decimal
}

export function usAqi({ edition, options, values }: IndexRequest): IndexAnswer {
  checkOptions(options, [])
  const sub: Record<string, number | null> = {}
  const found = new Map<string, Found>()
  const mass = new Map<string, Decimal>()
  for (const given of givenValues(values, names)) {
    sub[given.key] = null
    const column = usColumns.find(({ code }) => code === given.code)
    if (column === undefined) continue
    const value = concentration(given, column.span)
    if (value === null) continue
    const one = usSubIndex(value, column)
    found.set(column.code, one)
    sub[given.key] = one.index
    if (column.span.unit === 'ug/m3') mass.set(column.code, value)
  }
  const ofPollutant = byPollutant(found)
  for (const [pollutant, index] of ofPollutant) sub[pollutant] = index
  const notes = notesOf(found)
  const details = {
    truncated: Object.fromEntries(
      [...found].map(([code, { truncated }]) => [code, textOf(code, truncated)]),
    ),
    ...(mass.size > 0 ? { who: whoFlags(mass) } : {}),
  }
  return { index: 'us-aqi', edition, sub, ...usVerdict(ofPollutant), details, notes }
}

/** The largest index decides; every pollutant that has it is named, at any level (EPA's "responsible pollutant"). */
export function usVerdict(
  ofPollutant: ReadonlyMap<Pollutant, number | null>,
): Pick<IndexAnswer, 'value' | 'primary' | 'level' | 'category' | 'colour' | 'rgb'> {
  const indices = [...ofPollutant.values()].filter((index) => index !== null)
  if (indices.length === 0) return { value: null, primary: [], ...noLevel }
  const value = Math.max(...indices)
  const primary = pollutants.filter((one) => ofPollutant.get(one) === value)
  return { value, primary, ...levelOf(value, usLevels) }
}

function byPollutant(found: ReadonlyMap<string, Found>): ReadonlyMap<Pollutant, number | null> {
  const all = new Map<Pollutant, number | null>()
  for (const { code, pollutant } of usColumns) {
    const one = found.get(code)
    if (one === undefined) continue
    const other = all.get(pollutant) ?? null
    all.set(pollutant, one.index === null ? other : Math.max(one.index, other ?? 0))
  }
  if (so2IsExactly200(found)) all.set('so2', 200)
  return all
}

/** 1 h from here on has no index of its own, 24 h below here neither (table 6, note on SO2). */
const so2Turn = exactly(305)

/** SO2 of 1 h from 305 ppb on while 24 h is below 305 gives exactly 200. */
function so2IsExactly200(found: ReadonlyMap<string, Found>): boolean {
  const [hour, day] = [found.get('so2_1h'), found.get('so2_24h')]
  if (hour === undefined || day === undefined) return false
  return compare(hour.truncated, so2Turn) >= 0 && compare(day.truncated, so2Turn) < 0
}

function textOf(code: string, value: Decimal): string {
  return toText(value, usColumns.find((column) => column.code === code)?.decimals ?? 0)
}

function notesOf(found: ReadonlyMap<string, Found>): readonly BothLanguages[] {
  const notes: BothLanguages[] = []
  const without = (code: string) => found.get(code)?.index === null
  if (without('o3_8h') && !found.has('o3_1h')) {
    notes.push({
      en: 'Ozone of 8 h above 0.200 ppm has no index; give o3_1h.',
      zh: '臭氧8小时平均高于0.200 ppm时无指数，请提供o3_1h。',
    })
  }
  if (without('o3_1h')) {
    notes.push({
      en: 'Ozone of 1 h below 0.125 ppm has no index.',
      zh: '臭氧1小时平均低于0.125 ppm时无指数。',
    })
  }
  if (without('so2_1h') && !found.has('so2_24h')) {
    notes.push({
      en: 'SO2 of 1 h from 305 ppb on has no index of its own: it is 200 or more, which so2_24h decides.',
      zh: '二氧化硫1小时平均达到305 ppb时自身无指数：指数不低于200，由so2_24h决定。',
    })
  }
  if (without('so2_24h') && !found.has('so2_1h')) {
    notes.push({
      en: 'SO2 of 24 h below 305 ppb has no index of its own; give so2_1h.',
      zh: '二氧化硫24小时平均低于305 ppb时自身无指数，请提供so2_1h。',
    })
  }
  return notes
}
