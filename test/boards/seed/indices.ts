/** Indices of the sites, computed as the platform does, for the hours and days that the boards show. */

import { siteIndexPoint } from '../../../grafana/feed/site-index-point.ts'
import { createDayCalendar } from '../../../domain/calendar.ts'
import type { Hour, Hours } from '../../../domain/standards/averages/clock-hour.ts'
import { stationHours, statisticOf } from '../../../domain/standards/averages/station.ts'
import { fits, isDaily, type SiteIndexName } from '../../../domain/standards/site/coverage.ts'
import { siteIndexAt } from '../../../domain/standards/site-indices.ts'
import { dayMs, hourMs } from '../../../simulators/calendar.ts'
import type { BoardPoint } from '../../../stores/readings/board-points.ts'
import { type BoardCity, groupedBy, samplesOf } from './city.ts'
import type { DeviceHistory } from './readings.ts'

const shown: readonly SiteIndexName[] = [
  'cn-aqi-hourly',
  'cn-aqi-daily',
  'gb3838',
  'gb5749',
  'rain-grade',
  'rainstorm-signal',
  'flood-signal',
]
const calendar = createDayCalendar('Asia/Shanghai')

export function* siteIndices(
  board: BoardCity,
  histories: readonly DeviceHistory[],
  days: number,
): Generator<BoardPoint> {
  const bySite = groupedBy(histories, ({ device }) => device.site)
  for (const [id, devices] of bySite) {
    const site = board.sites.get(id)
    if (site === undefined || !shown.some((index) => fits(index, site, propertiesOf(devices))))
      continue
    const hours = hoursOf(board, devices, days)
    for (const index of shown) {
      if (!fits(index, site, propertiesOf(devices))) continue
      for (const period of periodsOf(board, index, days)) {
        const answer = siteIndexAt({ site, calendar }, hours, { index, edition: null, period })
        if (answer !== null) yield siteIndexPoint(site, answer, period)
      }
    }
  }
}

function propertiesOf(devices: readonly DeviceHistory[]): ReadonlySet<string> {
  return new Set(devices.flatMap(({ hours }) => [...hours.keys()]))
}

/** What was measured, and for the days before that the model once an hour. */
function hoursOf(
  board: BoardCity,
  devices: readonly DeviceHistory[],
  days: number,
): Map<string, Hours> {
  const properties = propertiesOf(devices)
  const older = devices.map(({ device }) => [
    ...samplesOf(board, device, { fromMs: board.end - (days + 1) * dayMs, hourly: true }),
  ])
  return new Map(
    [...properties].map((property) => [
      property,
      stationHours(
        property,
        devices.map(({ device, hours }, i) => {
          const all = new Map<number, Hour>()
          const perHour = hourMs / device.sampleMs
          for (const { at, values } of older[i] ?? []) {
            const value = values[property]
            if (value === undefined) continue
            const total = statisticOf(property) === 'sum' ? value * perHour : value
            all.set(at, { from: at, value: total, count: perHour, completeness: 1 })
          }
          for (const [from, { sum, count, max }] of hours.get(property) ?? []) {
            const statistic = statisticOf(property)
            const value = statistic === 'sum' ? sum : statistic === 'max' ? max : sum / count
            all.set(from, { from, value, count, completeness: Math.min(1, count / perHour) })
          }
          return all
        }),
      ),
    ]),
  )
}

function periodsOf(
  { end }: BoardCity,
  index: SiteIndexName,
  days: number,
): { from: number; to: number }[] {
  const periods: { from: number; to: number }[] = []
  if (isDaily(index)) {
    const today = calendar.dayOf(end).from
    for (let from = today - days * dayMs; from < today; from += dayMs)
      periods.push({ from, to: from + dayMs })
    return periods
  }
  const hour = Math.floor(end / hourMs) * hourMs
  for (let from = hour - 50 * hourMs; from < hour; from += hourMs)
    periods.push({ from, to: from + hourMs })
  return periods
}
