/** The bytes of a block: any uplinks come back, and damage stays where it is. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Uplink, type UplinkDraft, uplinkKinds } from '../../../domain/uplink.ts'
import {
  createBlockBuilder,
  decodeBlock,
  recordBytesMax,
  sumThrough,
} from '../../../stores/journal/block.ts'
import { draftForm, draftOf, plain } from '../../fixtures/uplinks.ts'

const draftsForm = fc.array(draftForm, { minLength: 1, maxLength: 12 })
const seqForm = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 2 ** 45 }))

function encode(drafts: readonly UplinkDraft[], firstSeq: number): Buffer {
  const builder = createBlockBuilder()
  for (const [i, draft] of drafts.entries()) builder.add(draft, firstSeq + i)
  return Buffer.from(builder.finish())
}

interface Place {
  firstSeq: number
  from?: number
  below?: number
  trusted?: boolean
  countHint?: number
}

function decode(data: Buffer, place: Place) {
  const uplinks: Uplink[] = []
  const {
    firstSeq,
    from = 0,
    below = Number.POSITIVE_INFINITY,
    trusted = false,
    countHint = 0,
  } = place
  const decoded = decodeBlock(data, { firstSeq, from, below, trusted, countHint }, uplinks)
  return { uplinks, ...decoded }
}

/** Everything delivered must be as it was sent; nothing may be missing without a word. */
function expectHonest(
  decoded: ReturnType<typeof decode>,
  drafts: readonly UplinkDraft[],
  firstSeq: number,
): void {
  for (const uplink of decoded.uplinks) {
    const index = uplink.seq - firstSeq
    expect(plain(uplink)).toEqual({ ...plain(drafts[index]!), seq: uplink.seq })
  }
  const told = [...decoded.uplinks.map(({ seq }) => seq), ...decoded.broken].sort((a, b) => a - b)
  expect(told).toEqual(told.map((_, i) => firstSeq + i))
  expect(decoded.end).toBe(firstSeq + told.length)
}

describe('a block', () => {
  test('gives back any uplinks, trusted or checked', () => {
    fc.assert(
      fc.property(draftsForm, seqForm, fc.boolean(), (drafts, firstSeq, trusted) => {
        const decoded = decode(encode(drafts, firstSeq), { firstSeq, trusted })
        expectHonest(decoded, drafts, firstSeq)
        expect(decoded.uplinks).toHaveLength(drafts.length)
      }),
    )
  })

  test('gives back a part', () => {
    fc.assert(
      fc.property(draftsForm, fc.nat(14), fc.nat(14), fc.boolean(), (drafts, a, b, trusted) => {
        const [from, below] = [Math.min(a, b) + 10, Math.max(a, b) + 10]
        const { uplinks, broken } = decode(encode(drafts, 10), {
          firstSeq: 10,
          from,
          below,
          trusted,
        })
        const expected = drafts.map((_, i) => 10 + i).filter((seq) => seq >= from && seq < below)
        expect(uplinks.map(({ seq }) => seq)).toEqual(expected)
        expect(broken).toEqual([])
      }),
    )
  })

  test('is never larger than announced', () => {
    fc.assert(
      fc.property(draftsForm, (drafts) => {
        const announced = drafts.reduce((sum, draft) => sum + recordBytesMax(draft), 4)
        expect(encode(drafts, 1).length).toBeLessThanOrEqual(announced)
      }),
    )
  })

  test('knows every kind of uplink', () => {
    const drafts = uplinkKinds.map((kind) => ({ ...draftOf(1), kind }))
    expect(decode(encode(drafts, 1), { firstSeq: 1 }).uplinks.map(({ kind }) => kind)).toEqual(
      uplinkKinds,
    )
  })

  test('sums readings and bytes up to any position', () => {
    fc.assert(
      fc.property(draftsForm, fc.nat(11), (drafts, last) => {
        const through = 100 + Math.min(last, drafts.length - 1)
        const part = drafts.slice(0, through - 99)
        const count = drafts.length
        const sum = sumThrough(encode(drafts, 100), { firstSeq: 100, count, through })
        expect(sum.readings).toBe(part.reduce((total, { readings }) => total + readings, 0))
        expect(sum.bytes).toBe(encode(part, 100).length - 4 * (part.length + 1))
      }),
    )
  })

  test('is used again after clear, whatever it held', () => {
    const builder = createBlockBuilder()
    fc.assert(
      fc.property(draftsForm, (drafts) => {
        builder.clear()
        for (const [i, draft] of drafts.entries()) builder.add(draft, 1 + i)
        expect(Buffer.from(builder.finish())).toEqual(encode(drafts, 1))
        expect(builder.count).toBe(drafts.length)
      }),
    )
  })

  test('grows far beyond its first buffer', () => {
    const drafts = Array.from({ length: 5_000 }, (_, i) => draftOf(i, 500))
    expect(decode(encode(drafts, 1), { firstSeq: 1 }).uplinks).toHaveLength(5_000)
  })

  test('refuses an id that its length field cannot hold, and stays usable', () => {
    const builder = createBlockBuilder()
    builder.add(draftOf(1), 1)
    expect(() => builder.add({ ...draftOf(2), device: 'x'.repeat(70_000) }, 2)).toThrow(RangeError)
    builder.add(draftOf(2), 2)
    expect(decode(Buffer.from(builder.finish()), { firstSeq: 1 }).uplinks).toHaveLength(2)
  })
})

describe('a damaged block', () => {
  test('loses one record at most to one flipped bit, and never delivers a wrong one', () => {
    fc.assert(
      fc.property(draftsForm, seqForm, fc.nat(), (drafts, firstSeq, position) => {
        const data = encode(drafts, firstSeq)
        const bit = position % (data.length * 8)
        data[bit >> 3]! ^= 1 << (bit & 7)
        const decoded = decode(data, { firstSeq, countHint: drafts.length })
        expectHonest(decoded, drafts, firstSeq)
        expect(decoded.end).toBe(firstSeq + drafts.length)
        expect(decoded.broken.length).toBeLessThanOrEqual(1)
      }),
      { numRuns: 1_000 },
    )
  })

  test('loses only what a zeroed stretch covers', () => {
    fc.assert(
      fc.property(fc.nat(39_000), fc.integer({ min: 1, max: 4_096 }), (at, length) => {
        const drafts = Array.from({ length: 200 }, (_, i) => draftOf(i, 160))
        const data = encode(drafts, 1)
        data.fill(0, at, Math.min(data.length, at + length))
        const decoded = decode(data, { firstSeq: 1, countHint: 200 })
        expectHonest(decoded, drafts, 1)
        expect(decoded.uplinks.length).toBeGreaterThanOrEqual(200 - Math.ceil(length / 180) - 1)
      }),
    )
  })

  test('is honest about what is left of it when it is cut off', () => {
    fc.assert(
      fc.property(draftsForm, fc.nat(), fc.nat(20), (drafts, cut, countHint) => {
        const data = encode(drafts, 1)
        const left = Buffer.from(data.subarray(0, cut % data.length))
        expectHonest(decode(left, { firstSeq: 1, countHint }), drafts, 1)
      }),
    )
  })

  test('of another position is not taken for this one', () => {
    fc.assert(
      fc.property(draftsForm, seqForm, seqForm, (drafts, written, expected) => {
        fc.pre(written !== expected)
        const decoded = decode(encode(drafts, written), { firstSeq: expected })
        expect(decoded.uplinks).toEqual([])
        expect(decoded.broken).toHaveLength(drafts.length)
      }),
    )
  })

  test('that is noise yields nothing and throws nothing', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 500 }),
        fc.boolean(),
        fc.nat(50),
        (noise, trusted, hint) => {
          const data = Buffer.from(noise)
          expect(decode(data, { firstSeq: 1, trusted, countHint: hint }).uplinks).toEqual([])
          sumThrough(data, { firstSeq: 1, count: hint, through: 20 })
        },
      ),
    )
  })

  test('does not take a record inside a payload for one of its own', () => {
    const forged = encode([{ ...draftOf(1), device: 'victim' }], 2)
    const drafts = [draftOf(1), { ...draftOf(2), payload: forged }, draftOf(3)]
    const data = encode(drafts, 1)
    const second = decode(data, { firstSeq: 1 }).uplinks[1]!
    data[second.payload.byteOffset - data.byteOffset - 3]! ^= 1
    const decoded = decode(data, { firstSeq: 1 })
    expect(decoded.broken).toEqual([2])
    expectHonest(decoded, drafts, 1)
  })
})
