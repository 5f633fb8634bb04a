/**
 * `fn=official` of readings: what the standard gives of each hour, 8 hours or day of one instrument, valid or not and
 * why, beside the plain mean. Made from clock hours of the site, with a day before from which intervals are learned.
 */

import { z } from 'zod'
import { createCivilPeriods, type Day, zoneOf } from '../../domain/calendar.ts'
import { propertyOf } from '../../domain/catalogue.ts'
import { Fault } from '../../domain/errors.ts'
import { meanFigure } from '../../domain/figure.ts'
import { type Hours, type HourWindow, hourMs } from '../../domain/standards/averages/clock-hour.ts'
import { completed } from '../../domain/standards/averages/completeness.ts'
import {
  hoursIn,
  type OfficialFigure,
  type OfficialPeriod,
  type OfficialRule,
  officialDayHour,
  officialFigure,
  officialRule,
} from '../../domain/standards/averages/official.ts'
import { statisticOf } from '../../domain/standards/averages/station.ts'
import { durationMs } from '../../domain/text.ts'
import { zoneClock } from '../../domain/zone-clock.ts'
import type { RegistryView } from '../../stores/records/registry.ts'
import {
  type Interval,
  isAfter,
  isBefore,
  type ReadingsPlace,
  type ReadingsRequest,
} from './readings-plan.ts'
import type { SeriesStretch, StretchReader } from '../../indices/series-stretch.ts'
import { timeText } from './time-text.ts'
import type { WindowLength } from './window-lengths.ts'

const learnedFromMs = 24 * hourMs
/** A page of a stream. */
const rowsPerPage = 1_000

/** What an official figure has more than an aggregate. */
export const officialShape = {
  valid: z.boolean().meta({ description: 'Of fn=official: enough was measured' }),
  reason: z.string().nullable().meta({ description: 'Why it is not valid' }),
  statistic: z.string().meta({ description: 'Such as "mean of the day"' }),
  standard: z.string().meta({ description: 'Standard and clause' }),
  plainMean: z.number().nullable().meta({
    description: 'Mean of all good readings, as fn=mean gives it: no official figure',
  }),
}

export interface OfficialRow extends SeriesStretch {
  figure: OfficialFigure
  rule: OfficialRule
  count: number
  plainMean: number | null
  from: number
  to: number
}

/** The length of official windows, or a `Fault` that says what there is. */
export function officialPeriodOf(request: ReadingsRequest, length: WindowLength): OfficialPeriod {
  const period = length.unit === 'day' ? '1d' : length.unit === 8 * hourMs ? '8h' : '1h'
  if (period === '1h' && length.unit !== hourMs) {
    throw refused('every', 'with fn=official must be 1h, 8h or 1d.')
  }
  if (request.quality !== undefined) {
    throw refused('quality', 'official figures count good readings (1 and 2); leave it out.')
  }
  if (request.day !== undefined) {
    throw refused('day', 'official figures are of the days of their standard; leave it out.')
  }
  const unfit = request.property?.find((code) => officialRule(code, period) === undefined)
  if (unfit === undefined) return period
  const why = `no standard here has a figure of ${period} of ${unfit}`
  throw refused('fn', `${why}; take ${officialRule(unfit, '1d') ? 'every=1d' : 'mean'}.`)
}

function refused(field: string, why: string): Fault {
  return new Fault('bad_request', `${field}: ${why}`, { field })
}

export interface OfficialPlan extends Interval {
  series: readonly SeriesStretch[]
  period: OfficialPeriod
  now: number
  /** IANA name, for sites that say none. */
  timeZone: string
}

/** Series by series; whole periods that the time asked for touches and that hold a reading. */
export async function* officialPages(
  { readings, view }: { readings: StretchReader; view: RegistryView },
  plan: OfficialPlan,
  place: ReadingsPlace | undefined,
): AsyncGenerator<readonly OfficialRow[]> {
  for (const one of plan.series) {
    const rule = officialRule(one.property, plan.period)
    if (rule === undefined || (place !== undefined && isBefore(one, place))) continue
    const isBegun = place !== undefined && !isAfter(one, place)
    const from = isBegun ? Math.max(plan.from, place.at) : plan.from
    if (from >= plan.to) continue
    const rows = await rowsOf({ readings, view }, { ...plan, from }, { one, rule })
    for (let at = 0; at < rows.length; at += rowsPerPage) yield rows.slice(at, at + rowsPerPage)
  }
}

async function rowsOf(
  { readings, view }: { readings: StretchReader; view: RegistryView },
  { from, to, period, now, timeZone }: OfficialPlan,
  { one, rule }: { one: SeriesStretch; rule: OfficialRule },
): Promise<OfficialRow[]> {
  const site = (one.part ?? view.device(one.device))?.site ?? null
  const zone = zoneOf(site === null ? undefined : view.site(site), timeZone)
  const unit = period === '1d' ? 'day' : period === '8h' ? 8 * hourMs : hourMs
  const periods = createCivilPeriods({ zone, hour: officialDayHour(one.property), unit })
  const span = { from: periods.periodOf(from).from, to: periods.periodOf(to - 1).to }
  const windows = await hoursOf(readings, one, { ...span, zone })
  const interval = view.device(one.device)?.expectedInterval ?? null
  const hours = completed(windows, interval === null ? null : durationMs(interval))
  const rows: OfficialRow[] = []
  let last: Day = { from: 0, to: Number.NEGATIVE_INFINITY }
  for (const { from: at } of windows) {
    if (at < span.from || at >= span.to || at < last.to) continue
    last = periods.periodOf(at)
    const figure = officialFigure(rule, hours, { period: last, now })
    rows.push({ ...one, ...last, ...plainOf(hours, one.property, last), figure, rule })
  }
  return rows
}

async function hoursOf(
  readings: StretchReader,
  one: SeriesStretch,
  { from, to, zone }: Day & { zone: string },
): Promise<HourWindow[]> {
  const offset = zoneClock(zone).offsetMs(from)
  const originMs = ((-offset % hourMs) + hourMs) % hourMs
  const found: HourWindow[] = []
  const query = { fn: statisticOf(one.property), everyMs: hourMs, originMs, series: [one] }
  for await (const page of readings.aggregate({
    ...query,
    from: Math.max(0, from - learnedFromMs),
    to,
  })) {
    for (const window of page) {
      if (window.value === null) continue
      // Of a device that came within the hour only the time since then is told.
      const start = Math.floor((window.from - originMs) / hourMs) * hourMs + originMs
      found.push({ from: start, value: window.value, count: window.count })
    }
  }
  return found
}

function plainOf(hours: Hours, property: string, period: Day) {
  const all = hoursIn(hours, period)
  const count = all.reduce((sum, hour) => sum + hour.count, 0)
  if (statisticOf(property) !== 'mean' || count === 0) return { count, plainMean: null }
  const sum = all.reduce((total, hour) => total + hour.value * hour.count, 0)
  const values = all.map(({ value }) => value)
  const most = { count, min: Math.min(...values), max: Math.max(...values) }
  return { count, plainMean: Number(meanFigure(sum, most).toPrecision(12)) }
}

export function officialJson(view: RegistryView, row: OfficialRow) {
  const { device, property, figure, rule, count, plainMean, from, to } = row
  const { value, valid, reason, hours, hoursOf } = figure
  return {
    ...{ device, site: view.siteAt(device, to - 1), property, fn: 'official', value },
    ...{ unit: propertyOf(property)?.unit ?? '', count, from: timeText(from), to: timeText(to) },
    completeness: hours / hoursOf,
    ...{ valid, reason, statistic: rule.statistic, standard: rule.standard, plainMean },
  }
}

export const officialColumns = [
  ...['device', 'site', 'property', 'fn', 'value', 'unit', 'count', 'from', 'to'],
  ...['completeness', ...Object.keys(officialShape)],
]
