/** Reads the lists of hours of a NowCast request. */

import { Fault } from '../../errors.ts'
import { type Decimal, decimal, exactly } from '../decimal.ts'
import type { IndexRequest } from '../definition.ts'
import { checkOptions, choiceOption } from '../given.ts'
import { ozoneHoursMost } from './ozone-nowcast.ts'
import { concentration, massSpan, type Span } from './pollutants.ts'

export interface HourlyList {
  key: string
  pollutant: 'pm25' | 'pm10' | 'o3'
  /** Newest first, null where missing. */
  hours: readonly (Decimal | null)[]
}

const names = new Map<string, HourlyList['pollutant']>([
  ['pm25', 'pm25'],
  ['pm25_1h', 'pm25'],
  ['pm10', 'pm10'],
  ['pm10_1h', 'pm10'],
  ['o3_ppb', 'o3'],
  ['last3_ppb_newest_first', 'o3'],
])
/** Named by the option `pollutant`. */
const unnamed = 'values_newest_first'

const ppb: Span = { unit: '[ppb]', least: exactly(-10), most: exactly(3_000) }

export function hourlyLists({ values, options }: IndexRequest): readonly HourlyList[] {
  checkOptions(options, ['pollutant'])
  const pollutantOfUnnamed = choiceOption(options, 'pollutant', ['pm25', 'pm10'] as const)
  const seen = new Set<string>()
  return Object.entries(values).map(([key, value]) => {
    const pollutant = key === unnamed ? pollutantOfUnnamed : names.get(key)
    if (pollutant === undefined) throw unknownName(key)
    if (seen.has(pollutant)) throw refused(`values.${key}`, `is a second list of ${pollutant}.`)
    seen.add(pollutant)
    return { key, pollutant, hours: hoursOf(value, `${key}`, pollutant) }
  })
}

function hoursOf(
  given: unknown,
  key: string,
  pollutant: HourlyList['pollutant'],
): HourlyList['hours'] {
  if (!Array.isArray(given) || given.length > ozoneHoursMost) {
    throw refused(
      `values.${key}`,
      `must be a list of at most ${ozoneHoursMost} hourly means, newest first, null where missing.`,
    )
  }
  const span = pollutant === 'o3' ? ppb : massSpan(pollutant)
  return given.map((value: unknown, i) => {
    const place = `${key}[${i}]`
    if (value === null) return null
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw refused(`values.${place}`, 'must be a decimal number or null.')
    }
    return concentration(
      { key: place, code: pollutant, value: decimal(value, `values.${place}`) },
      span,
    )
  })
}

function unknownName(key: string): Fault {
  if (key === unnamed)
    return refused('options.pollutant', `must be pm25 or pm10, to say what ${unnamed} holds.`)
  const allowed = [...names.keys(), unnamed].join(', ')
  return refused('values', `${JSON.stringify(key.slice(0, 64))} is not known; allowed: ${allowed}.`)
}

function refused(field: string, problem: string): Fault {
  return new Fault('bad_request', `${field}: ${problem}`, { field })
}
