/**
 * China's air quality index of a day or an hour from given concentrations, by the edition asked for.
 *
 * Every value that the standard has a column for gets its sub-index; the AQI is the largest of those that belong to
 * the report. So one set of values can be judged under both editions, though they count different indicators.
 */

import type { BothLanguages } from '../../text.ts'
import { type Decimal, toText } from '../decimal.ts'
import type { IndexAnswer, IndexRequest } from '../definition.ts'
import { checkOptions, choiceOption, givenValues } from '../given.ts'
import { type SubIndex, subIndex } from './cn-iaqi.ts'
import { asideNote, beyondNote, formNote, missingNote } from './cn-notes.ts'
import { cnNames, notMonitoredOption } from './cn-request.ts'
import {
  type CnEdition,
  type CnForm,
  type CnIndicator,
  type CnReport,
  cnForms,
  cnIndicators,
  cnLevels,
  countedIndicators,
} from './cn-tables.ts'
import { levelOf, noLevel } from './levels.ts'
import { concentration, massSpan, type Pollutant, pollutants } from './pollutants.ts'
import { whoFlags } from './who-guidelines.ts'

/** A value of the request with what was found for it. */
interface Judged extends SubIndex, CnIndicator {
  value: Decimal
}

interface Report {
  report: CnReport
  edition: CnEdition
  form: CnForm
  judged: readonly Judged[]
  counted: readonly Judged[]
  /** Pollutants without any sub-index that counts, by plan and otherwise. */
  notMonitored: readonly Pollutant[]
  missing: readonly Pollutant[]
}

export function cnAqi(report: CnReport, edition: CnEdition, request: IndexRequest): IndexAnswer {
  const hourly = report === 'cn-aqi-hourly'
  checkOptions(request.options, ['notMonitored', ...(hourly ? ['form'] : [])])
  const form = choiceOption(request.options, 'form', cnForms) ?? 'text'
  const sub: Record<string, number | null> = {}
  const judged: Judged[] = []
  for (const given of givenValues(request.values, cnNames(report, edition))) {
    sub[given.key] = null
    const indicator = cnIndicators.find(({ code }) => code === given.code)
    if (indicator === undefined) continue
    const value = concentration(given, massSpan(indicator.pollutant))
    if (value === null) continue
    const found = subIndex(value, columnFor(indicator, form), edition)
    judged.push({ ...indicator, ...found, value })
    sub[given.key] = found.iaqi
  }
  const counted = countedOf(judged, countedIndicators(report, edition, form))
  const planned = notMonitoredOption(request.options)
  const lacking = pollutants.filter((one) => !counted.some(({ pollutant }) => pollutant === one))
  const notMonitored = lacking.filter((one) => planned.includes(one))
  const missing = lacking.filter((one) => !planned.includes(one))
  const all = { report, edition, form, judged, counted, notMonitored, missing }
  return { index: report, edition, sub, ...verdict(all) }
}

/** Published reports read PM of 1 h against the column of the daily mean. */
function columnFor(indicator: CnIndicator, form: CnForm): CnIndicator {
  const { pollutant, span } = indicator
  const isHourOfParticles = span === '1h' && (pollutant === 'pm10' || pollutant === 'pm25')
  return form === 'published' && isHourOfParticles
    ? { ...indicator, code: `${pollutant}_24h` }
    : indicator
}

/**
 * The sub-indices that make the AQI. HJ 633-2012 table 1 note 2: SO2 of 1 h above 800 is not computed, SO2 is then
 * told from its 24 h mean.
 */
function countedOf(judged: readonly Judged[], codes: readonly string[]): readonly Judged[] {
  const counted = judged.filter(({ code }) => codes.includes(code))
  const so2IsTooHigh = counted.some(({ code, iaqi }) => code === 'so2_1h' && iaqi === null)
  const instead = so2IsTooHigh ? judged.filter(({ code }) => code === 'so2_24h') : []
  return [...counted, ...instead].filter(({ iaqi }) => iaqi !== null)
}

function verdict(all: Report): Omit<IndexAnswer, 'index' | 'edition' | 'sub'> {
  const { counted, edition, form, missing } = all
  const highest = counted.length === 0 ? null : Math.max(...counted.map(({ iaqi }) => iaqi ?? 0))
  /** HJ 633-2026 5.3.1; the 2012 edition only marks what is missing. */
  const lacking = form === 'published' ? missing.filter((one) => one !== 'pm10') : missing
  const withheld = edition === 'HJ 633-2026' && lacking.length > 0 && (highest ?? 0) <= 100
  const value = withheld ? null : highest
  const details = detailsOf(all, value)
  const notes = notesOf(all, withheld)
  if (value === null) return { value, primary: [], ...noLevel, details, notes }
  /** HJ 633-2012 4.4.2, HJ 633-2026 4.3.1: above 50 only; all that share the largest sub-index. */
  const primary = value > 50 ? pollutantsAbove(counted, value - 1) : []
  return { value, primary, ...levelOf(value, cnLevels), details, notes }
}

function pollutantsAbove(counted: readonly Judged[], bound: number): readonly Pollutant[] {
  const above = counted.filter(({ iaqi }) => iaqi !== null && iaqi > bound)
  return pollutants.filter((one) => above.some(({ pollutant }) => pollutant === one))
}

function detailsOf(all: Report, value: number | null): IndexAnswer['details'] {
  const { report, edition, form, judged, counted, missing, notMonitored } = all
  return {
    ...(report === 'cn-aqi-hourly' ? { form, forms: cnForms } : {}),
    /** NA: missing (both editions). */
    ...(value === null ? { mark: 'NA' } : {}),
    missing,
    notMonitored,
    used: Object.fromEntries(judged.map(({ code, used }) => [code, shortText(used)])),
    /** 超标污染物 of HJ 633-2012: sub-index above 100. The 2026 edition has dropped the term. */
    ...(edition === 'HJ 633-2012' ? { exceeding: pollutantsAbove(counted, 100) } : {}),
    ...(report === 'cn-aqi-daily'
      ? { who: whoFlags(new Map(judged.map((one) => [one.code, one.value]))) }
      : {}),
  }
}

function shortText(value: Decimal): string {
  return toText(value, 6).replace(/\.?0+$/, '')
}

function notesOf(all: Report, withheld: boolean): readonly BothLanguages[] {
  const { report, edition, form, judged, counted, missing } = all
  const inReport = countedIndicators(report, edition, form)
  const aside = judged.filter((one) => !inReport.includes(one.code) && !counted.includes(one))
  return [
    ...(missing.length > 0 ? [missingNote(missing, withheld)] : []),
    ...judged.filter(({ beyond }) => beyond).map((one) => beyondNote(one.code, one)),
    ...formNote(all, withheld),
    ...(aside.length > 0 ? [asideNote(aside.map(({ code }) => code))] : []),
  ]
}
