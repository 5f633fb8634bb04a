/**
 * Recorded series for the evaluation of quality control, as readings of the catalogue. The files are not part of the
 * project (one has no licence); `quality-evaluation.ts` is told where they are.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import type { TestSettings } from '../../domain/quality-plan.ts'

export interface Recorded {
  file: string
  title: string
  /** Column → property, with the factor into its unit. */
  columns: Readonly<Record<string, readonly [property: string, scale: number]>>
  /** Some values stand for "no value"; the file says so. */
  sentinel?: number
  /** The sentinel is sent as this number instead. */
  sentAs?: number
  /** Plans for the place, by property, instead of the defaults. */
  plans?: Readonly<Record<string, TestSettings>>
}

const weather = {
  temp_c: ['temperature', 1],
  dewpoint_c: ['dew_point', 1],
  pressure_hpa: ['pressure', 1],
  rain_mm: ['rainfall', 1],
  wind_speed_ms: ['wind_speed', 1],
} as const

const sonde = {
  temp_c: ['water_temperature', 1],
  ph: ['ph', 1],
  do_mgl: ['dissolved_oxygen', 1],
  cond_uscm: ['conductivity', 1],
  turbidity_fnu: ['turbidity', 1],
  chlorophyll_ugl: ['chlorophyll_a', 1],
  fdom_qsu: ['fdom', 1],
  level_masl: ['water_level', 1],
} as const

const river = { stage_m: ['water_level', 1], flow_m3s: ['flow', 1] } as const

const street = {
  file: 'lowcost_uci_airquality_italy_2004.csv',
  columns: {
    co_ref_mgm3: ['co', 1],
    c6h6_ref_ugm3: ['voc', 1],
    nox_ref_ppb: ['nox', 1],
    no2_ref_ugm3: ['no2', 1],
  },
  sentinel: -200,
} as const

export const recorded: readonly Recorded[] = [
  {
    file: 'air_beijing_2015_red_alerts.csv',
    title: 'Air, Beijing, 12 stations, hourly, 25 Nov – 31 Dec 2015 (UCI 501, CC BY 4.0)',
    columns: {
      pm25_ugm3: ['pm25', 1],
      pm10_ugm3: ['pm10', 1],
      so2_ugm3: ['so2', 1],
      no2_ugm3: ['no2', 1],
      co_ugm3: ['co', 1e-3],
      o3_ugm3: ['o3', 1],
      ...weather,
    },
  },
  {
    file: 'rain_beijing_2013_2016_storms.csv',
    title: 'Rain, Beijing, 12 sites, hourly, two storms of 2013 and 2016 (UCI 501, CC BY 4.0)',
    columns: weather,
  },
  {
    file: 'river_yorkshire_2015_boxing_day.csv',
    title: 'Rivers Calder and Aire, 15 min, Nov 2015 – Jan 2016 (Environment Agency, OGL 3.0)',
    columns: river,
  },
  {
    file: 'river_don_2019_sheffield_rotherham.csv',
    title: 'River Don, two gauges, 15 min, November 2019 (Environment Agency, OGL 3.0)',
    columns: river,
  },
  {
    file: 'wq_neon_prin_2019_15min.csv',
    title: 'Pringle Creek, two sondes, 15 min, 15 Aug – 15 Nov 2019 (NEON, CC0)',
    columns: sonde,
  },
  {
    file: 'wq_neon_prin_2019_15min.csv',
    title: 'The same with a plan for the site: pH 6.5 – 8.5, turbidity from 0',
    columns: sonde,
    plans: {
      ph: { gross_range: { suspect: [6.5, 8.5] } },
      turbidity: { gross_range: { suspect: [0, 4_000] } },
    },
  },
  {
    file: 'wq_neon_prin_2019_storm_1min.csv',
    title: 'Pringle Creek, the storm of 6 – 8 Nov 2019, 1 min (NEON, CC0)',
    columns: sonde,
  },
  {
    file: 'lowcost_purpleair_senegal_2020.csv',
    title: 'Low-cost particle sensor, Senegal, channels A and B, hourly, 14 months (figures only)',
    columns: {
      pm25_a_ugm3: ['pm25', 1],
      pm25_b_ugm3: ['pm25', 1],
      pm10_a_ugm3: ['pm10', 1],
      pm10_b_ugm3: ['pm10', 1],
      temp_c: ['temperature', 1],
      humidity_pct: ['humidity', 1],
      pressure_hpa: ['pressure', 1],
      rssi_dbm: ['rssi', 1],
    },
  },
  {
    file: 'lowcost_purpleair_senegal_as_delivered.csv',
    title: 'The same sensor as delivered: days come twice, time runs back (figures only)',
    columns: {
      pm25_a_ugm3: ['pm25', 1],
      pm10_a_cf1_ugm3: ['pm10', 1],
      temp_c: ['temperature', 1],
      humidity_pct: ['humidity', 1],
    },
  },
  {
    ...street,
    title: 'Street air, Italy, reference analysers and weather, hourly, 13 months (UCI, CC BY 4.0)',
    columns: { ...street.columns, temp_c: ['temperature', 1], humidity_pct: ['humidity', 1] },
  },
  {
    ...street,
    title: 'The gases of the same, with 999.9 in place of −200',
    sentAs: 999.9,
  },
  {
    file: 'water_dma_inflow_bwdf_2021_2023.csv',
    title: 'Water meters, inflow of 10 districts, hourly, 27 months (BWDF, CC BY 4.0)',
    columns: Object.fromEntries(
      Array.from({ length: 10 }, (_, i) => [`dma${i + 1}_lps`, ['meter_flow', 3.6] as const]),
    ),
  },
  {
    file: 'water_dma_weather_bwdf_2021_2023.csv',
    title: 'Weather of the same city, hourly, 27 months (BWDF, CC BY 4.0)',
    columns: { ...weather, humidity_pct: ['humidity', 1] },
  },
]

export type CsvRow = Readonly<Record<string, string>>

export function rowsOf(dir: string, file: string): readonly CsvRow[] {
  return parse(readFileSync(join(dir, file)), { columns: true })
}

/** A stretch of the recordings that is known to be a fault, or known to be real. */
export interface Episode {
  kind: 'fault' | 'limit' | 'event'
  what: string
  station: string
  columns: readonly string[]
  from: number
  to: number
}

const kinds: Readonly<Record<string, Episode['kind']>> = {
  sensor_fault: 'fault',
  data_fault: 'fault',
  sensor_limit: 'limit',
  real_event: 'event',
}

/** The stretches listed for a file, and single spikes that the list leaves out. Sentinels are known by their value. */
export function episodesOf(dir: string, { file, columns }: Recorded): readonly Episode[] {
  const listed = rowsOf(dir, 'episodes.csv')
    .filter((row) => row.file === file && kinds[row.kind ?? ''] !== undefined)
    .map((row) => ({
      kind: kinds[row.kind ?? ''] ?? 'fault',
      what: `${row.parameter} ${row.rule}`,
      station: row.station ?? '-',
      columns: columnsOf(row.parameter ?? '', Object.keys(columns)),
      from: Date.parse(row.start ?? ''),
      to: Date.parse(row.end ?? ''),
    }))
  return file === 'wq_neon_prin_2019_15min.csv' ? [...listed, ...turbiditySpikes] : listed
}

const turbiditySpikes: readonly Episode[] = [
  ['PRIN-upstream', '2019-09-24T21:00:00Z'],
  ['PRIN-upstream', '2019-09-24T22:00:00Z'],
  ['PRIN-downstream', '2019-10-24T07:45:00Z'],
  ['PRIN-downstream', '2019-11-12T13:30:00Z'],
].map(([station = '', time = '']) => ({
  kind: 'fault' as const,
  what: 'turbidity_fnu single sample far above its neighbours',
  station,
  columns: ['turbidity_fnu'],
  from: Date.parse(time),
  to: Date.parse(time),
}))

function columnsOf(parameter: string, all: readonly string[]): readonly string[] {
  if (parameter.startsWith('all')) return all
  if (parameter === 'pm25 |A-B|') return all.filter((column) => column.includes('_b_'))
  if (parameter === 'pm25 A vs B') return all.filter((column) => column.startsWith('pm'))
  if (parameter === 'pm10 A and B') return all.filter((column) => column.startsWith('pm10'))
  return all.filter((column) => column === parameter)
}
