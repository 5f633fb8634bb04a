/** The frame of Beijing's picture: panels, bands in the levels' colours, axes, red alerts, legend. */

import { cnLevels } from '../../domain/standards/air/cn-tables.ts'
import type { DayOfCity } from './beijing-air.ts'
import { box, group, line, text } from './svg.ts'

export const width = 1280
export const height = 1010
export const left = 64
export const right = 1140
export const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** The official red alerts, Beijing time, as generally known. */
export const redAlerts = [
  { from: '2015-12-08T07:00:00+08:00', to: '2015-12-10T12:00:00+08:00' },
  { from: '2015-12-19T07:00:00+08:00', to: '2015-12-23T00:00:00+08:00' },
] as const

export const ink = '#1b1f24'
export const faint = '#5c6570'
export const old = '#0b4fb3'

interface Panel {
  top: number
  bottom: number
  most: number
  title: string
}

export const hourly: Panel = {
  top: 136,
  bottom: 466,
  most: 500,
  title: 'Every hour (city mean of 12 stations) · 实时报',
}
export const daily: Panel = {
  top: 550,
  bottom: 830,
  most: 500,
  title: 'Every day (mean of the stations’ days) · 日报',
}
export const difference = { top: 896, bottom: 962 }

export const y = (panel: Panel, value: number) =>
  panel.bottom - ((panel.bottom - panel.top) * Math.min(value, panel.most)) / panel.most

export function heading(): string {
  const row = 92
  const label = { 'font-size': 14, fill: ink }
  return group({}, [
    text(
      left,
      40,
      'Beijing, 25 November – 31 December 2015: the air quality index under both editions',
      {
        'font-size': 23,
        'font-weight': 600,
        fill: ink,
      },
    ),
    text(
      left,
      64,
      '北京 2015年11月25日—12月31日：HJ 633-2012 与 HJ 633-2026 两个版本的空气质量指数（AQI）',
      {
        'font-size': 15,
        fill: faint,
      },
    ),
    line([left, row - 5, left + 34, row - 5], { stroke: ink, 'stroke-width': 2 }),
    text(left + 42, row, 'HJ 633-2026', label),
    line([left + 150, row - 5, left + 184, row - 5], { stroke: old, 'stroke-width': 2.6 }),
    text(left + 192, row, 'HJ 633-2012', label),
    box([left + 304, row - 14, 30, 16], { fill: '#d40000', opacity: 0.16 }),
    line([left + 304, row - 14, left + 334, row - 14], { stroke: '#d40000', 'stroke-width': 3 }),
    text(left + 342, row, 'official red alert 红色预警', label),
    line([left + 540, row - 14, left + 540, row + 2], { stroke: ink, 'stroke-width': 1.2 }),
    text(left + 550, row, 'lowest and highest station (2026)', label),
    line([left + 806, row - 5, left + 830, row - 5], { stroke: '#c2188b', 'stroke-width': 4 }),
    text(left + 838, row, 'no AQI under 2026: pollutants missing (NA)', label),
  ])
}

export function bands(panel: Panel): string[] {
  return cnLevels.flatMap(({ upTo, category, rgb }, i) => {
    const low = i === 0 ? 0 : (cnLevels[i - 1]?.upTo ?? 0)
    const [top, bottom] = [y(panel, upTo ?? panel.most), y(panel, low)]
    const fill = `rgb(${rgb.join(',')})`
    const middle = (top + bottom) / 2
    const inTwoLines = bottom - top > 40
    return [
      box([left, top, right - left, bottom - top], { fill, opacity: 0.13 }),
      box([right, top, 10, bottom - top], { fill }),
      text(right + 18, middle + (inTwoLines ? -2 : 5), category.zh, { 'font-size': 13, fill: ink }),
      text(
        right + 18 + (inTwoLines ? 0 : category.zh.length * 13 + 6),
        middle + (inTwoLines ? 14 : 5),
        inTwoLines || category.zh.length < 3 ? category.en : (category.en.split(' ')[0] ?? ''),
        { 'font-size': 11.5, fill: faint },
      ),
    ]
  })
}

export function alerts(x: (at: number) => number): string[] {
  return redAlerts.flatMap(({ from, to }) => {
    const [start, end] = [x(Date.parse(from)), x(Date.parse(to))]
    return [hourly, daily].flatMap(({ top, bottom }) => [
      box([start, top, end - start, bottom - top], { fill: '#d40000', opacity: 0.1 }),
      line([start, top, end, top], { stroke: '#d40000', 'stroke-width': 4 }),
    ])
  })
}

export function grid(
  panel: Panel,
  days: readonly DayOfCity[],
  x: (at: number) => number,
): string[] {
  const ends = [0, 50, 100, 150, 200, 300, 400, 500]
  return [
    text(left, panel.top - 16, panel.title, { 'font-size': 15, 'font-weight': 600, fill: ink }),
    ...ends.flatMap((value) => [
      line([left, y(panel, value), right, y(panel, value)], {
        stroke: '#7d8590',
        'stroke-width': value === 0 ? 1 : 0.5,
        opacity: value === 0 ? 1 : 0.55,
      }),
      text(left - 8, y(panel, value) + 4.5, String(value), {
        'font-size': 12,
        'text-anchor': 'end',
        fill: faint,
      }),
    ]),
    ...days
      .filter(({ from }) => isMonday(from))
      .map(({ from }) =>
        line([x(from), panel.top, x(from), panel.bottom], {
          stroke: '#7d8590',
          'stroke-width': 0.5,
          opacity: 0.55,
        }),
      ),
  ]
}

/** 1970-01-01 was a Thursday; Beijing is 8 h ahead. */
function isMonday(at: number): boolean {
  return Math.floor((at + 8 * hourMs) / dayMs) % 7 === 4
}

export function dates(days: readonly DayOfCity[], x: (at: number) => number): string {
  const label = { 'font-size': 12, 'text-anchor': 'middle', fill: faint }
  const rows = [hourly.bottom, daily.bottom, difference.bottom].flatMap((bottom) =>
    days.flatMap(({ day, from, to }) => {
      const first = day.endsWith('-01') || day === days[0]?.day
      const name = day.startsWith('2015-11') ? 'Nov' : 'Dec'
      const number = String(Number(day.slice(-2)))
      const middle = x((from + to) / 2)
      return [
        text(middle, bottom + 22, number, label),
        ...(first ? [text(middle, bottom + 37, name, { ...label, 'font-weight': 600 })] : []),
      ]
    }),
  )
  return group({}, [
    ...rows,
    text(
      right,
      height - 10,
      'Data: Beijing Municipal Environmental Monitoring Centre via UCI data set 501 (Zhang et al. 2017), CC BY 4.0',
      {
        'font-size': 11,
        'text-anchor': 'end',
        fill: faint,
      },
    ),
  ])
}
