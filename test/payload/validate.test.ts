import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Judge } from '../../domain/quarantine.ts'
import { createJudge } from '../../payload/validate.ts'
import { receivedAt, telemetryOf, uplinkOf } from './decoders/uplinks.ts'
import { registryWith, type TestRegistry } from '../ingest/registry.ts'

const limits = { payloadBytesMax: 1_000, readingAgeDaysMax: 7, readingAheadSecondsMax: 300 }
let registry: TestRegistry
let judge: Judge

beforeEach(async () => {
  registry = await registryWith([{ id: 'air-1', profile: { keys: { 水位: 'water_level' } } }])
  judge = createJudge({ registry: registry.view, ...limits })
})
afterEach(() => registry.close())

const codes = (text: string) => judge(telemetryOf(text)).refused.map(({ code }) => code)

describe('size', () => {
  test('a payload of the allowed size is read, one byte more is refused as a whole', () => {
    const text = `{"pm25":1${' '.repeat(990)}}`
    expect(judge(telemetryOf(text)).accepted.length).toBe(1)
    const { accepted, refused } = judge(telemetryOf(`${text} `))
    expect(accepted).toEqual([])
    expect(refused).toEqual([
      {
        code: 'too_large',
        reason: 'the payload has 1001 bytes; allowed are 1000',
        device: 'air-1',
      },
    ])
  })
})

describe('the registry', () => {
  test('a changed profile counts from the next message on', async () => {
    expect(judge(telemetryOf('{"水位":9.3}')).accepted.map(({ property }) => property)).toEqual([
      'water_level',
    ])
    const device = registry.view.device('air-1')
    await registry.registry.replace('device', {
      id: 'air-1',
      site: null,
      gateway: null,
      enabled: true,
      expectedInterval: device?.expectedInterval ?? null,
      profile: { keys: { 水位: 'water_depth', Q: { property: 'flow', unit: 'L/s' } } },
    })
    await registry.view.refresh()
    const { accepted } = judge(telemetryOf('{"水位":9.3,"Q":5}'))
    expect(accepted.map(({ property, value }) => [property, value])).toEqual([
      ['water_depth', 9.3],
      ['flow', 0.005],
    ])
  })

  test('a removed device is unknown from the next message on', async () => {
    expect(codes('{"pm25":1}')).toEqual([])
    await registry.registry.remove('device', 'air-1')
    await registry.view.refresh()
    expect(codes('{"pm25":1}')).toEqual(['unknown_device'])
  })
})

describe('time', () => {
  test('it is measured against the moment of receipt, so that a replay judges the same', () => {
    const payload = '{"ts":1000000000000,"pm25":1}'
    const then = uplinkOf('telemetry', payload, { receivedAt: 1_000_000_060_000 })
    expect(judge(then).accepted.length).toBe(1)
    expect(judge(uplinkOf('telemetry', payload)).refused.map(({ code }) => code)).toEqual([
      'too_old',
    ])
  })

  test('the window is a setting', () => {
    const strict = createJudge({
      registry: registry.view,
      ...limits,
      readingAgeDaysMax: 0,
      readingAheadSecondsMax: 0,
    })
    const outcome = (ts: number) =>
      strict(telemetryOf(`{"ts":${ts},"pm25":1}`)).refused.map(({ code }) => code)
    expect(outcome(receivedAt)).toEqual([])
    expect(outcome(receivedAt - 1)).toEqual(['too_old'])
    expect(outcome(receivedAt + 1)).toEqual(['in_future'])
  })
})

describe('refusals', () => {
  test('each names the key, the value and what is allowed', () => {
    const { refused } = judge(telemetryOf('{"pm25":99999,"pm10":"n/a","fog":1}'))
    expect(refused).toEqual([
      {
        code: 'out_of_range',
        key: 'pm25',
        device: 'air-1',
        reason: 'pm25 of 99999 ug/m3 is outside the plausible -10 to 20000 ug/m3',
      },
      {
        code: 'not_a_number',
        key: 'pm10',
        device: 'air-1',
        reason:
          'the value "n/a" cannot be taken; allowed are a number, a plain decimal number in quotes, or null',
      },
      {
        code: 'unknown_property',
        key: 'fog',
        device: 'air-1',
        reason:
          'the key "fog" has no meaning: neither the catalogue nor the profile of the device knows it',
      },
    ])
  })

  test('long names and values are cut', () => {
    const key = 'k'.repeat(900)
    const [unknown] = judge(telemetryOf(`{"${key}":1}`)).refused
    expect(unknown?.key).toBe('k'.repeat(128))
    expect(unknown?.reason.length).toBeLessThan(300)
    const [wrong] = judge(telemetryOf(`{"pm25":"${key}"}`)).refused
    expect(wrong?.reason.length).toBeLessThan(300)
  })

  test('events of sessions hold nothing to judge', () => {
    for (const kind of ['session-open', 'session-close', 'broker-start'] as const) {
      expect(judge(uplinkOf(kind, 'anything'))).toEqual({ accepted: [], refused: [] })
    }
  })
})

describe('one key of one device', () => {
  test('only its readings are judged', () => {
    const uplink = telemetryOf('[{"pm25":1,"fog":2},{"pm25":3}]')
    const pm25 = judge(uplink, { device: 'air-1', key: 'pm25' })
    expect(pm25.accepted.map(({ value }) => value)).toEqual([1, 3])
    expect(pm25.refused).toEqual([])
    const fog = judge(uplink, { device: 'air-1', key: 'fog' })
    expect(fog.accepted).toEqual([])
    expect(fog.refused.map(({ key }) => key)).toEqual(['fog'])
    expect(judge(uplink, { device: 'other', key: 'pm25' })).toEqual({ accepted: [], refused: [] })
  })

  test('names are compared as refusals show them', () => {
    const uplink = telemetryOf('{"\\ud800":1}')
    const [refusal] = judge(uplink).refused
    const again = judge(uplink, { device: 'air-1', key: refusal?.key ?? '' })
    expect(again.refused).toEqual([refusal])
  })
})
