/** What counters grow by: through restarts, registers that run over, corrections and balances below zero. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { increment } from '../../domain/counter.ts'

describe('a counter', () => {
  test.each([
    ['goes on', 12.4, 13.9, 1.5],
    ['stands still', 12.4, 12.4, 0],
    ['begins again at zero', 431.2, 0, 0],
    ['begins again, and has counted since', 431.2, 0.6, 0.6],
    ['begins again, though it had counted little', 0.4, 0.2, 0.2],
    ['runs over its four digits', 9_998, 5, 7],
    ['runs over its five digits', 99_990, 3, 13],
    ['runs over its seven digits', 9_999_950, 20, 70],
    ['of three digits begins again', 999, 2, 2],
    ['is replaced long before it runs over', 95_000, 12, 12],
    ['is replaced by a used one', 99_990, 40_000, 40_000],
    ['runs back a little', 1_000, 999.5, -0.5],
    ['below zero is a balance', -5, -8, -3],
    ['of a balance goes below zero', 2, -1, -3],
  ])('%s', (_, before, now, grown) => {
    expect(increment(before, now)).toBeCloseTo(grown, 9)
  })

  test('never loses more than a hundredth, whatever happens', () => {
    const reading = fc.double({ min: 0, max: 1e9, noNaN: true })
    fc.assert(
      fc.property(reading, reading, (before, now) => {
        expect(increment(before, now)).toBeGreaterThanOrEqual(-before / 100)
      }),
    )
  })
})
