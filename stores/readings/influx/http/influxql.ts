/** Pieces of InfluxQL: the one query language that all versions of InfluxDB understand. */

import type { Interval } from '../../readings.ts'
import { influxTimes } from '../layout.ts'
import { encodeTag } from '../write/line-protocol.ts'

export function nameText(name: string): string {
  return `"${name.replace(/["\\]/g, '\\$&')}"`
}

export function literalText(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`
}

/** One of these devices. A pattern costs InfluxDB less than as many equations. */
export function deviceCondition(devices: readonly string[]): string {
  const tags = devices.map(encodeTag)
  const [first] = tags
  if (first !== undefined && tags.length === 1) return `"device" = ${literalText(first)}`
  const patterns = tags.map((tag) => tag.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'))
  return `"device" =~ /^(${patterns.join('|')})$/`
}

/** Half-open, in milliseconds, cut to what InfluxDB can hold. */
export function timeCondition({ from, to }: Interval): string {
  const first = Math.max(Math.ceil(from), influxTimes.from)
  const last = Math.min(Math.ceil(to) - 1, influxTimes.to)
  return `time >= ${nanoseconds(first)} AND time <= ${nanoseconds(last)}`
}

/** `p_q` is one of these. One comparison where that is enough: there is no code below 1. */
export function codeCondition(field: string, codes: readonly number[]): string {
  const name = nameText(field)
  if (codes.length > 0 && codes.every((code, i) => code === i + 1))
    return `${name} <= ${codes.length}`
  return `(${codes.map((code) => `${name} = ${code}`).join(' OR ')})`
}

/** The energy of a level in decibels, 10^(L/10): `exp`, because versions differ in the order of what `pow` takes. */
export function energyText(property: string): string {
  return `exp(${nameText(property)} * ${Math.LN10 / 10})`
}

function nanoseconds(ms: number): string {
  return ms === 0 ? '0' : `${ms}000000`
}
