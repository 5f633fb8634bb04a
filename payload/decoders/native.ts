/**
 * Our own JSON, which is also what devices and gateways set up for ThingsBoard send (contract section 2):
 *
 *   telemetry          element, or list of elements
 *   gateway telemetry  {"<device>": element or list of elements, …}
 *   element            {"ts": time, "values": {"<key>": value, …}} or {"ts": time, "<key>": value, …}
 *   attributes         {"<key>": value, …};  of a gateway {"<device>": {"<key>": value, …}, …}
 *   connect            {"device": "<device>"}
 *
 * `ts` is left out or null when the device has no clock. Keys beside `values` are readings too, but for an object
 * `metadata`, which gateways of ThingsBoard send along. An empty message holds no readings and is taken as a sign of life.
 */

import { isDeviceProperty } from '../../domain/catalogue.ts'
import { countReadings } from '../count-readings.ts'
import type { Uplink } from '../../domain/uplink.ts'
import { factsOf } from './facts.ts'
import { parseJson } from './json-text.ts'
import { timeProblem } from './local-time.ts'
import {
  type Decoded,
  decodedSamples,
  type Facts,
  type Sample,
  shown,
  undecodable,
} from './sample.ts'
import { timestamp } from './timestamp.ts'

/** Readings of one message; 64 KiB hold no more than this of any sensible form. */
export const messageReadingsMax = 5_000

type Json = Readonly<Record<string, unknown>>

/** Any bytes are fine; the work is bounded by their number. */
export function decodeNative(uplink: Uplink): Decoded {
  const claimed = countReadings(uplink.kind, uplink.payload)
  if (claimed > messageReadingsMax) {
    const reason = `the message holds ${claimed} readings; at most ${messageReadingsMax} are taken`
    return undecodable('too_large', reason)
  }
  const parsed = parseJson(uplink.payload)
  if ('problem' in parsed) return undecodable(parsed.problem.code, parsed.problem.reason)
  const { value } = parsed
  switch (uplink.kind) {
    case 'telemetry':
      return telemetry(uplink, value, claimed)
    case 'gateway-telemetry':
      return gatewayTelemetry(uplink, value, claimed)
    case 'attributes':
      return attributes(value, claimed, uplink.device)
    case 'gateway-attributes':
      return gatewayAttributes(uplink.device, value, claimed)
    default:
      return presence(value, uplink.kind === 'gateway-connect')
  }
}

function telemetry({ device, receivedAt }: Uplink, value: unknown, claimed: number): Decoded {
  if (!isObject(value) && !Array.isArray(value)) {
    return undecodable('malformed', `the message is ${shown(value)}; an object or a list is needed`)
  }
  const samples: Sample[] = []
  addElements(samples, device, { value, receivedAt })
  addRepeated(samples, device, claimed)
  return decodedSamples(samples)
}

function gatewayTelemetry(uplink: Uplink, value: unknown, claimed: number): Decoded {
  if (!isObject(value)) return needsDevices(value)
  const { device: gateway, receivedAt } = uplink
  const samples: Sample[] = []
  for (const device in value) addElements(samples, device, { value: value[device], receivedAt })
  addRepeated(samples, gateway, claimed)
  return decodedSamples(samples)
}

function needsDevices(value: unknown): Decoded {
  const reason = `the message is ${shown(value)}; an object with a key for each device is needed`
  return undecodable('malformed', reason)
}

interface Elements {
  value: unknown
  receivedAt: number
}

/**
 * Of several elements without a time the last is of the moment of receipt, and those before it of the milliseconds before,
 * which are kept free for them: they are different observations.
 */
function addElements(samples: Sample[], device: string, { value, receivedAt }: Elements): void {
  if (!Array.isArray(value)) {
    addElement(samples, device, value, null)
    return
  }
  let untimed = 0
  for (const item of value) if (isUntimed(item)) untimed++
  for (const item of value) {
    if (!isUntimed(item)) addElement(samples, device, item, null)
    else addElement(samples, device, item, receivedAt - --untimed)
  }
}

/** The same elements as `untimed` of payload/count-readings.ts counts. */
function isUntimed(item: unknown): boolean {
  if (!isObject(item) || (item.ts !== undefined && item.ts !== null)) return false
  for (const key in item) {
    if (key === 'ts') continue
    if (key === 'metadata' && isObject(item.metadata) && isObject(item.values)) continue
    if (key !== 'values' || !isObject(item.values)) return true
    for (const _ in item.values) return true
  }
  return false
}

/** @param untimedAt what its moment is when it gives none; null for the moment of receipt */
function addElement(
  samples: Sample[],
  device: string,
  item: unknown,
  untimedAt: number | null,
): void {
  if (!isObject(item)) {
    samples.push(unreadable(device, `an element is ${shown(item)}; an object is needed`))
    return
  }
  const { ts } = item
  const observedAt = ts === undefined || ts === null ? null : timestamp(ts)
  const problem = observedAt === undefined ? timeProblem(ts) : null
  const time = observedAt ?? untimedAt
  const hasValues = isObject(item.values)
  for (const key in item) {
    if (key === 'ts') continue
    const value = item[key]
    if (hasValues && key === 'metadata' && isObject(value)) continue
    if (key === 'values' && isObject(value)) {
      for (const inner in value) {
        samples.push({ device, key: inner, value: value[inner], observedAt: time, problem })
      }
    } else samples.push({ device, key, value, observedAt: time, problem })
  }
}

function unreadable(device: string, reason: string): Sample {
  return {
    device,
    key: null,
    value: null,
    observedAt: null,
    problem: { code: 'malformed', reason },
  }
}

/** Of a key that stands twice in one object the last value counts; the ones before are refused, not forgotten. */
function addRepeated(samples: Sample[], device: string, claimed: number): void {
  for (let i = samples.length; i < claimed; i++) {
    samples.push(unreadable(device, 'a key is repeated in one object; its last value was taken'))
  }
}

function attributes(value: unknown, claimed: number, device: string): Decoded {
  if (!isObject(value)) {
    return undecodable('malformed', `the message is ${shown(value)}; an object is needed`)
  }
  const samples: Sample[] = []
  addDeviceProperties(samples, device, value)
  addRepeated(samples, device, claimed)
  return { ...decodedSamples(samples), facts: new Map([[device, factsOf(value)]]) }
}

function gatewayAttributes(gateway: string, value: unknown, claimed: number): Decoded {
  if (!isObject(value)) return needsDevices(value)
  const samples: Sample[] = []
  const facts = new Map<string, Facts>()
  for (const device in value) {
    const told = value[device]
    if (!isObject(told)) {
      samples.push(unreadable(device, `the attributes are ${shown(told)}; an object is needed`))
      continue
    }
    addDeviceProperties(samples, device, told)
    facts.set(device, factsOf(told))
  }
  addRepeated(samples, gateway, claimed)
  return { ...decodedSamples(samples), facts }
}

/** Battery, signal and the like are readings also when they come as attributes; they are of the moment of receipt. */
function addDeviceProperties(samples: Sample[], device: string, told: Json): void {
  for (const key in told) {
    if (!isDeviceProperty(key)) continue
    samples.push({ device, key, value: told[key], observedAt: null, problem: null })
  }
}

function presence(value: unknown, connected: boolean): Decoded {
  if (!isObject(value) || typeof value.device !== 'string') {
    return undecodable('malformed', `the message is ${shown(value)}; {"device": "<id>"} is needed`)
  }
  return { ...decodedSamples([]), presence: { device: value.device, connected } }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
