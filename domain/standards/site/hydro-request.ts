/**
 * Requests of the rain and flood indices at a site. The figures of a gauge stand in its attributes, in metres above
 * the datum of its readings: `warningLevel`, `guaranteeLevel`, `recordLevel` (or `historicMaximum`), `nearWarning`
 * (how far below the warning level is near it), `floodLimitLevel` and `floodSeason` (`06-01/09-30`); of flows in m3/s
 * `warningFlow`, `guaranteeFlow`, `recordFlow` (or `historicMaximumFlow`) and `nearWarningFlow`.
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
  ['warningFlow', ['warningFlow']],
  ['guaranteeFlow', ['guaranteeFlow']],
  ['recordFlow', ['recordFlow', 'historicMaximumFlow']],
  ['nearFlow', ['nearWarningFlow']],
]

const lowFigures: typeof figures = [
  ['drought', ['droughtLevel']],
  ['season', ['seasonMinimum']],
  ['record', ['historicMinimum']],
  ['near', ['nearDrought']],
  ['droughtFlow', ['droughtFlow']],
  ['seasonFlow', ['seasonMinimumFlow']],
  ['recordFlow', ['historicMinimumFlow']],
  ['nearFlow', ['nearDroughtFlow']],
]

/** `MM-DD/MM-DD`; another form would refuse the whole request. */
export const floodSeasonForm =
  /^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\/(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/

/** @param day local date, `YYYY-MM-DD` */
export function floodRequest(
  edition: string,
  { attributes }: Pick<Site, 'attributes'>,
  { level, flow, day }: { level: Figure; flow: Figure; day: string },
): IndexRequest {
  const options: Record<string, unknown> = { day, ...figuresOf(attributes, figures) }
  const { floodSeason } = attributes
  if (typeof floodSeason === 'string' && floodSeasonForm.test(floodSeason))
    options.floodSeason = floodSeason
  return { edition, values: measured({ level, flow }), options }
}

/** What was never measured there is left out. */
function measured(values: Readonly<Record<string, Figure>>): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

type Figure = number | null | undefined

function figuresOf(attributes: Site['attributes'], wanted: typeof figures) {
  const options: Record<string, unknown> = {}
  for (const [option, names] of wanted) {
    const value = names.map((name) => attributes[name]).find((one) => isUsable(option, one))
    if (value !== undefined) options[option] = value
  }
  return options
}

export function lowWaterRequest(
  edition: string,
  { attributes }: Pick<Site, 'attributes'>,
  { level, flow }: { level: Figure; flow: Figure },
): IndexRequest {
  return { edition, values: measured({ level, flow }), options: figuresOf(attributes, lowFigures) }
}

/** The attribute `fieldCapacity`, % by volume, of the soil of the site. */
export function soilRequest(
  edition: string,
  { attributes }: Pick<Site, 'attributes'>,
  moisture: Figure,
): IndexRequest {
  const { fieldCapacity } = attributes
  const capacity =
    typeof fieldCapacity === 'number' && fieldCapacity > 0 ? fieldCapacity : undefined
  const options = capacity === undefined ? {} : { capacity }
  const value = typeof moisture === 'number' ? Math.max(0, moisture) : moisture
  return { edition, values: measured({ moisture: value }), options }
}

function isUsable(option: string, value: unknown): value is number {
  return (
    typeof value === 'number' &&
    Number.isFinite(value) &&
    (!option.startsWith('near') || value >= 0)
  )
}

const needed: Readonly<Record<'flood-signal' | 'low-water-signal', Record<string, string[]>>> = {
  'flood-signal': {
    water_level: ['warningLevel', 'guaranteeLevel', 'recordLevel', 'historicMaximum'],
    flow: ['warningFlow', 'guaranteeFlow', 'recordFlow', 'historicMaximumFlow'],
  },
  'low-water-signal': {
    water_level: ['droughtLevel', 'seasonMinimum', 'historicMinimum'],
    flow: ['droughtFlow', 'seasonMinimumFlow', 'historicMinimumFlow'],
  },
}

/** Whether something is measured that the site has a figure for; without one nothing can raise a signal. */
export function hasFigures(
  index: 'flood-signal' | 'low-water-signal',
  { attributes }: Pick<Site, 'attributes'>,
  properties: ReadonlySet<string>,
): boolean {
  return Object.entries(needed[index]).some(
    ([property, names]) =>
      properties.has(property) && names.some((name) => typeof attributes[name] === 'number'),
  )
}

/** Attributes of a site that readings are compared with by these indices. */
export const hydroFigures: readonly string[] = [
  ...[...figures, ...lowFigures].flatMap(([, names]) => names),
  'fieldCapacity',
]
