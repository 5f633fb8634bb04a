/**
 * Indices of a site: from what its sensors said to the request that the standard's index takes, and its answer.
 *
 * - Air: means of the clock hours (`averages/`). Daily indices are of natural days of the site.
 * - `gb3838`: means of the day from at least 4 hours that hold readings, since automatic stations measure every 4 h
 *   (6 a day); of an hour or a moment the answer is marked as instant, which is not what the standard judges.
 * - `gb5749`: means of the hour. Rain: sums up to the end of the hour. `flood-signal`: highest level of the hour.
 *
 * An hour or day in which the site said nothing has no index, rather than an empty one.
 */

import type { Day, DayCalendar } from '../calendar.ts'
import type { Site } from '../site.ts'
import type { BothLanguages } from '../text.ts'
import { type Hours, hourMs, meanOf } from './averages/clock-hour.ts'
import { waterHoursLeast } from './averages/official.ts'
import { rainProperties, rainSum } from './averages/rain-sum.ts'
import { statisticOf } from './averages/station.ts'
import {
  editionOn,
  type IndexAnswer,
  type IndexDefinition,
  type IndexRequest,
} from './definition.ts'
import { indexDefinitions } from './indices.ts'
import { airRequest } from './site/air-request.ts'
import {
  feedingProperties,
  type InstantIndex,
  isAirIndex,
  isRainIndex,
  lookBackMs,
  type SiteIndexName,
} from './site/coverage.ts'
import {
  floodRequest,
  lowWaterRequest,
  persistingNote,
  type RainOf,
  rainRequest,
  soilRequest,
} from './site/hydro-request.ts'
import { type Figure, waterRequest } from './site/water-request.ts'

export interface Place {
  site: Pick<Site, 'kind' | 'attributes'>
  /** Natural days of the site. */
  calendar: DayCalendar
}

export interface SiteIndexQuestion<Name extends SiteIndexName = SiteIndexName> {
  index: Name
  /** Checked to be one of the index; null: the one in force on the day. */
  edition: string | null
  /** A clock hour or a natural day, whichever is asked for. */
  period: Day
}

/** What is known of water, rain and levels: newest values and sums up to now, or means and sums of an hour. */
export interface Figures {
  value: Figure
  rainOf: RainOf
}

/**
 * The index of a site in an hour or on a day, or null when no reading behind it fell into it.
 * @param hours by property, see `stationHours`; one that is silent has no hours, one that was never there no entry
 */
export function siteIndexAt(
  place: Place,
  hours: ReadonlyMap<string, Hours>,
  question: SiteIndexQuestion,
): IndexAnswer | null {
  const { index, period } = question
  if (!hasSpoken(hours, question)) return null
  if (!isAirIndex(index)) {
    return instantIndexAt(place, figuresOf(hours, period), { ...question, index })
  }
  const asked = askedOf(place, question)
  return asked.definition.compute(airRequest(index, asked, hours, period))
}

/** The same for what needs no means: of a moment when the period has no length. */
export function instantIndexAt(
  place: Place,
  figures: Figures,
  question: SiteIndexQuestion<InstantIndex>,
): IndexAnswer {
  const { index, period } = question
  const asked = askedOf(place, question)
  const answer = asked.definition.compute(requestOf(index, place.site, asked, figures))
  const notes = [
    ...answer.notes,
    ...(index === 'rainstorm-signal' ? [persistingNote] : []),
    ...(index === 'gb3838' && !isDay(period) ? [instantNote] : []),
  ]
  return { ...answer, notes }
}

interface Asked {
  definition: IndexDefinition
  edition: string
  indicators: ReturnType<IndexDefinition['indicators']>
  /** Local date, `YYYY-MM-DD`. */
  day: string
}

/** An hour belongs to the day in which it begins: the last one before an edition changes is of the old one. */
function askedOf({ calendar }: Place, { index, edition: named, period }: SiteIndexQuestion): Asked {
  const definition = definitionOf(index)
  const day = new Date(period.from + calendar.offsetMs(period.from)).toISOString().slice(0, 10)
  const edition = named ?? editionOn(definition, day).id
  return { definition, edition, indicators: definition.indicators(edition), day }
}

export function definitionOf(index: SiteIndexName): IndexDefinition {
  const definition = indexDefinitions.get(index)
  if (definition === undefined) throw new Error(`There is no index ${index}.`)
  return definition
}

function requestOf(
  index: InstantIndex,
  site: Place['site'],
  asked: Asked,
  { value, rainOf }: Figures,
): IndexRequest {
  if (isRainIndex(index)) return rainRequest(index, asked.edition, rainOf)
  const { edition, day } = asked
  const gauge = { level: value('water_level'), flow: value('flow') }
  switch (index) {
    case 'flood-signal':
      return floodRequest(edition, site, { ...gauge, day })
    case 'low-water-signal':
      return lowWaterRequest(edition, site, gauge)
    case 'drought-signal':
      return soilRequest(edition, site, value('soil_moisture'))
    default:
      return waterRequest(index, asked, site, value)
  }
}

function figuresOf(hours: ReadonlyMap<string, Hours>, period: Day): Figures {
  return {
    value(property) {
      const own = hours.get(property)
      if (own === undefined) return undefined
      const values = valuesIn(own, period)
      if (statisticOf(property) !== 'max')
        return meanOf(values, isDay(period) ? waterHoursLeast : 1)
      return values.length === 0 ? null : Math.max(...values)
    },
    rainOf(count) {
      const span = { from: period.to - count * hourMs, to: period.to }
      const sums = rainProperties.flatMap(
        (property) => rainSum(hours.get(property) ?? new Map(), span) ?? [],
      )
      return sums.length === 0 ? null : Math.max(...sums)
    },
  }
}

/** A day of a change of clocks may have 23 h, an hour never more than one. */
function isDay({ from, to }: Day): boolean {
  return to - from > hourMs
}

function valuesIn(hours: Hours, { from, to }: Day): number[] {
  const values: number[] = []
  for (let at = from; at < to; at += hourMs) {
    const hour = hours.get(at)
    if (hour !== undefined) values.push(hour.value)
  }
  return values
}

/** Rain gauges that send only when it rains are silent in dry hours, so for rain the whole sum is looked at. */
function hasSpoken(
  hours: ReadonlyMap<string, Hours>,
  { index, period }: SiteIndexQuestion,
): boolean {
  const from = isRainIndex(index) ? period.to - lookBackMs(index) : period.from
  for (const property of feedingProperties(index)) {
    const own = hours.get(property)
    if (own === undefined) continue
    for (let at = from; at < period.to; at += hourMs) if (own.has(at)) return true
  }
  return false
}

const instantNote: BothLanguages = {
  en: 'Instant: the standard judges samples or means of a day, not a moment.',
  zh: '瞬时评价：标准针对采样值或日均值，非瞬时值。',
}
