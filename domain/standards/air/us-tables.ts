/**
 * Numbers of the air quality index of the US EPA: EPA-454/B-24-002 (Technical Assistance Document, May 2024) table 6,
 * the same as 40 CFR 58 appendix G.
 */

import { exactly } from '../decimal.ts'
import type { Edition } from '../definition.ts'
import type { Level } from './levels.ts'
import type { Pollutant, Span } from './pollutants.ts'

export const usEdition: Edition = {
  id: 'EPA-454/B-24-002',
  title: {
    en: 'US EPA air quality index with the PM2.5 revision of 2024',
    zh: '美国环保局空气质量指数（2024年修订PM2.5）',
  },
  inForceFrom: '2024-05-06',
  inForceTo: null,
  source: 'US EPA, EPA-454/B-24-002, May 2024; 40 CFR 58 appendix G',
  confidence: 'A',
}

/** Lowest and highest concentration of a band, lowest and highest index. */
export type Band = readonly [low: string, high: string, indexLow: number, indexHigh: number]

export interface UsColumn {
  code: string
  pollutant: Pollutant
  /** Decimals that the concentration is cut to first. */
  decimals: number
  span: Span
  hours: 1 | 8 | 24
  /** Rising and without gaps after cutting; there is no index below the first one. */
  bands: readonly Band[]
  /** Whether the last band goes on above its end. */
  open: boolean
}

function span(unit: string, least: number, most: number): Span {
  return { unit, least: exactly(least), most: exactly(most) }
}

/** The lower ends let an analyser scatter around zero; the upper ones catch values in another unit. */
const ozone = span('[ppm]', -0.01, 3)
const carbonMonoxide = span('[ppm]', -1, 2_000)
const ppb = span('[ppb]', -10, 20_000)

export const usColumns: readonly UsColumn[] = [
  {
    code: 'o3_8h',
    pollutant: 'o3',
    decimals: 3,
    span: ozone,
    hours: 8,
    open: false,
    bands: [
      ['0.000', '0.054', 0, 50],
      ['0.055', '0.070', 51, 100],
      ['0.071', '0.085', 101, 150],
      ['0.086', '0.105', 151, 200],
      ['0.106', '0.200', 201, 300],
    ],
  },
  {
    code: 'o3_1h',
    pollutant: 'o3',
    decimals: 3,
    span: ozone,
    hours: 1,
    open: true,
    bands: [
      ['0.125', '0.164', 101, 150],
      ['0.165', '0.204', 151, 200],
      ['0.205', '0.404', 201, 300],
      ['0.405', '0.604', 301, 500],
    ],
  },
  {
    code: 'pm25_24h',
    pollutant: 'pm25',
    decimals: 1,
    span: span('ug/m3', -10, 20_000),
    hours: 24,
    open: true,
    bands: [
      ['0.0', '9.0', 0, 50],
      ['9.1', '35.4', 51, 100],
      ['35.5', '55.4', 101, 150],
      ['55.5', '125.4', 151, 200],
      ['125.5', '225.4', 201, 300],
      ['225.5', '325.4', 301, 500],
    ],
  },
  {
    code: 'pm10_24h',
    pollutant: 'pm10',
    decimals: 0,
    span: span('ug/m3', -10, 50_000),
    hours: 24,
    open: true,
    bands: [
      ['0', '54', 0, 50],
      ['55', '154', 51, 100],
      ['155', '254', 101, 150],
      ['255', '354', 151, 200],
      ['355', '424', 201, 300],
      ['425', '604', 301, 500],
    ],
  },
  {
    code: 'co_8h',
    pollutant: 'co',
    decimals: 1,
    span: carbonMonoxide,
    hours: 8,
    open: true,
    bands: [
      ['0.0', '4.4', 0, 50],
      ['4.5', '9.4', 51, 100],
      ['9.5', '12.4', 101, 150],
      ['12.5', '15.4', 151, 200],
      ['15.5', '30.4', 201, 300],
      ['30.5', '50.4', 301, 500],
    ],
  },
  {
    code: 'so2_1h',
    pollutant: 'so2',
    decimals: 0,
    span: ppb,
    hours: 1,
    open: false,
    bands: [
      ['0', '35', 0, 50],
      ['36', '75', 51, 100],
      ['76', '185', 101, 150],
      ['186', '304', 151, 200],
    ],
  },
  {
    code: 'so2_24h',
    pollutant: 'so2',
    decimals: 0,
    span: ppb,
    hours: 24,
    open: true,
    bands: [
      ['305', '604', 201, 300],
      ['605', '1004', 301, 500],
    ],
  },
  {
    code: 'no2_1h',
    pollutant: 'no2',
    decimals: 0,
    span: ppb,
    hours: 1,
    open: true,
    bands: [
      ['0', '53', 0, 50],
      ['54', '100', 51, 100],
      ['101', '360', 101, 150],
      ['361', '649', 151, 200],
      ['650', '1249', 201, 300],
      ['1250', '2049', 301, 500],
    ],
  },
]

export const usLevels: readonly Level[] = [
  { upTo: 50, category: { en: 'Good', zh: '良好' }, colour: 'green', rgb: [0, 228, 0] },
  { upTo: 100, category: { en: 'Moderate', zh: '中等' }, colour: 'yellow', rgb: [255, 255, 0] },
  {
    upTo: 150,
    category: { en: 'Unhealthy for Sensitive Groups', zh: '对敏感人群不健康' },
    colour: 'orange',
    rgb: [255, 126, 0],
  },
  { upTo: 200, category: { en: 'Unhealthy', zh: '不健康' }, colour: 'red', rgb: [255, 0, 0] },
  {
    upTo: 300,
    category: { en: 'Very Unhealthy', zh: '非常不健康' },
    colour: 'purple',
    rgb: [143, 63, 151],
  },
  { upTo: null, category: { en: 'Hazardous', zh: '危险' }, colour: 'maroon', rgb: [126, 0, 35] },
]
