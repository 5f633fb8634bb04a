/**
 * What a device sends and when. A wired station sends each sample; an NB-IoT device sleeps, keeps its samples and
 * sends them together, wakes early when a street floods, and needs several tries where the signal is weak.
 * Pure: the same device, sample and time stamps give the same bytes.
 */

import { isDeviceProperty } from '../domain/catalogue.ts'
import { hourMs, minuteMs, secondMs } from './calendar.ts'
import type { CityDevice } from './device.ts'
import type { Scene } from './episodes.ts'
import {
  clockSkewMs,
  type FaultRates,
  isDuplicated,
  isSilent,
  malformed,
  measuredAt,
  withSensorFaults,
} from './faults.ts'
import { radioFacts, signalDbm, weakRsrpDbm } from './models/radio.ts'
import { streetDepth, wakeDepthM } from './models/street.ts'
import { mix, unit } from './noise.ts'
import { observe } from './observe.ts'

/** A part of a message: what one device has to say. A connection puts parts together as its kind of message. */
export interface Piece {
  device: string
  /**
   * `readings`: one or more JSON objects `{"ts", "values"}`, comma-separated, without brackets.
   * `facts`: one JSON object. `broken`: bytes that go out as they are, alone.
   */
  kind: 'readings' | 'facts' | 'broken'
  text: string
  /** How many values it carries. */
  readings: number
  /** When it goes out, in the city's time. */
  sendMs: number
}

export interface ReportOptions {
  scene: Scene
  faults: FaultRates
  /** Time stamp of a moment of the city. */
  stamp: (cityMs: number) => number
}

/** Samples lie on a grid of the device's own. */
export function sampleTime(device: CityDevice, index: number): number {
  const phaseMs = Math.floor((unit(device.key, 130) * device.sampleMs) / secondMs) * secondMs
  return index * device.sampleMs + phaseMs
}

/** The first sample later than this moment. */
export function nextSample(device: CityDevice, afterMs: number): number {
  return Math.floor((afterMs - sampleTime(device, 0)) / device.sampleMs) + 1
}

/** Everything that follows from taking this sample: nothing while asleep, otherwise a report and now and then facts. */
export function piecesAt(device: CityDevice, index: number, options: ReportOptions): Piece[] {
  const atMs = sampleTime(device, index)
  if (isSilent(options.faults, device, atMs)) return []
  if (!sendsAfter(device, index, options.scene)) return []
  const sendMs = atMs + radioDelayMs(device, atMs, index)
  const pieces = [
    ...factsAt(device, index, sendMs),
    ...reportAt(device, index, { options, sendMs }),
  ]
  return pieces
}

/** The last sample of a report: the planned one, or any that finds the street under water. */
function sendsAfter(device: CityDevice, index: number, scene: Scene): boolean {
  if ((index + (device.key & 0xff)) % device.samplesPerReport === 0) return true
  return (
    device.model === 'street' && streetDepth(scene, device, sampleTime(device, index)) >= wakeDepthM
  )
}

function reportAt(
  device: CityDevice,
  index: number,
  { options, sendMs }: { options: ReportOptions; sendMs: number },
): Piece[] {
  const { faults, scene } = options
  const rows: string[] = []
  let readings = 0
  let first = index
  while (index - first + 1 < device.samplesPerReport && !sendsAfter(device, first - 1, scene))
    first--
  for (let i = first; i <= index; i++) {
    const atMs = sampleTime(device, i)
    if (isSilent(faults, device, atMs)) continue
    const measured = observe(scene, device, measuredAt(faults, device, atMs))
    const values = withSensorFaults(faults, device, { index: i, values: measured })
    const ts = options.stamp(atMs) + clockSkewMs(faults, device, atMs)
    rows.push(JSON.stringify({ ts, values }))
    readings += Object.keys(values).length
  }
  const text = rows.join(',')
  const broken = malformed(faults, device, { index, text })
  if (broken !== null) {
    return [{ device: device.id, kind: 'broken', text: broken, readings: 1, sendMs }]
  }
  const piece: Piece = { device: device.id, kind: 'readings', text, readings, sendMs }
  const again = isDuplicated(faults, device, index) || answerWasLost(device, index, sendMs)
  return again ? [piece, { ...piece, sendMs: sendMs + 20 * secondMs }] : [piece]
}

/** Battery, signal and firmware, a few times a day. */
function factsAt(device: CityDevice, index: number, sendMs: number): Piece[] {
  const reportsPerFacts = Math.max(
    1,
    Math.round((6 * hourMs) / (device.sampleMs * device.samplesPerReport)),
  )
  const report = Math.floor((index + (device.key & 0xff)) / device.samplesPerReport)
  const planned = (index + (device.key & 0xff)) % device.samplesPerReport === 0
  if (!planned || (report + (device.key >>> 8)) % reportsPerFacts !== 0) return []
  const facts = radioFacts(device, sampleTime(device, index))
  const readings = Object.keys(facts).filter(isDeviceProperty).length
  return [{ device: device.id, kind: 'facts', text: JSON.stringify(facts), readings, sendMs }]
}

/** At a weak signal the modem repeats itself: each failed try costs up to a minute and a half. */
function radioDelayMs(device: CityDevice, atMs: number, index: number): number {
  if (device.radio === 'wired' || signalDbm(device, atMs) >= weakRsrpDbm) return 0
  const tries = Math.floor(unit(mix(device.key, 131), index) * 4)
  return Math.round(tries * unit(mix(device.key, 132), index) * 1.5 * minuteMs)
}

/** The report arrived but the modem never heard so, and sends it again. */
function answerWasLost(device: CityDevice, index: number, atMs: number): boolean {
  if (device.radio === 'wired' || signalDbm(device, atMs) >= weakRsrpDbm) return false
  return unit(mix(device.key, 133), index) < 0.1
}
