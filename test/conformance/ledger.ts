/** What every backend of the ledger promises; written against the contract alone. */

import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import {
  awaitingCodes,
  type Refusal,
  type RefusalCode,
  refusalCodes,
} from '../../domain/quarantine.ts'
import type { Uplink } from '../../domain/uplink.ts'
import type { Ledger, QuarantineEntry, QuarantineQuery } from '../../stores/records/ledger.ts'

/** For what waits for a person; devices that have none left are put into the list. */
export interface LedgerRoom {
  keptBytesPerDeviceMax?: number
  onFull?: string[]
}

/** One store, empty at first; each call opens a connection of its own to it. */
export interface LedgerBackend {
  open(messagesPerDeviceMax?: number, room?: LedgerRoom): Promise<Ledger>
  /** Closes whatever is still open and removes the store. */
  remove(): Promise<void>
}

export function uplink(seq: number, more: Partial<Uplink> = {}): Uplink {
  return {
    seq,
    kind: 'telemetry',
    device: 'd1',
    receivedAt: 1_760_000_000_000 + seq * 1_000,
    payload: Buffer.from(`{"pm25": "message ${seq}"}`),
    readings: 1,
    ...more,
  }
}

export function refusal(more: Partial<Refusal> = {}): Refusal {
  return { code: 'malformed', reason: 'the payload is not JSON', device: 'd1', ...more }
}

const perReading = (key: string, code: RefusalCode = 'not_a_number'): Refusal =>
  refusal({ code, key, reason: `${key}: "x" is no number` })

async function idsOf(ledger: Ledger, query: Partial<QuarantineQuery> = {}): Promise<string[]> {
  const entries = await ledger.list({ limit: 10_000, ...query })
  return entries.map(({ id }) => id)
}

async function seqsOf(ledger: Ledger, query: Partial<QuarantineQuery> = {}): Promise<number[]> {
  return (await idsOf(ledger, query)).map((id) => Number(id.split('-')[0]))
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

export function ledgerConformance(start: () => Promise<LedgerBackend>): void {
  const backends: LedgerBackend[] = []

  async function setUp(messagesPerDeviceMax = 1_000, room: LedgerRoom = {}) {
    const backend = await start()
    backends.push(backend)
    return { backend, ledger: await backend.open(messagesPerDeviceMax, room) }
  }

  afterEach(async () => {
    for (const backend of backends.splice(0)) await backend.remove()
  })

  describe('quarantine', () => {
    test('a refused message is shown with its reason, its topic and its payload', async () => {
      const { ledger } = await setUp()
      await ledger.quarantine([{ uplink: uplink(7), refused: [refusal()] }])
      const expected: QuarantineEntry = {
        id: '7-0',
        code: 'malformed',
        reason: 'the payload is not JSON',
        device: 'd1',
        key: null,
        topic: 'v1/devices/me/telemetry',
        payload: '{"pm25": "message 7"}',
        encoding: 'utf8',
        receivedAt: 1_760_000_007_000,
      }
      expect(await ledger.list({ limit: 10 })).toEqual([expected])
      expect(await ledger.get('7-0')).toEqual(expected)
    })

    test('each refused reading is an entry of its own, newest first', async () => {
      const { ledger } = await setUp()
      const gateway = { kind: 'gateway-telemetry', device: 'gw' } as const
      await ledger.quarantine([
        { uplink: uplink(1), refused: [perReading('pm25'), perReading('pm10', 'out_of_range')] },
        {
          uplink: uplink(2, gateway),
          refused: [refusal({ device: 'behind', code: 'too_old', key: 'no2' })],
        },
      ])
      const entries = await ledger.list({ limit: 10 })
      expect(entries.map(({ id, device, key, topic }) => [id, device, key, topic])).toEqual([
        ['2-0', 'behind', 'no2', 'v1/gateway/telemetry'],
        ['1-1', 'd1', 'pm10', 'v1/devices/me/telemetry'],
        ['1-0', 'd1', 'pm25', 'v1/devices/me/telemetry'],
      ])
    })

    test('entries are counted by the device that each refusal names', async () => {
      const { ledger } = await setUp()
      await ledger.quarantine([
        { uplink: uplink(1), refused: [perReading('pm25'), perReading('pm10')] },
        { uplink: uplink(2), refused: [refusal(), refusal({ device: 'behind' })] },
      ])
      const many = Array.from({ length: 1_200 }, (_, i) => `x${i}`)
      expect(await ledger.entryCounts(['d1', ...many, 'behind'])).toEqual(
        new Map([
          ['d1', 3],
          ['behind', 1],
        ]),
      )
      expect(await ledger.entryCounts([])).toEqual(new Map())
    })

    test.each([
      ['text', Buffer.from('中文 🌧 {'), 'utf8', '中文 🌧 {'],
      ['nothing', Buffer.alloc(0), 'utf8', ''],
      ['NUL and a byte order mark', Buffer.from('\ufeffa\0b'), 'utf8', '\ufeffa\0b'],
      ['bytes that are no UTF-8', Buffer.from([0xff, 0x00, 0x80]), 'base64', '/wCA'],
      ['a lone surrogate in UTF-8', Buffer.from([0xed, 0xa0, 0x80]), 'base64', '7aCA'],
    ])('a payload of %s comes back byte for byte', async (_what, payload, encoding, text) => {
      const { ledger } = await setUp()
      await ledger.quarantine([{ uplink: uplink(1, { payload }), refused: [refusal()] }])
      const entry = await ledger.get('1-0')
      expect([entry?.encoding, entry?.payload]).toEqual([encoding, text])
    })

    test('hostile names are kept readable and short', async () => {
      const { ledger } = await setUp()
      const names = ['__proto__', "'; DROP TABLE entry; --", '下关', '🌊', 'a\0b', 'a\ud800b']
      await ledger.quarantine([
        { uplink: uplink(1), refused: names.map((name) => refusal({ device: name, key: name })) },
        {
          uplink: uplink(2),
          refused: [
            refusal({
              device: 'x'.repeat(70_000),
              key: 'y'.repeat(70_000),
              reason: 'z'.repeat(70_000),
            }),
          ],
        },
      ])
      const shown = ['__proto__', "'; DROP TABLE entry; --", '下关', '🌊', 'a\ufffdb', 'a\ufffdb']
      for (const [i, name] of shown.entries()) {
        const entry = await ledger.get(`1-${i}`)
        expect([entry?.device, entry?.key]).toEqual([name, name])
      }
      for (const name of shown.slice(0, 4)) {
        expect(await idsOf(ledger, { device: name })).toHaveLength(1)
      }
      const long = await ledger.get('2-0')
      expect(JSON.stringify(long).length).toBeLessThan(1_500)
    })

    test('what has no refusals leaves nothing, and an empty call is fine', async () => {
      const { ledger } = await setUp()
      await ledger.quarantine([])
      await ledger.quarantine([{ uplink: uplink(1), refused: [] }])
      expect(await idsOf(ledger)).toEqual([])
      expect(await ledger.counts()).toEqual(new Map())
    })

    test('messages far behind the newest are counted while they are open, each once', async () => {
      const { ledger } = await setUp()
      const one = (seq: number) => [{ uplink: uplink(seq), refused: [refusal()] }]
      const open = { from: 10, to: 500_000 }
      await ledger.quarantine(one(9))
      for (const seq of [1_000_000, 11, 300_000, 1_000_001, 11, 300_000, 500_000]) {
        await ledger.quarantine(one(seq), open)
      }
      expect(await ledger.counts()).toEqual(new Map([['malformed', 6]]))
      await ledger.quarantine(one(9), open)
      await ledger.quarantine(one(700_000), open)
      await ledger.quarantine(one(11))
      expect(await ledger.counts()).toEqual(new Map([['malformed', 6]]))
      expect(await seqsOf(ledger)).toEqual([1_000_001, 1_000_000, 700_000, 500_000, 300_000, 11, 9])
    })

    test('a message with thousands of refused readings is listed in part, counted in full', async () => {
      const { ledger } = await setUp()
      const refused = Array.from({ length: 5_000 }, (_, i) => perReading(`k${i}`))
      await ledger.quarantine([{ uplink: uplink(1), refused }])
      const entries = await ledger.list({ limit: 10_000 })
      expect(entries.length).toBeLessThanOrEqual(100)
      expect(entries[0]?.reason).toContain(`${5_000 - entries.length} more refused`)
      expect(await ledger.counts()).toEqual(new Map([['not_a_number', 5_000]]))
    })
  })

  describe('what waits for a person', () => {
    const old = refusal({ code: 'too_old', key: 'pm25' })
    const items = (seqs: readonly number[], payloadBytes = 200) =>
      seqs.map((seq) => ({
        uplink: uplink(seq, { payload: Buffer.alloc(payloadBytes, 0x61) }),
        refused: [old],
      }))

    test.each([...awaitingCodes])('%s: is kept whole, beyond number and age', async (code) => {
      const { ledger } = await setUp(10)
      const waiting = range(1, 300).map((seq) => ({
        uplink: uplink(seq),
        refused: [refusal({ code })],
      }))
      for (let i = 0; i < waiting.length; i += 25) await ledger.quarantine(waiting.slice(i, i + 25))
      await ledger.quarantine(
        range(301, 400).map((seq) => ({ uplink: uplink(seq), refused: [refusal()] })),
      )
      await ledger.expire(uplink(1_000).receivedAt)
      expect(await seqsOf(ledger)).toEqual(range(1, 300).reverse())
      const { messages, bytes, overflow, full, dropped } = await ledger.awaiting()
      expect({ messages, overflow, full, dropped }).toEqual({
        messages: 300,
        overflow: 0,
        full: [],
        dropped: 100,
      })
      expect(bytes).toBeGreaterThan(300 * 30)
    })

    test('a message of which anything waits stays with all its entries', async () => {
      const { ledger } = await setUp(2)
      await ledger.quarantine([{ uplink: uplink(1), refused: [perReading('a'), old] }])
      for (const seq of range(2, 30)) {
        await ledger.quarantine([{ uplink: uplink(seq), refused: [refusal()] }])
      }
      expect((await idsOf(ledger)).slice(-2)).toEqual(['1-1', '1-0'])
    })

    test('bytes per device bound it, and what finds no room is told and counted once', async () => {
      const full: string[] = []
      const { ledger, backend } = await setUp(3, { keptBytesPerDeviceMax: 10_000, onFull: full })
      await ledger.quarantine(items(range(1, 40)))
      const { messages, bytes, overflow } = await ledger.awaiting()
      expect(bytes).toBeLessThanOrEqual(10_000)
      expect(messages + overflow).toBe(40)
      expect(messages).toBeGreaterThan(10)
      expect(full).toEqual(['d1'])
      await ledger.quarantine(items(range(1, 40)))
      expect(await ledger.awaiting()).toMatchObject({ messages, bytes, overflow, full: ['d1'] })
      expect(full).toEqual(['d1'])
      const first = range(1, messages).reverse()
      expect(await seqsOf(ledger)).toEqual([40, 39, 38, ...first])
      const again = await backend.open(3)
      expect(await again.awaiting()).toMatchObject({ messages, bytes, overflow })
    })

    test('one device takes no room from another', async () => {
      const { ledger } = await setUp(3, { keptBytesPerDeviceMax: 5_000 })
      await ledger.quarantine(items(range(1, 40)))
      const other = { uplink: uplink(50, { device: 'd2' }), refused: [{ ...old, device: 'd2' }] }
      await ledger.quarantine([other])
      expect(await seqsOf(ledger, { device: 'd2' })).toEqual([50])
      expect((await ledger.awaiting()).full).toEqual(['d1'])
    })

    test('what is stored by a retry or discarded gives its room back', async () => {
      const { ledger } = await setUp(3, { keptBytesPerDeviceMax: 5_000 })
      await ledger.quarantine(items(range(1, 40)))
      const before = await ledger.awaiting()
      const request = await ledger.requestRetry('1-0')
      await ledger.answerRetry(request, '1-0', { stored: 1, refused: [] })
      expect(await ledger.discard('2-0')).toBe(true)
      expect(await ledger.discard('2-0')).toBe(false)
      expect(await ledger.discard('no id')).toBe(false)
      const after = await ledger.awaiting()
      expect(after.messages).toBe(before.messages - 2)
      expect(after.bytes).toBeLessThan(before.bytes)
      expect(after.full).toEqual([])
      await ledger.quarantine(items([100, 101]))
      expect(await ledger.awaiting()).toMatchObject({ messages: before.messages, full: [] })
    })

    test('what a store refuses later of a known message lets it wait', async () => {
      const { ledger } = await setUp(2)
      await ledger.quarantine([{ uplink: uplink(1), refused: [perReading('a')] }])
      const more = [perReading('a'), perReading('b', 'refused_by_store')]
      await ledger.quarantine([{ uplink: uplink(1), refused: more }])
      for (const seq of range(2, 30)) {
        await ledger.quarantine([{ uplink: uplink(seq), refused: [refusal()] }])
      }
      expect((await idsOf(ledger)).slice(-2)).toEqual(['1-1', '1-0'])
    })
  })

  describe('lists', () => {
    async function filled() {
      const { ledger } = await setUp()
      await ledger.quarantine(
        range(1, 30).map((seq) => ({
          uplink: uplink(seq, { device: `d${seq % 3}` }),
          refused: [
            refusal({ device: `d${seq % 3}`, code: seq % 2 === 0 ? 'malformed' : 'too_old' }),
          ],
        })),
      )
      return ledger
    }

    test('filters narrow the list together; "from" is included and "to" is not', async () => {
      const ledger = await filled()
      expect(await seqsOf(ledger, { device: 'd1' })).toEqual([28, 25, 22, 19, 16, 13, 10, 7, 4, 1])
      expect(await seqsOf(ledger, { code: 'malformed', device: 'd1' })).toEqual([28, 22, 16, 10, 4])
      const time = { from: uplink(10).receivedAt, to: uplink(16).receivedAt }
      expect(await seqsOf(ledger, time)).toEqual([15, 14, 13, 12, 11, 10])
      expect(await seqsOf(ledger, { ...time, device: 'd1', code: 'too_old' })).toEqual([13])
      expect(await seqsOf(ledger, { device: 'nobody' })).toEqual([])
    })

    test('pages follow one another without gap or repetition, within a message too', async () => {
      const { ledger } = await setUp()
      const refused = range(0, 8).map((i) => perReading(`k${i}`))
      await ledger.quarantine(range(1, 5).map((seq) => ({ uplink: uplink(seq), refused })))
      const all = await idsOf(ledger)
      expect(all).toHaveLength(45)
      const paged: string[] = []
      for (let before: string | undefined; ; before = paged.at(-1)) {
        const page = await idsOf(ledger, before === undefined ? { limit: 7 } : { limit: 7, before })
        if (page.length === 0) break
        paged.push(...page)
      }
      expect(paged).toEqual(all)
    })

    test('entry 10 comes after entry 9, as a number would', async () => {
      const { ledger } = await setUp()
      const refused = range(0, 11).map((i) => perReading(`k${i}`))
      await ledger.quarantine([{ uplink: uplink(1), refused }])
      expect((await idsOf(ledger)).slice(0, 3)).toEqual(['1-11', '1-10', '1-9'])
      expect((await idsOf(ledger, { before: '1-10' }))[0]).toBe('1-9')
    })

    test.each(['', '7', '7-', '-0', '1-0-0', '7-0 OR 1=1', '9'.repeat(40), '٣-٠'])(
      '"%s" is the id of nothing',
      async (id) => {
        const { ledger } = await setUp()
        await ledger.quarantine([{ uplink: uplink(7), refused: [refusal()] }])
        expect(await ledger.get(id)).toBeUndefined()
        await expect(ledger.list({ limit: 1, before: id })).rejects.toMatchObject({
          code: 'bad_request',
          field: 'before',
        })
        await expect(ledger.requestRetry(id)).rejects.toMatchObject({ code: 'not_found' })
      },
    )
  })

  describe('counts', () => {
    test('are by code', async () => {
      const { ledger } = await setUp()
      await ledger.quarantine(
        refusalCodes.map((code, i) => ({
          uplink: uplink(i + 1),
          refused: Array.from({ length: i + 1 }, () => refusal({ code })),
        })),
      )
      expect(await ledger.counts()).toEqual(new Map(refusalCodes.map((code, i) => [code, i + 1])))
    })

    test('do not change when the same messages come again, in whatever batches', async () => {
      const { backend, ledger } = await setUp()
      const items = range(1, 20).map((seq) => ({
        uplink: uplink(seq),
        refused: [perReading('a'), perReading('b')],
      }))
      await ledger.quarantine(items.slice(0, 12))
      await ledger.quarantine(items.slice(0, 12))
      await ledger.quarantine(items.slice(5))
      const restarted = await backend.open()
      await restarted.quarantine(items)
      expect(await restarted.counts()).toEqual(new Map([['not_a_number', 40]]))
      expect(await idsOf(restarted)).toHaveLength(40)
    })

    test('do not change when messages come again that were dropped long ago', async () => {
      const { ledger } = await setUp(10)
      const items = range(1, 200).map((seq) => ({ uplink: uplink(seq), refused: [refusal()] }))
      await ledger.quarantine(items)
      await ledger.quarantine(items)
      await ledger.expire(uplink(1_000).receivedAt)
      await ledger.quarantine(items)
      expect(await ledger.counts()).toEqual(new Map([['malformed', 200]]))
    })

    test('are of readings: all that an unreadable message held, none for what held none', async () => {
      const { ledger } = await setUp()
      await ledger.quarantine([
        { uplink: uplink(1, { readings: 7 }), refused: [refusal({ readings: 7 })] },
        { uplink: uplink(2), refused: [refusal({ code: 'not_allowed', readings: 0 })] },
        { uplink: uplink(3), refused: [perReading('a')] },
      ])
      expect(await ledger.counts()).toEqual(
        new Map([
          ['malformed', 7],
          ['not_a_number', 1],
        ]),
      )
      expect(await idsOf(ledger)).toHaveLength(3)
    })

    test('grow by what is refused later of a message that is counted, once', async () => {
      const { backend, ledger } = await setUp()
      const own = [perReading('a')]
      const all = [...own, perReading('b', 'out_of_range'), perReading('c', 'out_of_range')]
      for (const refused of [own, all, own, all]) {
        await ledger.quarantine([{ uplink: uplink(1, { readings: 5 }), refused }])
      }
      await (await backend.open()).quarantine([{ uplink: uplink(1), refused: all }])
      expect(await ledger.counts()).toEqual(
        new Map([
          ['not_a_number', 1],
          ['out_of_range', 2],
        ]),
      )
    })

    test('take in a message that is refused only when it runs again', async () => {
      const { ledger } = await setUp()
      await ledger.quarantine([{ uplink: uplink(2), refused: [refusal()] }])
      await ledger.quarantine([
        { uplink: uplink(1), refused: [refusal({ code: 'unknown_device' })] },
        { uplink: uplink(2), refused: [refusal()] },
      ])
      expect(await idsOf(ledger)).toEqual(['2-0', '1-0'])
      expect(await ledger.counts()).toEqual(
        new Map([
          ['malformed', 1],
          ['unknown_device', 1],
        ]),
      )
    })
  })

  describe('limits', () => {
    test('of each device at least the newest messages are kept, and hardly more', async () => {
      const { ledger } = await setUp(20)
      for (let seq = 1; seq <= 300; seq += 3) {
        await ledger.quarantine(
          range(seq, seq + 2).map((n) => ({
            uplink: uplink(n, { device: n % 3 === 0 ? 'loud' : 'quiet' }),
            refused: [refusal({ device: n % 3 === 0 ? 'loud' : 'quiet' })],
          })),
        )
      }
      for (const device of ['loud', 'quiet']) {
        const kept = await seqsOf(ledger, { device })
        expect(kept.length).toBeGreaterThanOrEqual(20)
        expect(kept.length).toBeLessThanOrEqual(24)
        const all = range(1, 300).filter((n) => (n % 3 === 0) === (device === 'loud'))
        expect(kept).toEqual(all.slice(-kept.length).reverse())
      }
      expect(await ledger.counts()).toEqual(new Map([['malformed', 300]]))
    })

    test('a flood in one batch leaves no more than its share', async () => {
      const { ledger } = await setUp(20)
      await ledger.quarantine([{ uplink: uplink(1), refused: [refusal({ device: 'calm' })] }])
      await ledger.quarantine(
        range(2, 3_000).map((seq) => ({ uplink: uplink(seq), refused: [refusal()] })),
      )
      expect((await seqsOf(ledger, { device: 'd1' })).length).toBeLessThanOrEqual(22)
      expect(await seqsOf(ledger, { device: 'calm' })).toEqual([1])
    })

    test('messages are what is limited, not their entries', async () => {
      const { ledger } = await setUp(5)
      const refused = range(1, 8).map((i) => perReading(`k${i}`))
      for (const seq of range(1, 9)) await ledger.quarantine([{ uplink: uplink(seq), refused }])
      const kept = new Set(await seqsOf(ledger))
      expect([...kept].slice(0, 5)).toEqual([9, 8, 7, 6, 5])
      expect(kept.size).toBeLessThanOrEqual(6)
    })

    test('a gateway that names devices at random fills its own share only', async () => {
      const { ledger } = await setUp(10)
      const gateway = { kind: 'gateway-telemetry', device: 'gw' } as const
      await ledger.quarantine([
        { uplink: uplink(1, gateway), refused: [refusal({ device: 'behind', code: 'too_old' })] },
      ])
      for (const seq of range(2, 200)) {
        const code = seq % 2 === 0 ? 'unknown_device' : 'not_allowed'
        await ledger.quarantine([
          { uplink: uplink(seq, gateway), refused: [refusal({ device: `made-up-${seq}`, code })] },
        ])
      }
      expect(await seqsOf(ledger, { device: 'behind' })).toEqual([1])
      expect((await idsOf(ledger)).length).toBeLessThanOrEqual(12)
    })

    test('a broken device behind a gateway does not push out the messages of its neighbours', async () => {
      const { ledger } = await setUp(10)
      const gateway = { kind: 'gateway-telemetry', device: 'gw' } as const
      const both = [refusal({ device: 'calm' }), refusal({ device: 'broken' })]
      await ledger.quarantine([{ uplink: uplink(1, gateway), refused: both }])
      for (const seq of range(2, 100)) {
        await ledger.quarantine([
          { uplink: uplink(seq, gateway), refused: [refusal({ device: 'broken' })] },
        ])
      }
      const [entry] = await ledger.list({ device: 'calm', limit: 5 })
      expect(entry?.payload).toBe('{"pm25": "message 1"}')
      expect((await seqsOf(ledger, { device: 'broken' })).length).toBeLessThanOrEqual(11)
    })

    test('restarts do not loosen the limit', async () => {
      const { backend } = await setUp()
      let ledger = await backend.open(10)
      for (const seq of range(1, 60)) {
        ledger = await backend.open(10)
        await ledger.quarantine([{ uplink: uplink(seq), refused: [refusal()] }])
      }
      expect((await idsOf(ledger)).length).toBeLessThanOrEqual(11)
    })

    test('messages expire by the time they were received', async () => {
      const { ledger } = await setUp()
      const refused = [perReading('a'), perReading('b')]
      await ledger.quarantine(range(1, 1_200).map((seq) => ({ uplink: uplink(seq), refused })))
      await ledger.expire(uplink(1_199).receivedAt)
      expect(await idsOf(ledger)).toEqual(['1200-1', '1200-0', '1199-1', '1199-0'])
      expect(await ledger.get('1198-0')).toBeUndefined()
      expect(await ledger.counts()).toEqual(new Map([['not_a_number', 2_400]]))
    })
  })

  describe('retries', () => {
    async function asked(refused = [perReading('a'), perReading('b')]) {
      const { backend, ledger } = await setUp()
      const api = await backend.open()
      const sent = uplink(5, { device: 'gw', kind: 'gateway-telemetry', readings: 3 })
      await ledger.quarantine([{ uplink: sent, refused }])
      return { backend, ledger, api, sent, request: await api.requestRetry('5-0') }
    }

    test('a request is told to ingest with the message as it was sent', async () => {
      const { ledger, request, sent } = await asked()
      const [pending, ...others] = await ledger.pendingRetries()
      expect(others).toEqual([])
      expect([pending?.request, pending?.entry]).toEqual([request, '5-0'])
      const { payload, ...rest } = pending!.uplink
      const { payload: sentPayload, ...sentRest } = sent
      expect(rest).toEqual(sentRest)
      expect(Buffer.from(payload)).toEqual(sentPayload)
    })

    test('there is no outcome until it is answered, and then it is the answer', async () => {
      const { ledger, api, request } = await asked()
      expect(await api.retryOutcome(request)).toBeUndefined()
      const outcome = { stored: 0, refused: [perReading('a', 'out_of_range')] }
      await ledger.answerRetry(request, '5-0', outcome)
      expect(await api.retryOutcome(request)).toEqual(outcome)
      expect(await ledger.pendingRetries()).toEqual([])
      expect(await api.retryOutcome(request + 1)).toBeUndefined()
    })

    test('what retries have stored is told in the order asked, up to the first that is open', async () => {
      const { ledger, api, request } = await asked()
      const second = await api.requestRetry('5-1')
      const taken = [
        {
          device: 'a',
          property: 'ph',
          observedAt: 5,
          receivedAt: 9,
          value: 7.5,
          quality: 1 as const,
        },
      ]
      await ledger.answerRetry(second, '5-1', { stored: 1, refused: [], taken })
      expect(await api.answeredRetries(0)).toEqual([])
      await ledger.answerRetry(request, '5-0', { stored: 0, refused: [perReading('a')] })
      expect(await api.answeredRetries(0)).toEqual([
        { request, taken: [] },
        { request: second, taken },
      ])
      expect(await api.answeredRetries(request)).toEqual([{ request: second, taken }])
      expect(await api.answeredRetries(second)).toEqual([])
      expect(await api.retryOutcome(second)).toEqual({ stored: 1, refused: [] })
      // A ledger that was begun anew counts from the beginning.
      expect(await api.answeredRetries(second + 100)).toHaveLength(2)
    })

    test('an entry that was stored is gone, its neighbours stay, and the counts stay', async () => {
      const { ledger, api, request } = await asked()
      await ledger.answerRetry(request, '5-0', { stored: 1, refused: [] })
      expect(await idsOf(api)).toEqual(['5-1'])
      expect(await ledger.counts()).toEqual(new Map([['not_a_number', 2]]))
      const second = await api.requestRetry('5-1')
      await ledger.answerRetry(second, '5-1', { stored: 1, refused: [] })
      expect(await idsOf(api)).toEqual([])
      await expect(api.requestRetry('5-1')).rejects.toMatchObject({ code: 'not_found' })
    })

    test('what is still refused of a message stays in quarantine under an id of its own', async () => {
      const { ledger, api, request } = await asked([refusal()])
      const still = [perReading('a'), perReading('c', 'too_old')]
      await ledger.answerRetry(request, '5-0', { stored: 1, refused: still })
      const entries = await api.list({ limit: 10 })
      expect(entries.map(({ id, key, code }) => [id, key, code])).toEqual([
        ['5-2', 'c', 'too_old'],
        ['5-1', 'a', 'not_a_number'],
      ])
    })

    test('an entry that is still refused stays and may be tried again', async () => {
      const { ledger, api, request } = await asked()
      await ledger.answerRetry(request, '5-0', { stored: 0, refused: [perReading('a')] })
      expect(await idsOf(api)).toEqual(['5-1', '5-0'])
      expect(await api.requestRetry('5-0')).toBeGreaterThan(request)
    })

    test('asking twice before the answer is one request', async () => {
      const { ledger, api, request } = await asked()
      expect(await api.requestRetry('5-0')).toBe(request)
      expect(await api.requestRetry('5-1')).not.toBe(request)
      expect(await ledger.pendingRetries()).toHaveLength(2)
    })

    test('only the first answer counts', async () => {
      const { ledger, api, request } = await asked()
      const first = { stored: 0, refused: [perReading('a')] }
      await ledger.answerRetry(request, '5-0', first)
      await ledger.answerRetry(request, '5-0', { stored: 1, refused: [] })
      expect(await api.retryOutcome(request)).toEqual(first)
      expect(await idsOf(api)).toEqual(['5-1', '5-0'])
    })

    test('a request whose message was dropped meanwhile is answered and says so', async () => {
      const { ledger, api, request } = await asked()
      await ledger.expire(uplink(100).receivedAt)
      expect(await ledger.pendingRetries()).toEqual([])
      const outcome = await api.retryOutcome(request)
      expect(outcome?.stored).toBe(0)
      expect(outcome?.refused[0]?.reason).toContain('no longer in quarantine')
    })

    test('requests outlive a restart', async () => {
      const { backend, request } = await asked()
      const restarted = await backend.open()
      expect((await restarted.pendingRetries())[0]?.request).toBe(request)
    })
  })

  describe('status of devices', () => {
    test('is unknown until something is known', async () => {
      const { ledger } = await setUp()
      expect(await ledger.status(['d1'])).toEqual(new Map())
      expect(await ledger.status([])).toEqual(new Map())
      await ledger.updateStatus([])
      await ledger.updateStatus([{ device: 'd1' }])
      expect(await ledger.status(['d1', 'd2'])).toEqual(
        new Map([['d1', { device: 'd1', lastSeenAt: null, connected: false, attributes: {} }]]),
      )
    })

    test('keeps the newest time, the last connection and the newest of each attribute', async () => {
      const { backend, ledger } = await setUp()
      await ledger.updateStatus([
        { device: 'd1', lastSeenAt: 5_000, connected: true, attributes: { battery: 90, fw: '1' } },
        { device: 'd2', lastSeenAt: 1_000 },
        { device: 'd1', lastSeenAt: 4_000, attributes: { battery: 89 } },
      ])
      await ledger.updateStatus([{ device: 'd1', attributes: { cell: null, roaming: false } }])
      const api = await backend.open()
      expect(await api.status(['d2', 'd1'])).toEqual(
        new Map([
          ['d2', { device: 'd2', lastSeenAt: 1_000, connected: false, attributes: {} }],
          [
            'd1',
            {
              device: 'd1',
              lastSeenAt: 5_000,
              connected: true,
              attributes: { battery: 89, fw: '1', cell: null, roaming: false },
            },
          ],
        ]),
      )
    })

    test('ends the same when the same changes run again', async () => {
      const { ledger } = await setUp()
      const changes = [
        { device: 'd', lastSeenAt: 1, connected: true, attributes: { a: 1, b: 1 } },
        { device: 'd', lastSeenAt: 2, connected: false, attributes: { b: 2 } },
      ]
      await ledger.updateStatus(changes)
      const before = await ledger.status(['d'])
      await ledger.updateStatus(changes)
      expect(await ledger.status(['d'])).toEqual(before)
    })

    test('nobody is connected after the broker has started', async () => {
      const { ledger } = await setUp()
      await ledger.updateStatus(['a', 'b'].map((device) => ({ device, connected: true })))
      await ledger.disconnectAll()
      const all = await ledger.status(['a', 'b'])
      expect([...all.values()].map(({ connected }) => connected)).toEqual([false, false])
    })

    test('what is told late fills in what is missing and replaces nothing newer', async () => {
      const { ledger } = await setUp()
      const told = {
        lastSeenAt: 9_000,
        connected: true,
        attributes: { fw: '2', cell: 'b' },
        seq: 90,
      }
      await ledger.updateStatus([{ device: 'd', ...told }])
      await ledger.updateStatus(
        [
          {
            ...{ device: 'd', lastSeenAt: 1_000, connected: false, seq: 10 },
            attributes: { fw: '1', model: 'x' },
          },
          { device: 'quiet', lastSeenAt: 2_000, connected: true, seq: 20 },
        ],
        'late',
      )
      expect(await ledger.status(['d', 'quiet'])).toEqual(
        new Map([
          [
            'd',
            {
              ...{ device: 'd', lastSeenAt: 9_000, connected: true },
              attributes: { fw: '2', cell: 'b', model: 'x' },
            },
          ],
          ['quiet', { device: 'quiet', lastSeenAt: 2_000, connected: true, attributes: {} }],
        ]),
      )
    })

    test('nobody is connected late who was there before the newest start of the broker', async () => {
      const { ledger } = await setUp()
      await ledger.disconnectAll(50)
      await ledger.updateStatus([{ device: 'back', connected: true, seq: 51 }])
      await ledger.updateStatus([{ device: 'gone', connected: true, seq: 10 }], 'late')
      await ledger.disconnectAll(20, 'late')
      const all = await ledger.status(['back', 'gone'])
      expect([...all.values()].map(({ connected }) => connected)).toEqual([true, false])
    })

    test('told in two runs, of which the first is late, it ends as if told in order', async () => {
      const event = fc.oneof(
        {
          weight: 8,
          arbitrary: fc.record(
            {
              device: fc.constantFrom('a', 'b', 'c'),
              connected: fc.boolean(),
              lastSeenAt: fc.nat(9_999),
              keys: fc.uniqueArray(fc.integer({ min: 1, max: 70 }), { maxLength: 40 }),
            },
            { requiredKeys: ['device', 'keys'] },
          ),
        },
        { weight: 1, arbitrary: fc.constant('broker start' as const) },
      )
      const events = fc.array(event, { minLength: 1, maxLength: 14 })
      const choices = fc.array(fc.boolean(), { minLength: 28, maxLength: 28 })
      await fc.assert(
        fc.asyncProperty(events, events, choices, async (early, recent, isLateNext) => {
          const [inOrder, inTurns] = [(await setUp()).ledger, (await setUp()).ledger]
          const tell = async (ledger: Ledger, seq: number, told?: 'late') => {
            const what = [...early, ...recent][seq - 1]
            if (what === 'broker start') return ledger.disconnectAll(seq, told)
            if (what === undefined) return
            const { keys, ...rest } = what
            const attributes = Object.fromEntries(keys.map((key) => [`k${key}`, seq]))
            await ledger.updateStatus([{ ...rest, attributes, seq }], told)
          }
          for (const seq of range(1, early.length + recent.length)) await tell(inOrder, seq)
          for (let late = 1, live = early.length + 1, i = 0; ; i++) {
            const isLiveOver = live > early.length + recent.length
            if (late > early.length && isLiveOver) break
            if (late <= early.length && (isLateNext[i] || isLiveOver)) {
              await tell(inTurns, late++, 'late')
            } else await tell(inTurns, live++)
          }
          const devices = ['a', 'b', 'c']
          expect(await inTurns.status(devices)).toEqual(await inOrder.status(devices))
        }),
        { numRuns: 60 },
      )
    })

    test('holds at most 64 attributes, of bounded size: the newest', async () => {
      const { ledger } = await setUp()
      const facts = (from: number, to: number) =>
        Object.fromEntries(range(from, to).map((i) => [String(i), i]))
      await ledger.updateStatus([{ device: 'd', attributes: facts(1, 64) }])
      await ledger.updateStatus([{ device: 'd', attributes: { 1: 'again' } }])
      await ledger.updateStatus([{ device: 'd', attributes: { 65: 65, long: 'x'.repeat(9_999) } }])
      const attributes = (await ledger.status(['d'])).get('d')?.attributes ?? {}
      expect(Object.keys(attributes)).toHaveLength(64)
      expect([attributes['1'], attributes['2'], attributes['3'], attributes['4']]).toEqual([
        'again',
        undefined,
        undefined,
        4,
      ])
      expect(String(attributes.long).length).toBeLessThanOrEqual(500)
      await ledger.updateStatus([{ device: 'd', attributes: facts(1_000, 9_000) }])
      const flooded = (await ledger.status(['d'])).get('d')?.attributes ?? {}
      expect(Object.keys(flooded)).toHaveLength(64)
      expect(flooded['9000']).toBe(9_000)
    })

    test('takes attribute names that are traps elsewhere', async () => {
      const { ledger } = await setUp()
      const attributes = JSON.parse(
        '{"__proto__": 1, "constructor": "x", "电量": 3, "a\\u0000": 0}',
      )
      await ledger.updateStatus([{ device: '__proto__', attributes }])
      const known = (await ledger.status(['__proto__'])).get('__proto__')?.attributes ?? {}
      expect(Object.entries(known)).toEqual([
        ['__proto__', 1],
        ['constructor', 'x'],
        ['电量', 3],
        ['a\ufffd', 0],
      ])
    })

    test('of thousands of devices at once', async () => {
      const { ledger } = await setUp()
      const devices = range(1, 3_000).map((n) => `d${n}`)
      await ledger.updateStatus(devices.map((device, n) => ({ device, lastSeenAt: n })))
      const all = await ledger.status(devices)
      expect(all.size).toBe(3_000)
      expect(all.get('d3000')?.lastSeenAt).toBe(2_999)
    })
  })

  test('ingest writes and the API asks at the same time, and neither is turned away', async () => {
    const { backend, ledger } = await setUp()
    const api = await backend.open()
    await ledger.quarantine([{ uplink: uplink(1), refused: [refusal()] }])
    const work: Promise<unknown>[] = []
    for (const seq of range(2, 60)) {
      work.push(ledger.quarantine([{ uplink: uplink(seq), refused: [refusal()] }]))
      work.push(api.requestRetry('1-0'), api.list({ limit: 5 }), ledger.pendingRetries())
      work.push(ledger.updateStatus([{ device: 'd1', lastSeenAt: seq }]))
    }
    await Promise.all(work)
    expect(await idsOf(api)).toHaveLength(60)
    expect((await api.status(['d1'])).get('d1')?.lastSeenAt).toBe(60)
  })

  test('however batches are cut and repeated, everything is listed and counted once', async () => {
    const message = fc.array(
      fc.record({
        device: fc.constantFrom('d1', 'd2', 'd3'),
        code: fc.constantFrom(...refusalCodes),
        reason: fc.string(),
        key: fc.string(),
      }),
      { minLength: 1, maxLength: 4 },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { minLength: 1, maxLength: 25 }),
        fc.array(fc.tuple(fc.nat(24), fc.nat(24)), { maxLength: 8 }),
        async (messages, cuts) => {
          const { backend, ledger } = await setUp()
          const items = messages.map((refused, i) => ({ uplink: uplink(i + 1), refused }))
          for (const [from, length] of cuts) {
            await ledger.quarantine(items.slice(from, from + length))
          }
          await ledger.quarantine(items)
          const expected = items.flatMap(({ uplink: { seq }, refused }) =>
            refused.map((_, i) => `${seq}-${i}`),
          )
          expect((await idsOf(ledger)).sort()).toEqual(expected.sort())
          const counts = new Map<RefusalCode, number>()
          for (const { code } of messages.flat()) counts.set(code, (counts.get(code) ?? 0) + 1)
          expect(await ledger.counts()).toEqual(counts)
          await backend.remove()
        },
      ),
      { numRuns: 30 },
    )
  })
}
