/**
 * Requests of the rain and flood indices at a site. The figures of a gauge stand in its attributes, in metres above
 * the datum of its readings: `warningLevel`, `guaranteeLevel`, `recordLevel` (or `historicMaximum`), `nearWarning`
 * (how far below the warning level is near it), `floodLimitLevel` and `floodSeason` (`06-01/09-30`).
 */

import type { Site } from '../../site.ts'
import type { BothLanguages } from '../../text.ts'
import type { IndexRequest } from '../definition.ts'

/** Sum of the last so many hours, mm; null when nothing stands behind it. */
export type RainOf = (hours: number) => number | null

const periods = { 'rain-grade': [12, 24], 'rainstorm-signal': [1, 3, 6, 12] } as const
export type RainIndex = keyof typeof periods

export function rainRequest(index: RainIndex, edition: string, rainOf: RainOf): IndexRequest {
  const sums = periods[index].map((hours) => [`${hours}h`, rainOf(hours)] as const)
  const options = index === 'rain-grade' ? {} : { persisting: (rainOf(1) ?? 0) > 0 }
  return { edition, values: Object.fromEntries(sums), options }
}

/** What a signal from sensors alone takes "likely to go on" for (CMA Order 16). */
export const persistingNote: BothLanguages = {
  en: 'Observed sums only. The rain counts as going on when some fell in the last hour.',
  zh: '仅依据实况降雨量；最近1小时内有降雨即视为降雨持续。',
}

const figures: readonly (readonly [option: string, attributes: readonly string[]])[] = [
  ['warning', ['warningLevel']],
  ['guarantee', ['guaranteeLevel']],
  ['record', ['recordLevel', 'historicMaximum']],
  ['near', ['nearWarning']],
  ['floodLimitLevel', ['floodLimitLevel']],
]

/** `MM-DD/MM-DD`; another form would refuse the whole request. */
export const floodSeasonForm =
  /^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\/(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/

/** @param day local date, `YYYY-MM-DD` */
export function floodRequest(
  edition: string,
  { attributes }: Pick<Site, 'attributes'>,
  { level, day }: { level: number | null; day: string },
): IndexRequest {
  const options: Record<string, unknown> = { day }
  for (const [option, names] of figures) {
    const value = names.map((name) => attributes[name]).find((one) => isUsable(option, one))
    if (value !== undefined) options[option] = value
  }
  const { floodSeason } = attributes
  if (typeof floodSeason === 'string' && floodSeasonForm.test(floodSeason))
    options.floodSeason = floodSeason
  return { edition, values: { level }, options }
}

function isUsable(option: string, value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && (option !== 'near' || value >= 0)
}

/** Without one of these no level can raise a signal. */
export function hasFloodFigures({ attributes }: Pick<Site, 'attributes'>): boolean {
  return ['warningLevel', 'guaranteeLevel', 'recordLevel', 'historicMaximum'].some(
    (name) => typeof attributes[name] === 'number',
  )
}
