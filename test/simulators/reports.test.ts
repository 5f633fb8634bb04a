import { describe, expect, test } from 'vitest'
import { countReadings } from '../../payload/count-readings.ts'
import { dayMs, hourMs } from '../../simulators/calendar.ts'
import { makeCity, sceneOf } from '../../simulators/city.ts'
import type { CityDevice } from '../../simulators/device.ts'
import { compose } from '../../simulators/compose.ts'
import { episode } from '../../simulators/episodes.ts'
import { harshFaults, noFaults } from '../../simulators/faults.ts'
import {
  nextSample,
  type Piece,
  piecesAt,
  type ReportOptions,
  sampleTime,
} from '../../simulators/reports.ts'
import { compressed } from '../../simulators/timeline.ts'

const start = Date.parse('2026-06-15T00:00:00Z')
const identity = (ms: number) => ms

function pieces(device: CityDevice, options: ReportOptions, hours: number): Piece[] {
  const found: Piece[] = []
  for (let i = nextSample(device, start); sampleTime(device, i) < start + hours * hourMs; i++) {
    found.push(...piecesAt(device, i, options))
  }
  return found
}

function cityText(seed: number, faults = harshFaults): string {
  const city = makeCity({ seed, devices: 60 })
  const scene = sceneOf(city, [episode('cloudburst', start + hourMs)])
  const options = { scene, faults, stamp: identity }
  return city.devices.map((device) => JSON.stringify(pieces(device, options, 6))).join('\n')
}

const city = makeCity({ seed: 7, devices: 200 })
const calm = { scene: sceneOf(city, []), faults: noFaults, stamp: identity }

describe('messages', () => {
  test('are the same byte for byte for the same seed, with all faults on', () => {
    expect(cityText(11)).toBe(cityText(11))
  })

  test('differ for another seed', () => {
    expect(cityText(12)).not.toBe(cityText(11))
  })

  test('carry every sample once when nothing is wrong', () => {
    for (const device of city.devices.slice(0, 120)) {
      const stamps = pieces(device, calm, 48)
        .filter(({ kind }) => kind === 'readings')
        .flatMap(({ text }) => JSON.parse(`[${text}]`) as { ts: number }[])
        .map(({ ts }) => ts)
      const once = [...new Set(stamps)].sort((a, b) => a - b)
      const steps = once.slice(1).map((ts, i) => ts - once[i]!)
      expect(new Set(steps)).toEqual(new Set([device.sampleMs]))
      if (device.radio === 'wired') expect(stamps.length).toBe(once.length)
    }
  })

  test('of a sleeping device come together, with the time each value was observed', () => {
    const device = city.devices.find(({ model }) => model === 'meter')!
    const [first] = pieces(device, calm, 24).filter(({ kind }) => kind === 'readings')
    const rows = JSON.parse(`[${first!.text}]`) as { ts: number }[]
    expect(rows.length).toBe(device.samplesPerReport)
    expect(first!.sendMs).toBeGreaterThanOrEqual(rows.at(-1)!.ts)
  })

  test('of a flooding street come at once, without losing or repeating what was kept', () => {
    const scene = sceneOf(city, [episode('cloudburst', start + 2 * hourMs)])
    const options = { ...calm, scene }
    const street = city.devices.filter(({ model }) => model === 'street')
    const wet = street.find((device) =>
      pieces(device, options, 8).some(({ text }) => /"water_depth":0\.[3-9]/.test(text)),
    )!
    const reports = pieces(wet, options, 24).filter(({ kind }) => kind === 'readings')
    const dry = pieces(wet, calm, 24).filter(({ kind }) => kind === 'readings')
    expect(reports.length).toBeGreaterThan(dry.length + 5)
    const stamps = reports.flatMap(({ text }) => JSON.parse(`[${text}]`) as { ts: number }[])
    const once = [...new Set(stamps.map(({ ts }) => ts))].sort((a, b) => a - b)
    for (let i = 1; i < once.length; i++) expect(once[i]! - once[i - 1]!).toBe(wet.sampleMs)
  })

  test('tell battery and signal a few times a day', () => {
    const device = city.devices.find(({ radio }) => radio === 'nbiot')!
    const facts = pieces(device, calm, 48).filter(({ kind }) => kind === 'facts')
    expect(facts.length).toBeGreaterThanOrEqual(6)
    expect(JSON.parse(facts[0]!.text)).toMatchObject({
      battery: expect.any(Number),
      rsrp: expect.any(Number),
      snr: expect.any(Number),
      firmware: expect.any(String),
    })
  })

  test('are stamped by the given timeline, also in batches', () => {
    const realStartMs = Date.parse('2026-11-21T12:00:00Z')
    const timeline = compressed({ realStartMs, cityStartMs: start, speed: 600 })
    const device = city.devices.find(({ model }) => model === 'air')!
    const [piece] = pieces(device, { ...calm, stamp: timeline.stamp }, 1)
    const { ts } = JSON.parse(piece!.text) as { ts: number }
    expect(Math.abs(ts - realStartMs)).toBeLessThan(7_000)
  })

  test('from a device whose clock is off are off by up to half an hour', () => {
    const skewed = { ...calm, faults: { ...noFaults, skew: 1 } }
    const device = city.devices[0]!
    const straight = JSON.parse(pieces(device, calm, 1)[0]!.text) as { ts: number }
    const [bent] = pieces(device, skewed, 1).map(({ text }) => JSON.parse(text) as { ts: number })
    const off = Math.abs(bent!.ts - straight.ts)
    expect(off).toBeGreaterThan(59_000)
    expect(off).toBeLessThanOrEqual(30 * 60_000)
  })
})

describe('composed messages', () => {
  const encoder = new TextEncoder()
  const piece = (device: string, text: string, more: Partial<Piece> = {}): Piece => {
    return { device, kind: 'readings', text, readings: 1, sendMs: 0, ...more }
  }

  test('of one sample are an object, of several an array', () => {
    const one = compose([piece('a', '{"ts":1,"values":{"pm25":1}}')], false)!
    expect(JSON.parse(one.payload)).toEqual({ ts: 1, values: { pm25: 1 } })
    expect(one.topic).toBe('v1/devices/me/telemetry')
    const rows = '{"ts":1,"values":{"pm25":1}},{"ts":2,"values":{"pm25":2}}'
    expect(JSON.parse(compose([piece('a', rows)], false)!.payload)).toHaveLength(2)
  })

  test('of a gateway hold each device once', () => {
    const message = compose(
      [
        piece('a', '{"ts":1,"values":{"pm25":1}}'),
        piece('b"\\', '{"ts":1,"values":{"pm25":2}}'),
        piece('a', '{"ts":2,"values":{"pm25":3}}'),
      ],
      true,
    )!
    expect(message.topic).toBe('v1/gateway/telemetry')
    expect(message.pieces).toBe(3)
    expect(JSON.parse(message.payload)).toEqual({
      a: [
        { ts: 1, values: { pm25: 1 } },
        { ts: 2, values: { pm25: 3 } },
      ],
      'b"\\': [{ ts: 1, values: { pm25: 2 } }],
    })
  })

  test('keep facts, readings and broken bytes apart', () => {
    const facts = piece('a', '{"battery":80}', { kind: 'facts' })
    const broken = piece('a', 'ERR', { kind: 'broken' })
    const readings = piece('a', '{"ts":1,"values":{"pm25":1}}')
    const queue = [facts, broken, readings, readings]
    const seen: string[] = []
    while (queue.length > 0) {
      const message = compose(queue, true)!
      queue.splice(0, message.pieces)
      seen.push(`${message.topic} ${message.pieces}`)
    }
    expect(seen).toEqual([
      'v1/gateway/attributes 1',
      'v1/gateway/telemetry 1',
      'v1/gateway/telemetry 2',
    ])
  })

  test('stay well below the size a server takes', () => {
    const text = `{"ts":1,"values":{${Array.from({ length: 60 }, (_, i) => `"k${i}":${i}`)}}}`
    const queue = Array.from({ length: 900 }, (_, i) => piece(`device-${i}`, text))
    let pieces = 0
    while (queue.length > 0) {
      const message = compose(queue, true)!
      expect(message.payload.length).toBeLessThan(40_000)
      pieces += message.pieces
      queue.splice(0, message.pieces)
    }
    expect(pieces).toBe(900)
  })

  test('claim as many readings as the server counts', () => {
    for (const gateway of [false, true]) {
      for (const device of city.devices.slice(0, 150)) {
        const queue = pieces(device, calm, (2 * dayMs) / hourMs)
        while (queue.length > 0) {
          const message = compose(queue, gateway)!
          queue.splice(0, message.pieces)
          const kind = message.topic.endsWith('attributes') ? 'attributes' : 'telemetry'
          const counted = countReadings(
            gateway ? `gateway-${kind}` : kind,
            encoder.encode(message.payload),
          )
          expect(message.readings).toBe(counted)
        }
      }
    }
  })

  test('of nothing are none', () => {
    expect(compose([], true)).toBeNull()
  })
})
