/**
 * Beijing's air of December 2015 as the standards see it: official averages of the recorded hours, and the index of
 * every hour and day under both editions. The picture and the page are made from this, and so are their tests.
 *
 * The city is the mean of its stations, for which at least nine of the twelve (75 %) must have a value.
 */

import { readFileSync } from 'node:fs'
import { createDayCalendar } from '../../domain/calendar.ts'
import { type Hour, hourMs, meanOf } from '../../domain/standards/averages/clock-hour.ts'
import {
  dailyMax1h,
  dailyMax8h,
  dailyMean,
  ozoneMax8h,
} from '../../domain/standards/averages/daily.ts'
import { dayLong, eightHours, movingMean } from '../../domain/standards/averages/moving-mean.ts'
import type { IndexAnswer, IndexName } from '../../domain/standards/definition.ts'
import { indexDefinitions } from '../../domain/standards/indices.ts'

export const zone = 'Asia/Shanghai'
export const editions = ['HJ 633-2012', 'HJ 633-2026'] as const
export type ChinaEdition = (typeof editions)[number]

const properties = ['so2', 'no2', 'pm10', 'co', 'o3', 'pm25'] as const
type Property = (typeof properties)[number]
const stationsNeeded = 9

/** Hours of one station (or the city) by pollutant. */
export type Air = Readonly<Record<Property, ReadonlyMap<number, Hour>>>
type Values = Record<string, number | null>

export interface HourOfCity {
  from: number
  pm25: number | null
  answers: Readonly<Record<ChinaEdition, IndexAnswer>>
}

export interface DayOfCity {
  /** `YYYY-MM-DD` in Beijing. */
  day: string
  from: number
  to: number
  values: Values
  answers: Readonly<Record<ChinaEdition, IndexAnswer>>
  /** Each station's own answers, under both editions. */
  stations: readonly Readonly<Record<ChinaEdition, IndexAnswer>>[]
}

export function readStations(): ReadonlyMap<string, Air> {
  const file = new URL('../cases/standards/beijing-2015.csv', import.meta.url)
  const [header = '', ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n')
  const columns = header.split(',')
  const rows = lines.map((line) => line.split(','))
  const names = new Set(columns.slice(1).map((column) => column.split('.')[0] ?? ''))
  return new Map(
    [...names].map((name) => [
      name,
      byProperty((property) => hoursFrom(rows, columns.indexOf(`${name}.${property}`))),
    ]),
  )
}

function byProperty(make: (property: Property) => ReadonlyMap<number, Hour>): Air {
  return {
    so2: make('so2'),
    no2: make('no2'),
    pm10: make('pm10'),
    co: make('co'),
    o3: make('o3'),
    pm25: make('pm25'),
  }
}

function hoursFrom(rows: readonly (readonly string[])[], column: number): Map<number, Hour> {
  return new Map(
    rows
      .filter((row) => (row[column] ?? '') !== '')
      .map((row) => wholeHour(Date.parse(row[0] ?? ''), Number(row[column])))
      .map((hour) => [hour.from, hour]),
  )
}

function wholeHour(from: number, value: number): Hour {
  return { from, value, count: 1, completeness: 1 }
}

/** The city's hours: the mean of the stations where enough of them have one. */
export function cityOf(stations: ReadonlyMap<string, Air>): Air {
  return byProperty((property) => {
    const all = [...stations.values()].map((air) => air[property])
    const hours = new Map<number, Hour>()
    for (const from of new Set(all.flatMap((one) => [...one.keys()]))) {
      const values = all.map((one) => one.get(from)?.value ?? null)
      const value = meanOf(values, stationsNeeded)
      if (value !== null) hours.set(from, wholeHour(from, value))
    }
    return hours
  })
}

function judge(index: IndexName, edition: string, values: Values): IndexAnswer {
  const definition = indexDefinitions.get(index)
  if (definition === undefined) throw new Error(`There is no index ${index}.`)
  return definition.compute({ edition, values, options: {} })
}

function underBoth(index: IndexName, values: Values): Record<ChinaEdition, IndexAnswer> {
  return {
    'HJ 633-2012': judge(index, 'HJ 633-2012', values),
    'HJ 633-2026': judge(index, 'HJ 633-2026', values),
  }
}

export function hoursOfCity(city: Air, span: { from: number; to: number }): HourOfCity[] {
  const count = (span.to - span.from) / hourMs
  return Array.from({ length: count }, (_, i) => {
    const from = span.from + i * hourMs
    const values: Values = {}
    for (const property of properties) {
      values[`${property}_1h`] = city[property].get(from)?.value ?? null
    }
    values.o3_8h = movingMean(city.o3, from + hourMs, eightHours)
    values.so2_24h = movingMean(city.so2, from + hourMs, dayLong)
    values.pm10_24h = movingMean(city.pm10, from + hourMs, dayLong)
    values.pm25_24h = movingMean(city.pm25, from + hourMs, dayLong)
    return { from, pm25: values.pm25_1h ?? null, answers: underBoth('cn-aqi-hourly', values) }
  })
}

function valuesOfDay(air: Air, day: { from: number; to: number }): Values {
  return {
    so2_24h: dailyMean(air.so2, day),
    no2_24h: dailyMean(air.no2, day),
    pm10_24h: dailyMean(air.pm10, day),
    co_24h: dailyMean(air.co, day),
    o3_1h: dailyMax1h(air.o3, day),
    o3_8h: dailyMax8h(air.o3, day, ozoneMax8h),
    pm25_24h: dailyMean(air.pm25, day),
  }
}

/** A day of the city is the mean of its stations' days. */
export function daysOfCity(
  stations: ReadonlyMap<string, Air>,
  first: string,
  count: number,
): DayOfCity[] {
  const calendar = createDayCalendar(zone)
  const noon = Date.parse(`${first}T12:00:00+08:00`)
  return Array.from({ length: count }, (_, i) => {
    const day = calendar.dayOf(noon + i * 24 * hourMs)
    const each = [...stations.values()].map((air) => valuesOfDay(air, day))
    const values: Values = {}
    for (const code of Object.keys(each[0] ?? {})) {
      values[code] = meanOf(
        each.map((one) => one[code] ?? null),
        stationsNeeded,
      )
    }
    return {
      day: new Date(day.from + 8 * hourMs).toISOString().slice(0, 10),
      ...day,
      values,
      answers: underBoth('cn-aqi-daily', values),
      stations: each.map((one) => underBoth('cn-aqi-daily', one)),
    }
  })
}
