import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bodyStart,
  frameLength,
  incomplete,
  malformed,
  protocolOf,
  uint16,
  uplinkKindAt,
} from '../../broker/frame.ts'
import { Remainder } from '../../broker/remainder.ts'
import { topicOf, uplinkKindOf } from '../../domain/topic.ts'
import { uplinkKinds } from '../../domain/uplink.ts'
import { connectFrame, generate, publishFrame } from './raw-client.ts'

const frames = fc.record({
  topic: fc.oneof(
    fc.constantFrom(...uplinkKinds.map(topicOf).filter((topic) => topic !== '')),
    fc.string({ minLength: 1, maxLength: 200 }).filter((topic) => !/[+#]/.test(topic)),
  ),
  payload: fc.uint8Array({ maxLength: 20_000 }),
  qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
  messageId: fc.integer({ min: 1, max: 65_535 }),
})
const publish = (value: typeof frames extends fc.Arbitrary<infer T> ? T : never) =>
  publishFrame(value.topic, Buffer.from(value.payload), value)

describe('frameLength', () => {
  test('is the length of every frame that mqtt-packet makes, wherever it starts and whatever follows', () => {
    fc.assert(
      fc.property(frames, fc.nat(50), fc.uint8Array({ maxLength: 50 }), (value, before, after) => {
        const frame = publish(value)
        const all = Buffer.concat([Buffer.alloc(before, 0xff), frame, after])
        expect(frameLength(all, before, all.length)).toBe(frame.length)
        const body = bodyStart(all, before)
        expect(uint16(all, body)).toBe(Buffer.byteLength(value.topic))
      }),
    )
  })

  test('is incomplete while the header is cut, and known as soon as it is whole', () => {
    fc.assert(
      fc.property(frames, (value) => {
        const frame = publish(value)
        const header = bodyStart(frame, 0)
        for (let end = 0; end < header; end++) expect(frameLength(frame, 0, end)).toBe(incomplete)
        expect(frameLength(frame, 0, header)).toBe(frame.length)
      }),
    )
  })

  test.each([
    [[0x30, 0], 2],
    [[0x30, 0x7f], 129],
    [[0x30, 0x80, 0x01], 131],
    [[0x30, 0xff, 0x7f], 16_386],
    [[0x30, 0x80, 0x80, 0x01], 16_388],
    [[0x30, 0xff, 0xff, 0xff, 0x7f], 268_435_460],
    [[0x30, 0xff, 0xff, 0xff, 0xff], malformed],
    [[0x30, 0x80, 0x80, 0x80, 0x80, 0x01], malformed],
    [[0x30, 0xff, 0xff, 0xff], incomplete],
    [[0x30], incomplete],
    [[], incomplete],
  ])('of %j is %i', (bytes, length) => {
    expect(frameLength(Uint8Array.from(bytes), 0, bytes.length)).toBe(length)
  })
})

describe('uplinkKindAt', () => {
  test('agrees with the topic table for any topic, at any place', () => {
    fc.assert(
      fc.property(frames, fc.nat(20), ({ topic }, before) => {
        const bytes = Buffer.from(topic)
        const all = Buffer.concat([Buffer.alloc(before), bytes, Buffer.from('rest')])
        expect(uplinkKindAt(all, before, bytes.length)).toBe(uplinkKindOf(topic))
      }),
    )
  })

  test('one wrong byte anywhere in a topic is another topic', () => {
    for (const kind of uplinkKinds) {
      const bytes = Buffer.from(topicOf(kind))
      for (let i = 0; i < bytes.length; i++) {
        const other = Buffer.from(bytes)
        other[i] = (other[i] ?? 0) ^ 0x20
        expect(uplinkKindAt(other, 0, other.length)).toBeUndefined()
      }
    }
  })

  test('session events of the broker have no topic: nobody can publish one', () => {
    expect(uplinkKindAt(new Uint8Array(0), 0, 0)).toBeUndefined()
  })
})

describe('protocolOf', () => {
  test('never looks beyond the frame', () => {
    const frame = connectFrame()
    for (let end = 0; end < frame.length; end++) {
      expect(['foreign', 'supported']).toContain(protocolOf(frame, 0, end))
    }
    expect(protocolOf(frame, 0, frame.length)).toBe('supported')
    expect(protocolOf(generate({ cmd: 'pingreq' }), 0, 2)).toBe('foreign')
  })
})

describe('the remainder of a frame', () => {
  test('any frame put together from any pieces is the same, and what follows is left alone', () => {
    fc.assert(
      fc.property(
        frames,
        fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 20 }),
        fc.uint8Array({ maxLength: 10 }),
        (value, sizes, after) => {
          const frame = publish(value)
          const first = Math.min(sizes[0] ?? 1, frame.length - 1)
          const remainder = new Remainder(frame, 0, first)
          let at = first
          let i = 1
          const stream = Buffer.concat([frame, after])
          while (remainder.filled < frame.length) {
            const size = sizes[i++] ?? 5_000
            const chunk = stream.subarray(at, at + size)
            const taken = remainder.fill(chunk, chunk.length)
            expect(taken).toBeLessThanOrEqual(chunk.length)
            expect(remainder.filled).toBeLessThanOrEqual(frame.length)
            at += taken
          }
          expect(at).toBe(frame.length)
          expect(remainder.bytes.subarray(0, remainder.filled).equals(frame)).toBe(true)
          expect(remainder.bytes.length).toBeLessThanOrEqual(Math.max(128, frame.length * 2))
        },
      ),
    )
  })

  test('a large announcement costs no more than twice what was sent', () => {
    const start = Buffer.from([0x30, 0xff, 0xff, 0x0f, 1, 2, 3])
    const remainder = new Remainder(start, 0, start.length)
    for (let i = 0; i < 100; i++) remainder.fill(Buffer.alloc(16), 10)
    expect(remainder.filled).toBe(1_007)
    expect(remainder.bytes.length).toBeLessThan(2_100)
  })
})
