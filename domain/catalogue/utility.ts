/** Water works, pipes, pumps and meters. Counters (`meter_volume`, `energy`) only grow until they are replaced. */

import type { Property } from '../property.ts'
import {
  intoCubicMetre,
  intoCubicMetrePerHour,
  intoKilopascal,
  intoMetre,
  intoPercent,
  none,
} from './units.ts'

const domain = 'utility'
const hj212 = null
const mean = { domain, hj212, quantity: 'instant' } as const
const counter = { domain, hj212, quantity: 'counter' } as const

export const utility: readonly Property[] = [
  {
    ...counter,
    code: 'meter_volume',
    name: { en: 'Meter reading', zh: '水表累计读数' },
    unit: 'm3',
    min: -1_000_000,
    max: 1e12,
    hj212: 'w00001',
    convertible: intoCubicMetre,
  },
  {
    ...mean,
    code: 'meter_flow',
    name: { en: 'Flow through the meter', zh: '瞬时流量' },
    unit: 'm3/h',
    min: -1_000_000,
    max: 1_000_000,
    convertible: intoCubicMetrePerHour,
  },
  {
    ...mean,
    code: 'pipe_pressure',
    name: { en: 'Pressure in the pipe (gauge)', zh: '管网压力' },
    unit: 'kPa',
    /** A full vacuum is −101 kPa; water hammer reaches several MPa. */
    min: -110,
    max: 20_000,
    convertible: intoKilopascal,
  },
  {
    ...mean,
    code: 'pressure_head',
    name: { en: 'Pressure head', zh: '水头' },
    unit: 'm',
    min: -15,
    max: 2_000,
    convertible: intoMetre,
  },
  {
    ...mean,
    code: 'tank_level',
    name: { en: 'Tank level', zh: '水池液位' },
    unit: 'm',
    min: -1,
    max: 200,
    convertible: intoMetre,
  },
  {
    ...mean,
    code: 'power',
    name: { en: 'Electric power', zh: '有功功率' },
    unit: 'kW',
    min: -1_000_000,
    max: 1_000_000,
    convertible: { W: { scale: 1e-3, offset: 0 }, MW: { scale: 1e3, offset: 0 } },
  },
  {
    ...counter,
    code: 'energy',
    name: { en: 'Electric energy counter', zh: '累计电量' },
    unit: 'kW.h',
    min: -1e12,
    max: 1e12,
    convertible: { 'W.h': { scale: 1e-3, offset: 0 }, 'MW.h': { scale: 1e3, offset: 0 } },
  },
  {
    ...mean,
    code: 'pump_speed',
    name: { en: 'Pump speed', zh: '水泵转速' },
    unit: '{rev}/min',
    min: -100_000,
    max: 100_000,
    convertible: none,
  },
  {
    ...mean,
    code: 'valve_position',
    name: { en: 'Valve position', zh: '阀门开度' },
    unit: '%',
    min: -5,
    max: 105,
    convertible: intoPercent,
  },
  {
    ...mean,
    code: 'methane_lel',
    name: { en: 'Methane, share of the lower explosive limit', zh: '甲烷（爆炸下限百分比）' },
    unit: '%',
    min: -5,
    max: 500,
    convertible: intoPercent,
  },
]
