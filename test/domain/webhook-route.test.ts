/** Which endpoints are told of a change. */

import { describe, expect, test } from 'vitest'
import type { AlertView } from '../../domain/alert.ts'
import { alertMessage, stateOf, testMessage } from '../../domain/alert-message.ts'
import { silenceSchema } from '../../domain/silence.ts'
import { webhookSchema } from '../../domain/webhook.ts'
import { webhooksFor } from '../../domain/webhook-route.ts'

const at = Date.UTC(2026, 10, 21, 8)
const view: AlertView = {
  id: 'a',
  rule: 'stage',
  level: 'yellow',
  previousLevel: null,
  state: 'firing',
  site: { id: 's', name: {}, location: null, district: '320106' },
  device: 'd',
  property: 'water_level',
  value: 1,
  unit: 'm',
  bound: 1,
  observedAt: '',
  raisedAt: '',
  summary: { en: '', zh: '' },
  url: '',
}

const webhook = (options: object) =>
  webhookSchema.parse({ id: 'w', url: 'https://duty.example.org', ...options })
const silence = (options: object) =>
  silenceSchema.parse({
    id: 's',
    from: new Date(at).toISOString(),
    to: new Date(at + 1_000).toISOString(),
    reason: 'works',
    ...options,
  })

function told(options: {
  webhook?: object
  silence?: object
  view?: object
  at?: number
}): boolean {
  const found = webhooksFor(
    { ...view, ...options.view },
    {
      webhooks: [webhook(options.webhook ?? {})],
      silences: options.silence === undefined ? [] : [silence(options.silence)],
      kind: 'river-gauge',
      at: options.at ?? at,
    },
  )
  return found.length === 1
}

describe('webhooks', () => {
  test('without filters are told everything, unless switched off', () => {
    expect(told({})).toBe(true)
    expect(told({ webhook: { enabled: false } })).toBe(false)
  })

  test('with levels are told when the level or the one before is listed', () => {
    const red = { levels: ['red'] }
    expect(told({ webhook: red })).toBe(false)
    expect(told({ webhook: red, view: { level: 'red' } })).toBe(true)
    expect(told({ webhook: red, view: { previousLevel: 'red' } })).toBe(true)
  })

  test('with where are told when every list that is not empty matches', () => {
    expect(told({ webhook: { where: { kind: ['river-gauge'], district: ['320106'] } } })).toBe(true)
    expect(told({ webhook: { where: { kind: ['street'] } } })).toBe(false)
    expect(told({ webhook: { where: { site: ['s'], device: ['other'] } } })).toBe(false)
    expect(told({ webhook: { where: { site: ['s'] } }, view: { site: null } })).toBe(false)
  })
})

describe('silences', () => {
  test('mute from their begin to their end, the end not included', () => {
    const silence = { rule: ['stage'] }
    expect(told({ silence, at: at - 1 })).toBe(true)
    expect(told({ silence, at })).toBe(false)
    expect(told({ silence, at: at + 999 })).toBe(false)
    expect(told({ silence, at: at + 1_000 })).toBe(true)
  })

  test('mute what every list names', () => {
    expect(told({ silence: { site: ['s'] } })).toBe(false)
    expect(told({ silence: { property: ['water_level'], district: ['320106'] } })).toBe(false)
    expect(told({ silence: { property: ['flow'], district: ['320106'] } })).toBe(true)
    expect(told({ silence: { rule: ['other'] } })).toBe(true)
    expect(told({ silence: { site: ['s'] }, view: { site: null } })).toBe(true)
  })
})

describe('messages', () => {
  test('are type, timestamp and data', () => {
    expect(JSON.parse(alertMessage({ type: 'alert.stale', recordedAt: at, view }))).toEqual({
      type: 'alert.stale',
      timestamp: '2026-11-21T08:00:00.000Z',
      data: { alert: view },
    })
    expect(JSON.parse(testMessage('w', at))).toMatchObject({
      type: 'webhook.test',
      data: { webhook: 'w' },
    })
  })

  test('tell the state that weighs most', () => {
    const flags = { resolved: true, stale: true, acknowledged: true }
    expect(stateOf(flags)).toBe('resolved')
    expect(stateOf({ ...flags, resolved: false })).toBe('stale')
    expect(stateOf({ ...flags, resolved: false, stale: false })).toBe('acknowledged')
    expect(stateOf({ resolved: false, stale: false, acknowledged: false })).toBe('firing')
  })
})
