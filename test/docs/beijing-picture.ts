/** Draws Beijing's December 2015: the index of every hour and day under both editions, over the levels' colours. */

import type { IndexAnswer } from '../../domain/standards/definition.ts'
import type { ChinaEdition, DayOfCity, HourOfCity } from './beijing-air.ts'
import {
  alerts,
  bands,
  daily,
  dates,
  difference,
  faint,
  grid,
  heading,
  height,
  hourly,
  hourMs,
  ink,
  left,
  old,
  right,
  width,
  y,
} from './beijing-frame.ts'
import { box, curve, group, line, picture, text } from './svg.ts'

export function beijingPicture(hours: readonly HourOfCity[], days: readonly DayOfCity[]): string {
  const from = days[0]?.from ?? 0
  const to = days.at(-1)?.to ?? 1
  const x = (at: number) => left + ((right - left) * (at - from)) / (to - from)
  return picture(width, height, 'Air quality index of Beijing, 25 November to 31 December 2015', [
    box([0, 0, width, height], { fill: '#ffffff' }),
    heading(),
    ...[hourly, daily].flatMap((panel) => bands(panel)),
    ...alerts(x),
    ...[hourly, daily].flatMap((panel) => grid(panel, days, x)),
    hourlyCurves(hours, x),
    dailyBars(days, x),
    differences(days, x),
    dates(days, x),
  ])
}

function aqiOf(of: Pick<HourOfCity, 'answers'>, edition: ChinaEdition): number | null {
  const { value } = of.answers[edition]
  return typeof value === 'number' ? value : null
}

/** Without missing pollutants, or above 100 all the same: what lies below could be higher. */
function isWhole({ value, details }: IndexAnswer): boolean {
  return Array.isArray(details.missing) && (details.missing.length === 0 || Number(value) > 100)
}

function hourlyCurves(hours: readonly HourOfCity[], x: (at: number) => number): string {
  const points = (edition: ChinaEdition) =>
    hours.map((hour) => {
      const value = isWhole(hour.answers[edition]) ? aqiOf(hour, edition) : null
      return value === null ? null : ([x(hour.from + hourMs / 2), y(hourly, value)] as const)
    })
  const missing = hours.filter((hour) => aqiOf(hour, 'HJ 633-2026') === null)
  const label = { 'font-size': 12.5, fill: ink }
  return group({}, [
    curve(points('HJ 633-2012'), { stroke: '#ffffff', 'stroke-width': 5, opacity: 0.75 }),
    curve(points('HJ 633-2012'), { stroke: old, 'stroke-width': 2.6 }),
    curve(points('HJ 633-2026'), { stroke: '#ffffff', 'stroke-width': 3.4, opacity: 0.6 }),
    curve(points('HJ 633-2026'), { stroke: ink, 'stroke-width': 1.5 }),
    ...missing.map(({ from }) =>
      box([x(from), hourly.bottom + 2, Math.max(1.2, x(from + hourMs) - x(from)), 5], {
        fill: '#c2188b',
      }),
    ),
    text(
      right,
      hourly.top - 16,
      '2026: means of 1 h · 2012: PM as moving means of 24 h, which lag behind',
      {
        ...label,
        'text-anchor': 'end',
      },
    ),
  ])
}

function dailyBars(days: readonly DayOfCity[], x: (at: number) => number): string {
  return group(
    {},
    days.flatMap((day) => {
      const value = aqiOf(day, 'HJ 633-2026')
      const before = aqiOf(day, 'HJ 633-2012')
      const slot = x(day.to) - x(day.from)
      const start = x(day.from) + slot * 0.14
      const middle = start + slot * 0.3
      const edge = start + slot * 0.7
      const stations = day.stations
        .map((one) => one['HJ 633-2026'].value)
        .filter((v) => typeof v === 'number')
      const fill = `rgb(${(day.answers['HJ 633-2026'].rgb ?? [200, 200, 200]).join(',')})`
      const [low, high] = [Math.min(...stations), Math.max(...stations)].map((v) => y(daily, v))
      const parts: string[] = []
      if (value !== null) {
        const top = y(daily, value)
        parts.push(
          box([start, top, slot * 0.6, daily.bottom - top], {
            fill,
            stroke: ink,
            'stroke-width': 0.8,
          }),
        )
      }
      if (low !== undefined && high !== undefined) {
        parts.push(line([edge, low, edge, high], { stroke: ink, 'stroke-width': 1.2 }))
      }
      if (before !== null) {
        const at = y(daily, before)
        parts.push(
          line([start - 3, at, start + slot * 0.6 + 3, at], {
            stroke: '#ffffff',
            'stroke-width': 5,
          }),
          line([start - 3, at, start + slot * 0.6 + 3, at], { stroke: old, 'stroke-width': 2.6 }),
        )
      }
      if (value !== null) {
        parts.push(
          text(middle, y(daily, Math.max(value, before ?? 0)) - 6, String(value), {
            'font-size': 11.5,
            'font-weight': 600,
            'text-anchor': 'middle',
            fill: ink,
            stroke: '#ffffff',
            'stroke-width': 3,
            'paint-order': 'stroke',
          }),
        )
      }
      return parts
    }),
  )
}

/** How much higher the daily index is under the 2026 edition; a step down of 1 comes from rounding the means first. */
function differences(days: readonly DayOfCity[], x: (at: number) => number): string {
  const most = 20
  const zero = difference.bottom - 8
  const scale = (zero - difference.top) / most
  const bars = days.flatMap((day) => {
    const [before, value] = [aqiOf(day, 'HJ 633-2012'), aqiOf(day, 'HJ 633-2026')]
    if (before === null || value === null) return []
    const more = value - before
    const slot = x(day.to) - x(day.from)
    const middle = x((day.from + day.to) / 2)
    const top = zero - Math.max(0, more) * scale
    return [
      box([middle - slot * 0.24, top, slot * 0.48, Math.abs(more) * scale], { fill: faint }),
      ...(Math.abs(more) > 1
        ? [
            text(middle, top - 4, `+${more}`, {
              'font-size': 11,
              'text-anchor': 'middle',
              fill: ink,
            }),
          ]
        : []),
    ]
  })
  return group({}, [
    text(left, difference.top - 10, 'How much higher the day is under HJ 633-2026 · 新旧版之差', {
      'font-size': 15,
      'font-weight': 600,
      fill: ink,
    }),
    line([left, zero, right, zero], { stroke: '#7d8590', 'stroke-width': 1 }),
    text(left - 8, zero + 4, '0', { 'font-size': 12, 'text-anchor': 'end', fill: faint }),
    ...bars,
    text(right + 18, zero - 16, 'PM2.5 35–115 or', { 'font-size': 11.5, fill: faint }),
    text(right + 18, zero - 1, 'PM10 50–250 µg/m³', { 'font-size': 11.5, fill: faint }),
  ])
}
