/**
 * Weather at a station. Ranges hold every record of the World Meteorological Organization with room to spare.
 * Rain is in `hydro.ts`.
 */

import type { Property } from '../property.ts'
import {
  intoCelsius,
  intoDegree,
  intoHectopascal,
  intoMetre,
  intoMetrePerSecond,
  intoMillimetre,
  intoPercent,
  none,
} from './units.ts'

const domain = 'weather'
const mean = { domain, quantity: 'instant' } as const
const celsius = { ...mean, unit: 'Cel', min: -90, max: 80, convertible: intoCelsius } as const
const speed = { ...mean, unit: 'm/s', min: 0, max: 150, convertible: intoMetrePerSecond } as const

export const weather: readonly Property[] = [
  {
    ...celsius,
    code: 'temperature',
    name: { en: 'Air temperature', zh: '气温' },
    hj212: 'a01001',
  },
  { ...celsius, code: 'dew_point', name: { en: 'Dew point', zh: '露点温度' }, hj212: null },
  {
    ...mean,
    code: 'humidity',
    name: { en: 'Relative humidity', zh: '相对湿度' },
    unit: '%',
    min: 0,
    /** Capacitive sensors show a little above saturation in fog. */
    max: 110,
    hj212: 'a01002',
    convertible: intoPercent,
  },
  {
    ...mean,
    code: 'pressure',
    name: { en: 'Air pressure at the station', zh: '气压' },
    unit: 'hPa',
    min: 300,
    max: 1_100,
    hj212: 'a01006',
    convertible: intoHectopascal,
  },
  { ...speed, code: 'wind_speed', name: { en: 'Wind speed', zh: '风速' }, hj212: 'a01007' },
  { ...speed, code: 'wind_gust', name: { en: 'Wind gust', zh: '阵风风速' }, hj212: null },
  {
    code: 'wind_direction',
    name: { en: 'Wind direction', zh: '风向' },
    domain,
    unit: 'deg',
    min: 0,
    max: 360,
    quantity: 'direction',
    hj212: 'a01008',
    convertible: intoDegree,
  },
  {
    ...mean,
    code: 'solar_radiation',
    name: { en: 'Global solar radiation', zh: '太阳总辐射' },
    unit: 'W/m2',
    min: -50,
    max: 2_000,
    hj212: null,
    convertible: none,
  },
  {
    ...mean,
    code: 'illuminance',
    name: { en: 'Illuminance', zh: '光照度' },
    unit: 'lx',
    min: 0,
    max: 250_000,
    hj212: null,
    convertible: none,
  },
  {
    ...mean,
    code: 'uv_index',
    name: { en: 'UV index', zh: '紫外线指数' },
    unit: '1',
    min: 0,
    max: 50,
    hj212: null,
    convertible: none,
  },
  {
    ...mean,
    code: 'visibility',
    name: { en: 'Visibility', zh: '能见度' },
    unit: 'm',
    min: 0,
    max: 200_000,
    hj212: null,
    convertible: intoMetre,
  },
  {
    code: 'evaporation',
    name: { en: 'Evaporation in the interval', zh: '时段蒸发量' },
    domain,
    unit: 'mm',
    min: -50,
    max: 500,
    quantity: 'interval',
    hj212: null,
    convertible: intoMillimetre,
  },
  {
    ...mean,
    code: 'snow_depth',
    name: { en: 'Snow depth', zh: '积雪深度' },
    unit: 'm',
    min: 0,
    max: 50,
    hj212: null,
    convertible: intoMetre,
  },
]
