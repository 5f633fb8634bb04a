import { readFileSync } from 'node:fs'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { phoneLine, type Receiver, startReceiver } from '../../simulators/receiver.ts'
import { whyNotGenuine } from '../../simulators/signature.ts'

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const nowMs = Date.parse('2026-06-01T08:00:00Z')
const body = JSON.stringify({
  type: 'alert.escalated',
  timestamp: '2026-06-01T08:00:00.120Z',
  data: {
    alert: {
      level: 'red',
      value: 0.61,
      bound: 0.6,
      unit: 'm',
      summary: { en: 'Water on Qingqiao Road', zh: '青桥路积水' },
    },
  },
})

function signed(id: string, text: string, atMs: number): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(atMs / 1_000)),
    'webhook-signature': new Webhook(secret).sign(id, new Date(atMs), text),
  }
}

function message(headers: Record<string, string>, text: string) {
  return {
    id: headers['webhook-id'],
    timestamp: headers['webhook-timestamp'],
    signature: headers['webhook-signature'],
    body: Buffer.from(text),
  }
}

describe('a signature', () => {
  test('of the reference library is genuine', () => {
    const headers = signed('msg_1', body, nowMs)
    expect(whyNotGenuine(message(headers, body), { secret, nowMs })).toBeNull()
  })

  test('fits when it is one of several', () => {
    const headers = signed('msg_1', body, nowMs)
    const signature = `v1a,AAAA v1,AAAA ${headers['webhook-signature']}`
    expect(whyNotGenuine({ ...message(headers, body), signature }, { secret, nowMs })).toBeNull()
  })

  test.each([
    ['another body', { body: Buffer.from(`${body} `) }, 'no signature fits'],
    ['another id', { id: 'msg_2' }, 'no signature fits'],
    ['no id', { id: undefined }, 'a webhook header is missing'],
    ['no signature', { signature: undefined }, 'a webhook header is missing'],
    ['an empty signature', { signature: '' }, 'no signature fits'],
    ['a signature of another version', { signature: 'v2,AAAA' }, 'no signature fits'],
    [
      'a timestamp that is no number',
      { timestamp: 'now' },
      'the timestamp is no number of seconds',
    ],
  ])('with %s is refused', (_, change, reason) => {
    const headers = signed('msg_1', body, nowMs)
    const changed = { ...message(headers, body), ...change }
    expect(whyNotGenuine(changed, { secret, nowMs })).toBe(reason)
  })

  test('with another secret is refused', () => {
    const headers = signed('msg_1', body, nowMs)
    const other = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
    expect(whyNotGenuine(message(headers, body), { secret: other, nowMs })).toBe(
      'no signature fits',
    )
  })

  test.each([-301_000, 301_000])('is refused when the clocks are %i ms apart', (apart) => {
    const headers = signed('msg_1', body, nowMs)
    expect(whyNotGenuine(message(headers, body), { secret, nowMs: nowMs + apart })).toMatch(
      /5 minutes/,
    )
  })
})

describe('the duty phone', () => {
  let receiver: Receiver
  let lines: string[]

  beforeEach(async () => {
    lines = []
    receiver = await startReceiver({
      ports: { clock: { now: () => nowMs, monotonic: () => 0 } },
      print: (line) => lines.push(line),
    })
  })
  afterEach(() => receiver.close())

  const post = (headers: Record<string, string>, text = body) =>
    fetch(receiver.url, { method: 'POST', headers, body: text })

  test('prints a genuine message in one line and answers 204', async () => {
    receiver.trust(secret)
    expect((await post(signed('msg_1', body, nowMs))).status).toBe(204)
    expect(lines).toEqual(['☎ 08:00:00 🔴 ESCALATED    Water on Qingqiao Road | 青桥路积水'])
    expect(receiver.received.get('alert.escalated')).toBe(1)
  })

  test('acknowledges a repeated message and does not print it again', async () => {
    receiver.trust(secret)
    await post(signed('msg_1', body, nowMs))
    expect((await post(signed('msg_1', body, nowMs))).status).toBe(204)
    expect(lines.length).toBe(1)
  })

  test('refuses what is not signed, and anything before it knows a secret', async () => {
    expect((await post(signed('msg_1', body, nowMs))).status).toBe(401)
    receiver.trust(secret)
    expect((await post({})).status).toBe(401)
    expect(lines.every((line) => line.startsWith('a webhook was refused'))).toBe(true)
    expect(receiver.received.size).toBe(0)
  })

  test('refuses other methods and bodies that are too large', async () => {
    receiver.trust(secret)
    expect((await fetch(receiver.url)).status).toBe(405)
    const huge = 'x'.repeat(300_000)
    const answer = await post(signed('msg_1', huge, nowMs), huge).catch(() => null)
    if (answer !== null) expect(answer.status).toBe(413)
    expect(receiver.received.size).toBe(0)
  })

  test('shows a genuine message that it cannot read as unknown', async () => {
    receiver.trust(secret)
    expect((await post(signed('msg_1', 'no json', nowMs), 'no json')).status).toBe(204)
    expect(lines).toEqual(['☎  unknown'])
  })
})

test('a resolved alert is green', () => {
  const resolved = JSON.parse(body) as { type: string }
  resolved.type = 'alert.resolved'
  expect(phoneLine(resolved)).toContain('🟢 RESOLVED')
})

test('this test signs with the reference library, the receiver does not use it', () => {
  const source = readFileSync(new URL('../../simulators/signature.ts', import.meta.url), 'utf8')
  expect(source).not.toContain('standardwebhooks')
})
