/** What a request for China's index may name. */

import { Fault } from '../../errors.ts'
import type { IndexRequest } from '../definition.ts'
import { type CnEdition, type CnReport, cnIndicators, reportIndicators } from './cn-tables.ts'
import { isPollutant, type Pollutant, pollutants } from './pollutants.ts'

/** Name in a request → code. A bare pollutant will do where the report has one indicator of it. */
export function cnNames(report: CnReport, edition: CnEdition): ReadonlyMap<string, string> {
  const names = new Map(cnIndicators.map(({ code }) => [code, code]))
  for (const pollutant of pollutants) {
    const codes = cnIndicators
      .filter((one) => one.pollutant === pollutant)
      .map(({ code }) => code)
      .filter((code) => reportIndicators[report][edition].includes(code))
    const [only] = codes
    if (only !== undefined && codes.length === 1) names.set(pollutant, only)
  }
  return names
}

/** Pollutants that are not monitored by plan; their indicators' codes are understood as well. */
export function notMonitoredOption(options: IndexRequest['options']): readonly Pollutant[] {
  const given = options.notMonitored ?? []
  if (!Array.isArray(given) || given.length > cnIndicators.length) throw notAList()
  return given.map((name: unknown) => {
    const known = cnIndicators.find(({ code }) => code === name)?.pollutant ?? name
    if (!isPollutant(known)) throw notAList()
    return known
  })
}

function notAList(): Fault {
  const field = 'options.notMonitored'
  return new Fault(
    'bad_request',
    `${field}: must be a list of pollutants out of ${pollutants.join(', ')}.`,
    { field },
  )
}
