import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ceiling,
  compare,
  decimal,
  exactly,
  halfEven,
  interpolate,
  largest,
  minus,
  nearest,
  over,
  plus,
  smallest,
  times,
  toNumber,
  toText,
  truncate,
  zero,
} from '../../../domain/standards/decimal.ts'

const d = exactly
const near = fc.double({ noNaN: true, min: -1e15, max: 1e15 }).filter((x) => Math.abs(x) > 1e-30)

describe('reading', () => {
  test.each([
    ['0.1', '0.1'],
    ['-3.50', '-3.5'],
    ['+7', '7'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['1e3', '1000'],
    ['25E-1', '2.5'],
  ])('%s is %s', (text, same) => {
    expect(compare(decimal(text, 'x'), decimal(same, 'x'))).toBe(0)
  })

  test.each([
    '',
    '.',
    '-',
    'abc',
    '1,5',
    '1 000',
    ' 1',
    '0x10',
    '1e99',
    '1e-99',
    'e5',
    'NaN',
    '1'.repeat(65),
  ])('%j is refused with the name of the field', (text) => {
    expect(() => decimal(text, 'values.pm25')).toThrowError(/^values\.pm25: is /)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_VALUE])('%d is refused', (given) => {
    expect(() => decimal(given, 'values.pm25')).toThrowError(/^values\.pm25: is /)
  })

  test('a number and its text are the same value, and come back as the number', () => {
    fc.assert(
      fc.property(near, (x) => {
        expect(compare(d(x), d(String(x)))).toBe(0)
        if (Math.abs(x) > 1e-2) expect(toNumber(d(x))).toBeCloseTo(x, 12)
      }),
    )
  })
})

describe('rounding', () => {
  test.each([
    ['60.5', 0, '60'],
    ['61.5', 0, '62'],
    ['60.51', 0, '61'],
    ['4.05', 1, '4.0'],
    ['4.15', 1, '4.2'],
    ['4.25', 1, '4.2'],
    ['-0.5', 0, '0'],
    ['-1.5', 0, '-2'],
    ['2.675', 2, '2.68'],
    ['1.005', 2, '1.00'],
  ])('%s to %i decimals by GB/T 8170 is %s', (text, places, expected) => {
    expect(toText(halfEven(d(text), places), places)).toBe(expected)
  })

  test.each([
    ['9.1', 1, '9.1'],
    ['9.19', 1, '9.1'],
    ['0.071', 3, '0.071'],
    ['-1.9', 0, '-1'],
    ['7', 2, '7.00'],
  ])('%s cut to %i decimals is %s', (text, places, expected) => {
    expect(toText(truncate(d(text), places), places)).toBe(expected)
  })

  test('whole numbers: up, and to the nearest with halves up', () => {
    expect([d('55'), d('55.0000001'), d('-1.5'), zero].map(ceiling)).toEqual([55, 56, -1, 0])
    expect([d('2.5'), d('2.4999'), d('-2.5'), d('-2.6')].map(nearest)).toEqual([3, 2, -2, -3])
  })
})

describe('arithmetic', () => {
  test('what doubles get wrong', () => {
    expect(compare(plus(d('0.1'), d('0.2')), d('0.3'))).toBe(0)
    expect(ceiling(interpolate(d('2.2'), [d(2), d(50)], [d(4), d(100)]))).toBe(55)
    expect(toText(over(d(1), d(-3)), 6)).toBe('-0.333333')
  })

  test('sums, differences, products and quotients undo each other', () => {
    fc.assert(
      fc.property(near, near, (x, y) => {
        const [a, b] = [d(x), d(y)]
        expect(compare(minus(plus(a, b), b), a)).toBe(0)
        expect(compare(over(times(a, b), b), a)).toBe(0)
      }),
    )
  })

  test('order is that of numbers', () => {
    fc.assert(
      fc.property(near, near, (x, y) => {
        expect(compare(d(x), d(y))).toBe(Math.sign(x - y))
        expect(toText(largest([d(x), d(y)]) ?? zero, 9)).toBe(toText(d(Math.max(x, y)), 9))
        expect(toText(smallest([d(x), d(y)]) ?? zero, 9)).toBe(toText(d(Math.min(x, y)), 9))
      }),
    )
    expect([largest([]), smallest([])]).toEqual([undefined, undefined])
  })
})
