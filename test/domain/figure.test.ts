/** Numbers as they go out: without what binary fractions leave over, and without losing what was measured. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { digitsOfPlainSum, figure } from '../../domain/figure.ts'

describe('a figure', () => {
  test.each([
    [0.7 + 0.1, 0, 0.8],
    [(9.2 + 9.3 + 9.4) / 3, 0, 9.3],
    [0.1 + 0.2 - 0.3, 0.3, 0],
    [1 / 3, 0, 0.333333333333333],
    [1e15 + 0.5, 0, 1e15 + 1],
    [123_456_789_012.345, 0, 123_456_789_012.345],
    [-2.675, 0, -2.675],
    [3e-10, 0, 3e-10],
    [4.2e-30, 0, 4.2e-30],
    [5e-324, 0, 5e-324],
    [1.7e308, 0, 1.7e308],
    [-0.5e-20, 1, 0],
  ])('%f with %f becomes %f', (value, magnitude, expected) => {
    expect(figure(value, magnitude)).toBe(expected)
  })

  test('keeps every decimal number of up to 15 digits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -999_999_999_999_999, max: 999_999_999_999_999 }),
        fc.integer({ min: -12, max: 8 }),
        (digits, exponent) => {
          const number = Number(`${digits}e${exponent}`)
          expect(figure(number)).toBe(number + 0)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('added up one after the other, decimals come out as decimals', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 99_999 }), { minLength: 1, maxLength: 5_000 }),
        (tenths) => {
          const sum = tenths.reduce((total, each) => total + each / 10, 0)
          const whole = tenths.reduce((total, each) => total + each, 0)
          expect(figure(sum, 0, digitsOfPlainSum(tenths.length))).toBe(whole / 10)
        },
      ),
    )
  })
})
