/**
 * Air quality and noise. Units follow GB 3095 (ug/m3, and mg/m3 for CO).
 *
 * Ranges are what an instrument can honestly show: dust storms and wildfire smoke reach tens of thousands of
 * ug/m3, and reference analysers in clean air scatter a little below zero. A value below −10 is a sentinel
 * (−200, −999) or a fault.
 */

import type { Property } from '../property.ts'
import {
  intoMicrogramPerCubicMetre as micro,
  intoMilligramPerCubicMetre as milli,
  none,
} from './units.ts'

const domain = 'air'
const quantity = 'instant'
const ug = { domain, quantity, unit: 'ug/m3', min: -10, convertible: micro } as const

export const air: readonly Property[] = [
  { ...ug, code: 'pm25', name: { en: 'PM2.5', zh: '细颗粒物' }, max: 20_000, hj212: 'a34004' },
  { ...ug, code: 'pm10', name: { en: 'PM10', zh: '可吸入颗粒物' }, max: 50_000, hj212: 'a34002' },
  { ...ug, code: 'pm1', name: { en: 'PM1', zh: '亚微米颗粒物' }, max: 20_000, hj212: 'a34005' },
  {
    ...ug,
    code: 'tsp',
    name: { en: 'Total suspended particles', zh: '总悬浮颗粒物' },
    max: 100_000,
    hj212: 'a34001',
  },
  {
    ...ug,
    code: 'so2',
    name: { en: 'Sulphur dioxide', zh: '二氧化硫' },
    max: 50_000,
    hj212: 'a21026',
  },
  {
    ...ug,
    code: 'no2',
    name: { en: 'Nitrogen dioxide', zh: '二氧化氮' },
    max: 20_000,
    hj212: 'a21004',
  },
  { ...ug, code: 'no', name: { en: 'Nitric oxide', zh: '一氧化氮' }, max: 20_000, hj212: 'a21003' },
  {
    ...ug,
    code: 'nox',
    name: { en: 'Nitrogen oxides', zh: '氮氧化物' },
    max: 50_000,
    hj212: 'a21002',
  },
  { ...ug, code: 'o3', name: { en: 'Ozone', zh: '臭氧' }, max: 5_000, hj212: 'a05024' },
  {
    ...ug,
    code: 'co',
    name: { en: 'Carbon monoxide', zh: '一氧化碳' },
    unit: 'mg/m3',
    min: -1,
    max: 2_000,
    hj212: 'a21005',
    convertible: milli,
  },
  {
    ...ug,
    code: 'co2',
    name: { en: 'Carbon dioxide', zh: '二氧化碳' },
    unit: '[ppm]',
    min: 0,
    max: 100_000,
    hj212: null,
    convertible: none,
  },
  { ...ug, code: 'nh3', name: { en: 'Ammonia', zh: '氨' }, max: 500_000, hj212: 'a21001' },
  {
    ...ug,
    code: 'h2s',
    name: { en: 'Hydrogen sulphide', zh: '硫化氢' },
    max: 500_000,
    hj212: 'a21028',
  },
  {
    ...ug,
    code: 'voc',
    name: { en: 'Volatile organic compounds', zh: '挥发性有机物' },
    max: 1_000_000,
    hj212: null,
  },
  {
    ...ug,
    code: 'black_carbon',
    name: { en: 'Black carbon', zh: '黑碳' },
    max: 5_000,
    hj212: null,
  },
  {
    /**
     * UCUM has the decibel of sound pressure (`B[SPL]`, re 20 uPa) but no frequency weighting: weighting A belongs
     * to what is measured, so it is in the name, and the unit stays a code that UCUM tools can read.
     */
    code: 'noise',
    name: { en: 'Sound level, A-weighted', zh: '噪声（A声级）' },
    domain,
    unit: 'dB[SPL]',
    min: 0,
    max: 200,
    quantity: 'level',
    hj212: 'LA',
    convertible: { 'dB(A)': { scale: 1, offset: 0 }, dB: { scale: 1, offset: 0 } },
  },
]
