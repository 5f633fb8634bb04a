/** Which endpoints are told of a change. */

import { describe, expect, test } from 'vitest'
import type { AlertChangeType, AlertView } from '../../domain/alert.ts'
import { alertMessage, stateOf, testMessage } from '../../domain/alert-message.ts'
import type { AlertLevel } from '../../domain/rule.ts'
import { silenceSchema } from '../../domain/silence.ts'
import { webhookSchema } from '../../domain/webhook.ts'
import { isFor, mutedBy } from '../../domain/webhook-route.ts'

const at = Date.UTC(2026, 10, 21, 8)
const view: AlertView = {
  id: 'a',
  rule: 'stage',
  level: 'yellow',
  previousLevel: null,
  state: 'firing',
  site: { id: 's', name: {}, location: null, district: '320106', kind: 'river-gauge' },
  device: 'd',
  property: 'water_level',
  value: 1,
  unit: 'm',
  bound: 1,
  observedAt: '',
  raisedAt: '',
  endedBy: null,
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

/** Whether an endpoint with these filters is told; `heard`: the level it was told last. */
function told(options: {
  webhook?: object
  view?: object
  type?: AlertChangeType
  heard?: AlertLevel | null
}): boolean {
  const { type = 'alert.raised', heard = null } = options
  return isFor(webhook(options.webhook ?? {}), { type, view: { ...view, ...options.view } }, heard)
}

const muted = (options: { silence: object; view?: object; at?: number }): boolean =>
  mutedBy({ ...view, ...options.view }, [silence(options.silence)], options.at ?? at).length > 0

describe('webhooks', () => {
  const red = { levels: ['red'] }

  test('without filters are told of every level', () => {
    expect(told({})).toBe(true)
    expect(told({ type: 'alert.escalated', view: { level: 'red' } })).toBe(true)
  })

  test('with levels are told of these, and that they are left', () => {
    expect(told({ webhook: red })).toBe(false)
    expect(told({ webhook: red, view: { level: 'red' } })).toBe(true)
    expect(told({ webhook: red, type: 'alert.deescalated', heard: 'red' })).toBe(true)
    expect(told({ webhook: red, type: 'alert.deescalated' })).toBe(false)
    expect(told({ webhook: red, type: 'alert.escalated', heard: 'yellow' })).toBe(false)
  })

  test('are told the end when they have heard of it, whatever they list now', () => {
    const type = 'alert.resolved'
    expect(told({ webhook: red, type, heard: 'yellow' })).toBe(true)
    expect(told({ webhook: { where: { site: ['other'] } }, type, heard: 'red' })).toBe(true)
    expect(told({ type })).toBe(false)
  })

  test.each(['alert.acknowledged', 'alert.stale', 'alert.resumed'] as const)(
    'are told that it is %s when they have heard of it and list its level',
    (type) => {
      expect(told({ type, heard: 'yellow' })).toBe(true)
      expect(told({ type })).toBe(false)
      expect(told({ webhook: red, type, heard: 'yellow' })).toBe(false)
    },
  )

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
    expect(muted({ silence, at: at - 1 })).toBe(false)
    expect(muted({ silence, at })).toBe(true)
    expect(muted({ silence, at: at + 999 })).toBe(true)
    expect(muted({ silence, at: at + 1_000 })).toBe(false)
  })

  test('mute what every list names', () => {
    expect(muted({ silence: { site: ['s'] } })).toBe(true)
    expect(muted({ silence: { property: ['water_level'], district: ['320106'] } })).toBe(true)
    expect(muted({ silence: { property: ['flow'], district: ['320106'] } })).toBe(false)
    expect(muted({ silence: { rule: ['other'] } })).toBe(false)
    expect(muted({ silence: { site: ['s'] }, view: { site: null } })).toBe(false)
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
