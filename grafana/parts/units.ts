/**
 * Units of the catalogue as Grafana writes them. Its own identifiers are used where it has one; "μ" in them is the
 * Greek letter U+03BC, with the micro sign U+00B5 of keyboards Grafana prints the identifier instead of the unit.
 */

import * as units from '@grafana/grafana-foundation-sdk/units'
import { propertyOf } from '../../domain/catalogue.ts'

const byUcum: Readonly<Record<string, string>> = {
  'ug/m3': units.MicrogramPerCubicMeter,
  'mg/m3': units.MilligramPerCubicMeter,
  'dB{mW}': 'suffix:dBm',
  dB: units.Decibel,
  '%': units.Percent,
  m: 'suffix:m',
  mm: 'suffix:mm',
  'm/s': units.MetersPerSecond,
  'm3/s': 'suffix:m³/s',
  'm3/h': 'suffix:m³/h',
  m3: 'suffix:m³',
  'mg/L': 'suffix:mg/L',
  '{NTU}': 'suffix:NTU',
  '[pH]': units.NoUnit,
}

/** Of a property of the catalogue. */
export function unitOf(code: string): string {
  const unit = byUcum[propertyOf(code)?.unit ?? '']
  if (unit === undefined) throw new Error(`Grafana has no unit yet for the property ${code}.`)
  return unit
}

/** The measurement that holds the readings of a property: one for each domain of the catalogue. */
export function measurementOf(code: string): string {
  const property = propertyOf(code)
  if (property === undefined) throw new Error(`There is no property ${code}.`)
  return property.domain
}

export const none: string = units.NoUnit
export const percent: string = units.Percent
export const seconds: string = units.Seconds
export const milliseconds: string = units.Milliseconds
/** Seconds in words, such as "3 hours". */
export const age: string = units.DurationSeconds
/** Milliseconds since 1970 as "5 minutes ago". */
export const sinceThen: string = units.DateTimeFromNow
export const perSecond = 'suffix:/s'
export const megabytes: string = units.Megabytes
export const metresPerHour = 'suffix:m/h'
export const short: string = units.Short
