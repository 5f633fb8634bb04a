/**
 * The state of devices themselves. These keys are readings also when they come in an attributes message.
 *
 * UCUM has no decibel of a milliwatt. `dB{mW}` is valid UCUM (a decibel with a note in braces) and keeps the
 * number that every modem prints: −97 dBm is −97.
 */

import type { Property } from '../property.ts'
import { intoCelsius, intoDegree, intoPercent, intoVolt, none } from './units.ts'

const mean = { domain: 'device', quantity: 'instant', hj212: null } as const
const dbm = { ...mean, unit: 'dB{mW}', convertible: { dBm: { scale: 1, offset: 0 } } } as const
const db = { ...mean, unit: 'dB', convertible: none } as const

export const device: readonly Property[] = [
  {
    ...mean,
    code: 'battery',
    name: { en: 'Battery charge', zh: '电池电量' },
    unit: '%',
    min: 0,
    max: 110,
    convertible: intoPercent,
  },
  {
    ...mean,
    code: 'voltage',
    name: { en: 'Supply voltage', zh: '供电电压' },
    unit: 'V',
    min: -1_000,
    max: 1_000,
    convertible: intoVolt,
  },
  {
    ...mean,
    code: 'solar_voltage',
    name: { en: 'Solar panel voltage', zh: '太阳能板电压' },
    unit: 'V',
    min: -10,
    max: 1_000,
    convertible: intoVolt,
  },
  /** 3GPP TS 36.133 reports NB-IoT NRSRP from −156 to −44 dBm. */
  {
    ...dbm,
    code: 'rsrp',
    name: { en: 'Reference signal power', zh: '参考信号接收功率' },
    min: -180,
    max: 0,
  },
  {
    ...dbm,
    code: 'rssi',
    name: { en: 'Received signal strength', zh: '接收信号强度' },
    min: -180,
    max: 20,
  },
  {
    ...db,
    code: 'rsrq',
    name: { en: 'Reference signal quality', zh: '参考信号接收质量' },
    min: -60,
    max: 20,
  },
  { ...db, code: 'snr', name: { en: 'Signal-to-noise ratio', zh: '信噪比' }, min: -60, max: 100 },
  {
    ...mean,
    code: 'device_temperature',
    name: { en: 'Temperature inside the device', zh: '设备温度' },
    unit: 'Cel',
    min: -90,
    max: 200,
    convertible: intoCelsius,
  },
  {
    ...mean,
    code: 'tilt',
    name: { en: 'Tilt of the device', zh: '倾斜角' },
    unit: 'deg',
    min: -180,
    max: 180,
    convertible: intoDegree,
  },
  {
    ...mean,
    quantity: 'counter',
    code: 'uptime',
    name: { en: 'Time since start', zh: '运行时长' },
    unit: 's',
    min: 0,
    max: 1e10,
    convertible: {
      ms: { scale: 1e-3, offset: 0 },
      min: { scale: 60, offset: 0 },
      h: { scale: 3_600, offset: 0 },
    },
  },
]
