/**
 * What goes wrong with sensors in the field, at rates that can be set. Deterministic: whether a fault strikes a
 * device at a moment follows from the city's seed, so a run can be repeated with the same faults.
 *
 * Two ways to count: faults that strike single samples or messages (`duplicate`, `malformed`, `spike`, `sentinel`)
 * have a share of those; faults that last (`stuck`, `silence`, `skew`, `outage`, `storm`) have a share of time windows.
 */

import { dayMs, hourMs, minuteMs } from './calendar.ts'
import type { CityDevice } from './device.ts'
import { between, keyOf, mix, unit } from './noise.ts'
import type { Values } from './observe.ts'

export const faultKinds = [
  'duplicate',
  'malformed',
  'spike',
  'sentinel',
  'stuck',
  'silence',
  'skew',
  'outage',
  'storm',
] as const
export type FaultKind = (typeof faultKinds)[number]

/** Shares from 0 to 1. */
export type FaultRates = Readonly<Record<FaultKind, number>>

export const noFaults: FaultRates = {
  duplicate: 0,
  malformed: 0,
  spike: 0,
  sentinel: 0,
  stuck: 0,
  silence: 0,
  skew: 0,
  outage: 0,
  storm: 0,
}

/** A well-kept network on an ordinary week. */
export const everydayFaults: FaultRates = {
  duplicate: 0.005,
  malformed: 0.0005,
  spike: 0.001,
  sentinel: 0.001,
  stuck: 0.002,
  silence: 0.01,
  skew: 0.005,
  outage: 0.005,
  storm: 0.01,
}

/** A neglected one in a bad week. */
export const harshFaults: FaultRates = {
  duplicate: 0.05,
  malformed: 0.01,
  spike: 0.01,
  sentinel: 0.02,
  stuck: 0.03,
  silence: 0.05,
  skew: 0.05,
  outage: 0.05,
  storm: 0.2,
}

/** How long each lasting fault stands, in the city's time. */
const windowMs = {
  stuck: 3 * hourMs,
  silence: 2 * hourMs,
  skew: dayMs,
  outage: 40 * minuteMs,
  storm: hourMs,
} as const

const salts = Object.fromEntries(faultKinds.map((kind) => [kind, keyOf(`fault ${kind}`)]))

/** A draw of its own for each kind of fault. */
function draw(kind: FaultKind, key: number, n: number): number {
  return unit(mix(key, salts[kind] ?? 0), n)
}

function standing(
  kind: keyof typeof windowMs,
  rates: FaultRates,
  { key, atMs }: { key: number; atMs: number },
): boolean {
  return rates[kind] > 0 && draw(kind, key, Math.floor(atMs / windowMs[kind])) < rates[kind]
}

/** The device sends nothing in this window: dead battery, broken cable, vandals. */
export function isSilent(rates: FaultRates, device: CityDevice, atMs: number): boolean {
  return standing('silence', rates, { key: device.key, atMs })
}

/** When a stuck device's values froze; the moment itself when it is healthy. */
export function measuredAt(rates: FaultRates, device: CityDevice, atMs: number): number {
  if (!standing('stuck', rates, { key: device.key, atMs })) return atMs
  return Math.floor(atMs / windowMs.stuck) * windowMs.stuck
}

/** How far the device's clock is off in this window: 1 to 30 minutes fast or slow, or 0. */
export function clockSkewMs(rates: FaultRates, device: CityDevice, atMs: number): number {
  if (!standing('skew', rates, { key: device.key, atMs })) return 0
  const day = Math.floor(atMs / windowMs.skew)
  const size = between(device.key, day + 7, [minuteMs, 30 * minuteMs])
  return Math.round(unit(device.key, day + 11) < 0.5 ? -size : size)
}

/** The connection of this device or gateway is down; what it has to say waits. */
export function isOut(rates: FaultRates, connection: string, atMs: number): boolean {
  return standing('outage', rates, { key: keyOf(connection), atMs })
}

/** A number that changes when a storm of reconnections begins (a cell restarts, all its devices come back at once). */
export function stormNumber(rates: FaultRates, cityKey: number, atMs: number): number {
  const window = Math.floor(atMs / windowMs.storm)
  return standing('storm', rates, { key: cityKey, atMs }) ? window : 0
}

/** What instruments send instead of "no value". */
const sentinels = [-999, 999.9, -9_999, -200, 6_553.5] as const

/** Strikes one value of a sample now and then; the others stay. */
export function withSensorFaults(
  rates: FaultRates,
  device: CityDevice,
  sample: { index: number; values: Values },
): Values {
  const struck = { ...sample.values }
  const names = Object.keys(struck)
  const pick = names[Math.floor(unit(device.key, sample.index + 3) * names.length)]
  if (pick === undefined) return struck
  if (draw('sentinel', device.key, sample.index) < rates.sentinel) {
    const which = Math.floor(unit(device.key, sample.index + 5) * sentinels.length)
    struck[pick] = sentinels[which] ?? -999
  } else if (draw('spike', device.key, sample.index) < rates.spike) {
    const value = struck[pick] ?? 0
    struck[pick] = Number((value * between(device.key, sample.index, [6, 25]) + 3).toFixed(2))
  }
  return struck
}

/** The message is sent a second time, as when an acknowledgement was lost on the way. */
export function isDuplicated(rates: FaultRates, device: CityDevice, index: number): boolean {
  return draw('duplicate', device.key, index) < rates.duplicate
}

/** What broken firmware sends in place of the message, or null. */
export function malformed(
  rates: FaultRates,
  device: CityDevice,
  message: { index: number; text: string },
): string | null {
  if (draw('malformed', device.key, message.index) >= rates.malformed) return null
  const { text } = message
  const variants = [
    // Inside of the first sample: what is cut behind it would be whole.
    text.slice(0, Math.ceil(text.indexOf('}') / 2)),
    text.replace(/"values":\{/, '"values":{"pm25":NaN,'),
    'ERR 0x15 SENSOR TIMEOUT',
    `${text}${text}`,
    '<html><body>502 Bad Gateway</body></html>',
    '\u0000\u0001\u0000\u0017',
  ]
  return variants[Math.floor(unit(device.key, message.index + 9) * variants.length)] ?? text
}
