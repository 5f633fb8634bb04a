/**
 * Rivers, reservoirs, rain, streets under water, coast, soil and groundwater.
 *
 * Levels are heights above the datum of the site, which may be a local zero or the sea: so −50…9,000 m.
 * Rain comes in two forms that must never be mixed: `rainfall` is what fell in the interval and adds up;
 * `rain_total` is a counter that only grows until it is reset.
 */

import type { Property } from '../property.ts'
import {
  intoCelsius,
  intoCubicMetre,
  intoCubicMetrePerSecond,
  intoMetre,
  intoMetrePerSecond,
  intoMilligramPerLitre,
  intoMillimetre,
  intoPercent,
} from './units.ts'

const domain = 'hydro'
const hj212 = null
const mean = { domain, hj212, quantity: 'instant' } as const
const metres = { ...mean, unit: 'm', convertible: intoMetre } as const
const level = { ...metres, min: -50, max: 9_000 } as const

export const hydro: readonly Property[] = [
  { ...level, code: 'water_level', name: { en: 'Water level above datum', zh: '水位' } },
  { ...level, code: 'tide_level', name: { en: 'Tide level above datum', zh: '潮位' } },
  {
    ...level,
    code: 'groundwater_level',
    name: { en: 'Groundwater level above datum', zh: '地下水位' },
  },
  {
    ...metres,
    code: 'groundwater_depth',
    name: { en: 'Depth to groundwater', zh: '地下水埋深' },
    min: -50,
    max: 1_000,
  },
  {
    ...metres,
    code: 'water_depth',
    name: { en: 'Water depth on a street or in a pipe', zh: '积水深度' },
    /** Pressure probes that lie dry scatter below zero. */
    min: -0.2,
    max: 100,
  },
  { ...metres, code: 'wave_height', name: { en: 'Wave height', zh: '波高' }, min: 0, max: 50 },
  {
    ...metres,
    code: 'gate_opening',
    name: { en: 'Gate opening', zh: '闸门开度' },
    min: 0,
    max: 100,
  },
  {
    ...mean,
    code: 'flow',
    name: { en: 'Discharge', zh: '流量' },
    unit: 'm3/s',
    /** Tidal rivers and pumped canals run backwards. */
    min: -500_000,
    max: 500_000,
    hj212: 'w00000',
    convertible: intoCubicMetrePerSecond,
  },
  {
    ...mean,
    code: 'velocity',
    name: { en: 'Flow velocity', zh: '流速' },
    unit: 'm/s',
    min: -50,
    max: 50,
    convertible: intoMetrePerSecond,
  },
  {
    code: 'rainfall',
    name: { en: 'Rain in the interval', zh: '时段降雨量' },
    domain,
    unit: 'mm',
    min: 0,
    max: 2_000,
    quantity: 'interval',
    hj212,
    convertible: intoMillimetre,
  },
  {
    code: 'rain_total',
    name: { en: 'Rain counter', zh: '累计降雨量' },
    domain,
    unit: 'mm',
    min: 0,
    max: 10_000_000,
    quantity: 'counter',
    hj212,
    convertible: intoMillimetre,
  },
  {
    ...mean,
    code: 'rain_intensity',
    name: { en: 'Rain intensity', zh: '雨强' },
    unit: 'mm/h',
    min: 0,
    max: 5_000,
    convertible: { 'mm/min': { scale: 60, offset: 0 } },
  },
  {
    code: 'storage',
    name: { en: 'Stored volume', zh: '蓄水量' },
    domain,
    unit: 'm3',
    min: 0,
    max: 1e12,
    quantity: 'instant',
    hj212,
    convertible: intoCubicMetre,
  },
  {
    ...mean,
    code: 'soil_moisture',
    name: { en: 'Soil moisture by volume', zh: '土壤体积含水量' },
    unit: '%',
    min: -5,
    max: 100,
    convertible: intoPercent,
  },
  {
    ...mean,
    code: 'soil_temperature',
    name: { en: 'Soil temperature', zh: '土壤温度' },
    unit: 'Cel',
    min: -60,
    max: 100,
    convertible: intoCelsius,
  },
  {
    ...mean,
    code: 'sediment',
    name: { en: 'Suspended sediment', zh: '含沙量' },
    unit: 'mg/L',
    min: -100,
    max: 2_000_000,
    convertible: intoMilligramPerLitre,
  },
]
