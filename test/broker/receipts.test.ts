/** Moments of receipt: no two messages of a device without a time of their own get the same one. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Receipts } from '../../broker/receipts.ts'
import type { UplinkKind } from '../../domain/uplink.ts'
import { openJournalWriter } from '../../stores/journal/sqlite.ts'
import { type MomentStore, openMoments } from '../../stores/journal/moments.ts'
import { systemClock, systemLog, systemTimers } from '../../runtime/system.ts'
import { startTestBroker, telemetryTopic, until } from './broker-under-test.ts'
import { publishFrame } from './raw-client.ts'

const log = systemLog('silent', 'test')
const start = Date.parse('2026-03-04T05:06:07Z')

function store(newest: number | null = null, before = {}): MomentStore & { writes: number } {
  let kept = before
  const made = {
    newest,
    writes: 0,
    read: () => kept,
    write(reserved: object) {
      made.writes++
      kept = structuredClone(reserved)
    },
  }
  return made
}

/** A broker's receipts by a clock that the test sets. */
function bench(moments: MomentStore = store()) {
  const clock = { now: () => bench.ms, monotonic: () => bench.ms }
  const bench = { ms: start, clock }
  const receipts = new Receipts({ clock, log, store: moments })
  const receive = (payload: unknown, device = 'd', kind: UplinkKind = 'telemetry') =>
    receipts.draft(device, kind, Buffer.from(JSON.stringify(payload))).receivedAt - start
  const at = (ms: number) => {
    bench.ms = start + ms
  }
  return { ...bench, receipts, receive, at }
}

describe('moments of receipt', () => {
  test('the later of two in a millisecond takes the next one, of each device by itself', () => {
    const { receive, at } = bench()
    expect([receive({ a: 1 }), receive({ a: 2 }), receive({ a: 3 })]).toEqual([0, 1, 2])
    expect(receive({ a: 4 }, 'e')).toBe(0)
    at(1)
    expect(receive({ a: 5 })).toBe(3)
    at(9)
    expect(receive({ a: 6 })).toBe(9)
  })

  test('what has a time of its own, or no reading, takes none', () => {
    const { receive } = bench()
    const timed = { ts: start, values: { a: 1 } }
    expect([receive(timed), receive([timed, timed]), receive({}), receive({ a: 1 })]).toEqual([
      0, 0, 0, 0,
    ])
    expect(receive(timed)).toBe(0)
    expect(receive({ ts: null, a: 2 })).toBe(1)
    expect(receive({ battery: 3 }, 'd', 'attributes')).toBe(2)
    expect(receive({ firmware: '3' }, 'd', 'attributes')).toBe(0)
  })

  test('a list takes one for each element without a time, and they end with the moment of the message', () => {
    const { receive, at } = bench()
    expect(receive([{ a: 1 }, { a: 2 }, { ts: 1, a: 3 }])).toBe(0)
    expect(receive([{ a: 4 }, { a: 5 }, { a: 6 }])).toBe(3)
    at(100)
    expect(receive([{ a: 7 }, { a: 8 }])).toBe(100)
    expect(receive({ a: 9 })).toBe(101)
  })

  test('a device has the same moments behind a gateway and by itself', () => {
    const { receive } = bench()
    const gateway = (payload: unknown) => receive(payload, 'g', 'gateway-telemetry')
    expect(gateway({ d: { a: 1 }, e: [{ a: 1 }] })).toBe(0)
    expect(receive({ a: 2 }, 'd')).toBe(1)
    expect(gateway({ d: [{ a: 3 }] })).toBe(2)
    expect(gateway({ e: [{ a: 3 }, { a: 4 }] })).toBe(2)
    expect(gateway({ 'd\u0301"\\': { a: 1 } })).toBe(0)
    expect(gateway({ '\u010f"\\': { a: 1 } })).toBe(0)
    expect(receive({ e: { rssi: 1, battery: 9 } }, 'g', 'gateway-attributes')).toBe(3)
  })

  test('what cannot be read takes one: it may be read one day', () => {
    const { receipts, clock } = bench()
    const garbage = () => receipts.draft('d', 'telemetry', Buffer.from('##0101QN=')).receivedAt
    expect([garbage(), garbage()]).toEqual([clock.now(), clock.now() + 1])
  })

  test('the clock goes back a little: order is kept; it is set back: its word is taken', () => {
    const { receive, at } = bench()
    at(40_000)
    expect(receive({ a: 1 })).toBe(40_000)
    at(0)
    expect([receive({ a: 2 }), receive({ a: 3 })]).toEqual([40_001, 40_002])
    at(-3_600_000)
    expect([receive({ a: 4 }), receive({ a: 5 })]).toEqual([-3_600_000, -3_599_999])
  })

  test('a minute ahead of the clock is enough: then its sender has to wait', () => {
    const { receive, receipts } = bench()
    const waits = Array.from({ length: 60_005 }, () => {
      receive({ a: 1 })
      return receipts.waitMs()
    })
    expect(waits.filter((ms) => ms > 0)).toEqual([1, 2, 3, 4])
  })

  test('many devices are forgotten when their moments have passed', () => {
    const { receive, at } = bench()
    for (let i = 0; i < 60_000; i++) {
      at(i)
      receive({ a: 1 }, `d-${i}`)
      expect(receive({ a: 1 }, `d-${i}`)).toBe(i + 1)
    }
    expect(receive({ a: 1 }, 'd-59999')).toBe(60_001)
  })
})

describe('over a restart', () => {
  test('any burst, clock and crash: never the same moment twice, and always in order', () => {
    const moves = fc.array(
      fc.oneof(
        fc.record({ burst: fc.integer({ min: 1, max: 3_000 }) }),
        fc.record({ pass: fc.integer({ min: 0, max: 400 }) }),
        fc.constant({ crash: true }),
      ),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(moves, (list) => {
        let newest: number | null = null
        let kept: MomentStore = store()
        let ms = start
        const clock = { now: () => ms, monotonic: () => ms }
        let receipts = new Receipts({ clock, log, store: kept })
        const given = new Map<string, number>()
        for (const move of list) {
          if ('pass' in move) ms += move.pass
          else if ('burst' in move) {
            for (let i = 0; i < move.burst; i++) {
              const device = i % 5 === 0 ? 'slow' : 'quick'
              const draft = receipts.draft(device, 'telemetry', Buffer.from('{"a":1}'))
              expect(draft.receivedAt).toBeGreaterThan(given.get(device) ?? 0)
              given.set(device, draft.receivedAt)
              newest = draft.receivedAt
            }
          } else {
            kept = store(newest, kept.read())
            receipts = new Receipts({ clock, log, store: kept })
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  test('nothing is reserved on disk for a device that keeps to the pace of the clock', () => {
    const moments = store()
    const { receive, at } = bench(moments)
    for (let i = 0; i < 5_000; i++) {
      at(i)
      receive({ a: 1 })
    }
    expect(moments.writes).toBe(0)
    for (let i = 0; i < 5_000; i++) receive({ a: 1 })
    expect(moments.writes).toBeLessThan(5)
  })

  test('the journal tells the moment of its newest message, and what was reserved', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'bw-moments-'))
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
    const open = () => openMoments({ dir, now: start })
    expect([open().newest, open().read()]).toEqual([null, {}])
    const limits = { segmentBytesMax: 1_048_576, bytesMax: 8_388_608 }
    const writer = openJournalWriter({ dir, ...limits, log })
    for (const receivedAt of [start + 7, start + 3]) {
      writer.append({
        kind: 'telemetry',
        device: 'd',
        receivedAt,
        payload: Buffer.of(),
        readings: 0,
      })
      writer.commit((fault) => expect(fault).toBeNull())
    }
    open().write({ d: start + 9_000, __proto__x: 1 })
    expect([open().newest, open().read()]).toEqual([start + 3, { d: start + 9_000, __proto__x: 1 }])
    writer.close()
  })
})

test('a queue written in one go gets its moments in order, at every QoS, and is held back when it runs far ahead', async () => {
  const stopped = { ms: Date.now() }
  const t = await startTestBroker({
    ports: {
      clock: { now: () => stopped.ms, monotonic: systemClock.monotonic },
      timers: systemTimers,
    },
    env: { BELLWETHER_MQTT_MESSAGES_PER_SECOND_MAX: '1000000' },
  })
  onTestFinished(() => t.stop())
  await t.device('d1')
  const client = await t.rawDevice('d1')
  const frames = Array.from({ length: 90 }, (_, i) =>
    publishFrame(telemetryTopic, `{"water_level":${i}}`, {
      qos: i % 3 === 0 ? 2 : 1,
      messageId: i + 1,
      retain: i % 5 === 0,
    }),
  )
  client.send(...frames)
  await until(async () => (await t.uplinks('telemetry')).length === 90, 'all')
  const uplinks = await t.uplinks('telemetry')
  expect(uplinks.map(({ receivedAt }) => receivedAt - stopped.ms)).toEqual(
    Array.from({ length: 90 }, (_, i) => i),
  )
  expect(uplinks.map(({ payload }) => JSON.parse(String(payload)).water_level)).toEqual(
    Array.from({ length: 90 }, (_, i) => i),
  )
})
