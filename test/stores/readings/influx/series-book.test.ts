/** What the book says of a series is true, whatever came in whatever order; and it may be forgetful, but never wrong. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SeriesBook } from '../../../../stores/readings/influx/file/series-book.ts'

function entry(series: number, observedAt: number, value = observedAt) {
  return { series, observedAt, receivedAt: observedAt + 5, value, quality: 1, tests: 3 }
}

describe('a reading', () => {
  test('is never called new when it is stored, nor newest when it is not', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 60 }),
        (times) => {
          const book = new SeriesBook()
          const stored = new Set<number>()
          for (const [i, time] of times.entries()) {
            for (let at = -1; at <= 61; at++) {
              const standing = book.standingOf(7, at)
              if (standing === 'new') expect(stored.has(at)).toBe(false)
              if (standing === 'newest') expect(at).toBe(Math.max(...stored))
            }
            book.add(entry(7, time, i), i)
            stored.add(time)
            expect(book.firstOf(7)).toBe(Math.min(...stored))
            expect(book.lastOf(7)).toBe(Math.max(...stored))
            expect(book.bornAt(7)).toBe(0)
          }
        },
      ),
    )
  })

  test('in one of the two longest gaps is known to be new, and fills it from either end', () => {
    const book = new SeriesBook()
    for (const time of [0, 10, 1_000, 1_010, 5_000, 5_010]) book.add(entry(1, time), 0)
    for (let at = 20; at < 990; at += 10) {
      expect(book.standingOf(1, at)).toBe('new')
      book.add(entry(1, at), 0)
      expect(book.standingOf(1, at)).toBe('unsure')
    }
    expect(book.standingOf(1, 3_000)).toBe('new')
  })

  test('that was there before is unsure up to the newest', () => {
    const book = new SeriesBook()
    book.restore(entry(2, 1_000), 10)
    expect([9, 10, 500, 1_000, 1_001].map((at) => book.standingOf(2, at))).toEqual([
      ...['new', 'unsure', 'unsure', 'newest', 'new'],
    ])
    expect(book.bornAt(2)).toBe(-1)
  })
})

test('what was kept in bytes is there again, and telling it again changes nothing', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 0, max: 40 })), {
        maxLength: 80,
      }),
      fc.nat(80),
      (pairs, from) => {
        const book = new SeriesBook()
        const entries = pairs.map(([series, time], i) => entry(series, time, i))
        for (const [i, each] of entries.entries()) book.add(each, i)
        const again = new SeriesBook()
        for (const { block, bytes } of book.takeChanged()) again.load(block, bytes.slice())
        for (const [i, each] of entries.slice(from).entries()) again.add(each, from + i)
        for (const [series] of pairs) {
          expect(again.newestOf(series)).toEqual(book.newestOf(series))
          expect(again.bornAt(series)).toBe(book.bornAt(series))
          for (let at = -1; at <= 41; at++) {
            expect(again.standingOf(series, at)).toBe(book.standingOf(series, at))
          }
        }
      },
    ),
  )
})
