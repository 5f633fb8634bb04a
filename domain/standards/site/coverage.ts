/**
 * Which indices a site can have: what feeds each, whether it is of hours or of days, how far it looks back, and at
 * which kinds of sites it means something. `flood-size` needs a return period, which no sensor tells.
 */

import { createDayCalendar, createStandardCalendar, type DayCalendar } from '../../calendar.ts'
import type { SignalIndex } from '../../rule.ts'
import type { Site } from '../../site.ts'
import { hourMs } from '../averages/clock-hour.ts'
import { type IndexName, indexNames } from '../definition.ts'
import { indexDefinitions } from '../indices.ts'
import { rainProperties } from '../averages/rain-sum.ts'
import { type AirIndex, nowcastHoursMost, pollutantOf, usOzoneHoursAfter } from './air-figures.ts'
import { hasFigures, type RainIndex } from './hydro-request.ts'

export type SiteIndexName = Exclude<IndexName, 'flood-size'>
export type InstantIndex = Exclude<SiteIndexName, AirIndex>

export const siteIndexNames: readonly SiteIndexName[] = indexNames.filter(
  (name) => name !== 'flood-size',
)

const air: ReadonlySet<string> = new Set([
  'cn-aqi-daily',
  'cn-aqi-hourly',
  'us-aqi',
  'us-nowcast',
  'eu-aqi',
] satisfies AirIndex[])

/** Signals of rules name a class where the index names its standard. */
export function indexOfSignal(signal: SignalIndex): SiteIndexName {
  return signal === 'gb3838-class' ? 'gb3838' : signal
}

export function isAirIndex(index: SiteIndexName): index is AirIndex {
  return air.has(index)
}

export function isRainIndex(index: SiteIndexName): index is RainIndex {
  return index === 'rain-grade' || index === 'rainstorm-signal'
}

const daily: ReadonlySet<SiteIndexName> = new Set(['cn-aqi-daily', 'us-aqi', 'gb3838'])

/** What the index is of: each clock hour, or each natural day. */
export function isDaily(index: SiteIndexName): boolean {
  return daily.has(index)
}

/** Days and hours by which an index counts: EPA's are of local standard time all year (40 CFR 50 appendix U 3(a)). */
export function indexCalendar(index: SiteIndexName, zone: string): DayCalendar {
  return index === 'us-aqi' ? createStandardCalendar(zone) : createDayCalendar(zone)
}

/** How far beyond the end of its hour or day an index looks: EPA's means of ozone that begin in the day end after it. */
export function readsOnMs(index: SiteIndexName): number {
  return index === 'us-aqi' ? usOzoneHoursAfter * hourMs : 0
}

/** How long after its hour or day an index is known, where these properties are measured. */
export function settlesMs(index: SiteIndexName, measured: { has(property: string): boolean }) {
  return index === 'us-aqi' && measured.has('o3') ? readsOnMs(index) : 0
}

/** How far before the end of its hour or day an index looks; a day is as long as it is. */
export function lookBackMs(index: SiteIndexName): number {
  if (index === 'us-nowcast') return nowcastHoursMost * hourMs
  if (index === 'rainstorm-signal') return 12 * hourMs
  return 24 * hourMs
}

const feeding: ReadonlyMap<SiteIndexName, ReadonlySet<string>> = new Map(
  siteIndexNames.map((name) => [name, new Set(propertiesOf(name))]),
)

function propertiesOf(name: SiteIndexName): readonly string[] {
  const definition = indexDefinitions.get(name)
  if (definition === undefined) return []
  const indicators = definition.editions.flatMap(({ id }) => definition.indicators(id))
  if (isAirIndex(name)) return indicators.map(pollutantOf)
  const named = indicators.flatMap(({ property }) => (property === null ? [] : [property]))
  return isRainIndex(name) ? [...named, ...rainProperties] : named
}

/** Properties of the catalogue whose readings the index is made from. */
export function feedingProperties(index: SiteIndexName): ReadonlySet<string> {
  return feeding.get(index) ?? new Set()
}

const surfaceWater: ReadonlySet<Site['kind']> = new Set([
  'surface-water',
  'river-gauge',
  'reservoir',
  'other',
])

/** One of them at least; temperature alone makes no class. */
const decidesSurface = ['ph', 'dissolved_oxygen', 'codmn', 'cod', 'bod5', 'nh3n', 'tp']
/** Tells a pipe of drinking water from a drain. */
const disinfectants = ['residual_chlorine', 'total_chlorine', 'chlorine_dioxide', 'ozone_residual']

/** Whether the index means something at the site, which measures these properties. */
export function fits(
  index: SiteIndexName,
  site: Pick<Site, 'kind' | 'attributes'>,
  properties: ReadonlySet<string>,
): boolean {
  const hasOneOf = (some: Iterable<string>) => [...some].some((one) => properties.has(one))
  if (index === 'gb3838') return surfaceWater.has(site.kind) && hasOneOf(decidesSurface)
  if (index === 'flood-signal' || index === 'low-water-signal') {
    return hasFigures(index, site, properties)
  }
  if (index === 'gb5749') {
    if (site.kind === 'water-plant') return hasOneOf(feedingProperties(index))
    return site.kind === 'pipe' && hasOneOf(disinfectants)
  }
  return hasOneOf(feedingProperties(index))
}
