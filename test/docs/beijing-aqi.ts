/** Writes the page on Beijing's December 2015, whose every number is computed from the recorded hours. */

import {
  type ChinaEdition,
  cityOf,
  type DayOfCity,
  daysOfCity,
  type HourOfCity,
  hoursOfCity,
  readStations,
} from './beijing-air.ts'
import { hourMs, redAlerts } from './beijing-frame.ts'
import { beijingPicture } from './beijing-picture.ts'
import { paragraphs, table } from './markdown.ts'

export interface Episode {
  hours: readonly HourOfCity[]
  days: readonly DayOfCity[]
}

export function beijingEpisode(): Episode {
  const stations = readStations()
  const days = daysOfCity(stations, '2015-11-25', 37)
  const span = { from: days[0]?.from ?? 0, to: days.at(-1)?.to ?? 0 }
  return { days, hours: hoursOfCity(cityOf(stations), span) }
}

/** Path below `docs/` → text. */
export function beijingFiles(
  { hours, days }: Episode = beijingEpisode(),
): ReadonlyMap<string, string> {
  return new Map([
    ['beijing-aqi-2015.svg', beijingPicture(hours, days)],
    ['beijing-aqi.md', page(hours, days)],
  ])
}

function page(hours: readonly HourOfCity[], days: readonly DayOfCity[]): string {
  return `${paragraphs([
    '# Beijing, December 2015, under both editions',
    '<!-- Written by `npm run docs`; do not edit. -->',
    'Twelve stations, hourly, with the first two red alerts that Beijing ever called. The recorded hours are run through the official averages (`domain/standards/averages`) and the index (`domain/standards/air`), once under HJ 633-2012 and once under HJ 633-2026. Every number on this page is computed from the data by `npm run docs`; a test holds them against the data.',
    '![Air quality index of Beijing, 25 November to 31 December 2015](beijing-aqi-2015.svg)',
    ...whatItShows(hours, days),
    '## Day by day',
    'City means: concentrations in µg/m³, CO in mg/m³. O3 is the largest mean of 8 h of the day. "Stations" are the lowest and highest AQI of a single station (2026).',
    dayTable(days),
    ...missing(hours, days),
    '## How it is made',
    'A daily mean of a station needs 20 valid hours, its ozone maximum of 8 h at least 14 of 17 moving means (GB 3095, HJ 663). The city is the mean of its stations, of which nine of twelve must have a value; this is our reading, and it takes in Dingling, a rural station. For the hourly report the city means of the hours are used; under HJ 633-2012 the moving means of 8 h and 24 h are made of them. The source does not say whether an hour is named after its beginning or its end; here it is the beginning. Beijing used HJ 633-2012 since 2013, though it came into force for all of China on 2016-01-01.',
    '## Data',
    'Beijing Municipal Environmental Monitoring Centre, as UCI data set 501 "Beijing Multi-Site Air Quality" (Zhang et al. 2017, doi 10.1098/rspa.2017.0457), CC BY 4.0; cut in time, CO in mg/m³, otherwise as recorded: `test/cases/standards/beijing-2015.csv`.',
  ])}\n`
}

function whatItShows(hours: readonly HourOfCity[], days: readonly DayOfCity[]): string[] {
  const sixth = (edition: ChinaEdition) =>
    hours.filter(({ answers }) => answers[edition].level === 6).length
  const outside = days.filter((day) => day.answers['HJ 633-2026'].level === 6 && !inAlert(day))
  const changed = days.filter((day) => difference(day) > 1)
  const stationDays = days
    .flatMap(({ stations }) => stations)
    .filter((one) => one['HJ 633-2026'].level !== null)
  const moved = stationDays.filter((one) => one['HJ 633-2012'].level !== one['HJ 633-2026'].level)
  const up = moved.filter(
    (one) => Number(one['HJ 633-2026'].level) > Number(one['HJ 633-2012'].level),
  )
  const toLight = up.filter((one) => one['HJ 633-2012'].level === 2)
  const movedDays = days.filter(
    ({ answers }) => answers['HJ 633-2012'].level !== answers['HJ 633-2026'].level,
  )
  return [
    '## What it shows',
    `**The alerts missed the worst days.** The red alerts ran from 8 December 07:00 to 10 December 12:00 and from 19 December 07:00 to 22 December 24:00 (as generally known; not part of the data). ${outside.length} days of level 6 (严重污染) lie outside of them: ${outside.map(dayAndAqi).join(', ')}. A rule on the index follows the data instead.`,
    `**The new real-time report is faster.** Under HJ 633-2012 PM counts in the hourly report as the moving mean of 24 h; under HJ 633-2026 as the mean of the hour. The new line rises and falls up to a day before the old one, and reaches level 6 in ${sixth('HJ 633-2026')} hours instead of ${sixth('HJ 633-2012')}.`,
    `**Smog days are the same, clean-looking days are not.** The editions differ where PM2.5 lies between 35 and 115 µg/m³ or PM10 between 50 and 250: ${changed.map((day) => `${shortDay(day)} +${difference(day)}`).join(', ')}. ${movedDays.length === 0 ? 'No day of the city changes' : `${movedDays.length} days of the city change`} its level, but ${moved.length} of ${stationDays.length} station days do: ${up.length} become worse, ${toLight.length} of them from 良 to 轻度污染, and ${moved.length - up.length} better, because the new edition rounds concentrations before it reads the table (PM2.5 of 35.3 is 35, which is 优). Rounding first is also why some days are one point lower.`,
  ]
}

function missing(hours: readonly HourOfCity[], days: readonly DayOfCity[]): string[] {
  const none = hours.filter(({ answers }) => answers['HJ 633-2026'].value === null)
  const lackingDays = days.filter(
    ({ answers }) => answers['HJ 633-2026'].details.missing?.toString() !== '',
  )
  const stationsWithout = days
    .flatMap(({ stations }) => stations)
    .filter((one) => one['HJ 633-2026'].value === null)
  return [
    '## What is missing',
    `Cells of the data are missing here and there (1.5 to 2.6 % by pollutant); PM2.5 is missing at all stations from 2 December 02:00 to 05:00. ${none.length} hours of the city have no AQI under HJ 633-2026 5.3.1 (a pollutant is missing and the rest is not above 100): ${hourList(none)}. Under HJ 633-2012, which only asks to mark what is missing, the AQI of the rest is given; the picture leaves out those hours where it is not above 100, since PM may be what is missing: at the beginning the first moving mean of 24 h needs 20 hours.`,
    `${lackingDays.length === 0 ? 'Every day of the city has all pollutants' : `Days of the city without all pollutants: ${lackingDays.map(lacking).join(', ')} — above 100 the AQI of the rest stands`}; ${stationsWithout.length} of ${days.length * (days[0]?.stations.length ?? 0)} station days have no AQI (2026). CO stands at the ceiling of its instrument (10 mg/m³) in eight hours of single stations. Health advice, forecasts and the official figures of those days are not part of the data.`,
  ]
}

function hourList(hours: readonly HourOfCity[]): string {
  const byDay = new Map<string, string[]>()
  for (const { from } of hours) {
    const [day = '', time = ''] = new Date(from + 8 * hourMs).toISOString().split('T')
    byDay.set(day, [...(byDay.get(day) ?? []), time.slice(0, 5)])
  }
  return [...byDay].map(([day, times]) => `${day} ${times.join(' ')}`).join('; ')
}

function dayTable(days: readonly DayOfCity[]): string {
  return table(
    [
      'day',
      'PM2.5',
      'PM10',
      'SO2',
      'NO2',
      'CO',
      'O3 8 h',
      '2012',
      '2026',
      '类别 (2026)',
      'primary',
      'stations',
      'red alert',
    ],
    days.map((day) => {
      const now = day.answers['HJ 633-2026']
      const each = day.stations
        .map((one) => one['HJ 633-2026'].value)
        .filter((v) => typeof v === 'number')
      return [
        day.day,
        ...['pm25_24h', 'pm10_24h', 'so2_24h', 'no2_24h'].map((code) => shown(day, code, 0)),
        shown(day, 'co_24h', 1),
        shown(day, 'o3_8h', 0),
        day.answers['HJ 633-2012'].value,
        now.value,
        now.category?.zh ?? null,
        now.primary.join(', '),
        `${Math.min(...each)}–${Math.max(...each)}`,
        inAlert(day) ? 'yes' : '',
      ]
    }),
  )
}

function shown({ values }: DayOfCity, code: string, decimals: number): string | null {
  const value = values[code]
  return value === null || value === undefined ? null : value.toFixed(decimals)
}

function difference({ answers }: DayOfCity): number {
  return Number(answers['HJ 633-2026'].value) - Number(answers['HJ 633-2012'].value)
}

function inAlert({ from, to }: DayOfCity): boolean {
  return redAlerts.some((alert) => from < Date.parse(alert.to) && to > Date.parse(alert.from))
}

function lacking({ day, answers }: DayOfCity): string {
  return `${day} (${String(answers['HJ 633-2026'].details.missing)})`
}

function shortDay({ from }: DayOfCity): string {
  const date = new Date(from + 8 * hourMs)
  return `${date.getUTCDate()} ${date.getUTCMonth() === 10 ? 'Nov' : 'Dec'}`
}

function dayAndAqi(day: DayOfCity): string {
  return `${shortDay(day)} (${day.answers['HJ 633-2026'].value})`
}
