/**
 * Air: the hourly index of a station, and PM2.5 and ozone by themselves for stations that do not measure all six
 * pollutants. Levels follow the categories of the index: blue light, yellow moderate, orange heavy, red severe.
 */

import { type StarterGroup, starterRule } from './starter-rule.ts'

const where = { kind: ['air-station' as const] }
const nodes = 'HJ 633-2026 table 3, nodes of IAQI 100, 150, 200 and 300'

const index = starterRule(
  {
    id: 'starter-air-aqi',
    name: { en: 'Air quality index, hourly', zh: '空气质量指数（小时）' },
    where,
    signal: { type: 'index', index: 'cn-aqi-hourly' },
    levels: { blue: 101, yellow: 151, orange: 201, red: 301 },
    clearAfter: '2h',
    clearMargin: 5,
  },
  {
    source: 'HJ 633-2026 table 2 and appendix A: 101 light, 151 moderate, 201 heavy, 301 severe',
    confidence: 'A',
    notes: [
      'The colours of the alert are those of Chinese warnings; the index itself has colours of its own.',
      'This is not the heavy-pollution warning (重污染天气预警) of a city: that one goes by a forecast of the daily AQI (2017 guidance, confidence B: above 200 for 1 day blue, 2 days yellow, 3 days with a day above 300 orange, 4 days with two above 300 red; newer local plans differ).',
      'A pollutant that the station has never measured counts as not monitored by plan (HJ 633-2026 5.3.2). While one that it does measure is missing, the index is given only above 100: a station with gaps is better served by the next two rules.',
    ],
  },
)

const pm25 = starterRule(
  {
    id: 'starter-air-pm25',
    name: { en: 'PM2.5, hourly mean', zh: '细颗粒物小时均值' },
    property: 'pm25',
    where,
    signal: { type: 'mean', window: '1h' },
    levels: { blue: 60, yellow: 115, orange: 150, red: 250 },
    raiseAfter: '10m',
    clearAfter: '1h',
    clearMargin: 5,
  },
  {
    source: `${nodes}; hourly values are read against the daily column (table 3, note on the real-time report)`,
    confidence: 'A',
    notes: ['The mean of the last 60 minutes, which is ahead of the index of the clock hour.'],
  },
)

const ozone = starterRule(
  {
    id: 'starter-air-ozone',
    name: { en: 'Ozone, hourly mean', zh: '臭氧小时均值' },
    property: 'o3',
    where,
    signal: { type: 'mean', window: '1h' },
    levels: { blue: 200, yellow: 300, orange: 400, red: 800 },
    raiseAfter: '10m',
    clearAfter: '1h',
    clearMargin: 10,
  },
  {
    source: `${nodes}, column O3 1 h; 200 ug/m3 is also the hourly limit of GB 3095-2026, grade 2`,
    confidence: 'A',
    notes: [],
  },
)

export const airRules: StarterGroup = {
  id: 'air',
  title: { en: 'Air', zh: '环境空气' },
  notes: [],
  rules: [index, pm25, ozone],
}
