/** Names and numbers in line protocol come back as they were, whatever they hold. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineBytes } from '../../../../stores/readings/influx/write/line-bytes.ts'
import {
  decodeTag,
  encodeTag,
  escapeKey,
  floatText,
  tagsText,
} from '../../../../stores/readings/influx/write/line-protocol.ts'

const hostile = [
  'a,b',
  'a=b',
  'a b',
  'a\\',
  '\\',
  'a\nair,device=x v=1',
  '%5C',
  '%',
  '%%41',
  '"',
  "'",
  '闸门',
  '🚰',
  '\u0000',
]
const anyName = fc.oneof(
  fc.constantFrom(...hostile),
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc.string({ unit: fc.constantFrom(...'\\%,= \n\r\tAF05"\''), minLength: 1 }),
)

/** As InfluxDB reads the tags of a line: up to the first space that is not escaped, cut at commas that are not. */
function readTags(text: string): Record<string, string> {
  const pairs = text.slice(1).split(/(?<!\\),/)
  return Object.fromEntries(
    pairs.map((pair) => {
      const [key = '', value = ''] = pair.split(/(?<!\\)=/)
      return [unescapeText(key), unescapeText(value)]
    }),
  )
}

const unescapeText = (text: string) => text.replace(/\\([,= ])/g, '$1')

describe('tags', () => {
  test('come back as they were', () => {
    fc.assert(
      fc.property(anyName, anyName, (device, site) => {
        const read = readTags(tagsText({ device, site, district: null }))
        expect(Object.keys(read)).toEqual(['device', 'site'])
        expect(decodeTag(read.device ?? '')).toBe(device)
        expect(decodeTag(read.site ?? '')).toBe(site)
      }),
      { numRuns: 2_000 },
    )
  })

  test('different names stay different', () => {
    fc.assert(
      fc.property(anyName, anyName, (a, b) => {
        expect(encodeTag(a) === encodeTag(b)).toBe(a === b)
      }),
      { numRuns: 2_000 },
    )
  })

  test('never begin another line, and never end with what escapes what follows', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        expect(escapeKey(encodeTag(name))).not.toMatch(/[\n\r]|\\$/)
      }),
    )
  })

  test('that are empty are left out', () => {
    expect(tagsText({ site: '', device: 'a', district: null })).toBe(',device=a')
  })
})

describe('numbers', () => {
  const written = (value: number) => {
    const bytes = new LineBytes()
    bytes.number(value)
    return bytes.text(0, bytes.length)
  }

  test('come back bit for bit', () => {
    const decimals = fc
      .tuple(fc.integer({ min: -(2 ** 31), max: 2 ** 31 }), fc.integer({ min: 0, max: 6 }))
      .map(([digits, places]) => digits / 10 ** places)
    const anyNumber = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      decimals,
      fc.maxSafeInteger(),
      fc.constantFrom(
        0,
        -0,
        5e-324,
        1e-7,
        1e21,
        1.7e308,
        999_999,
        1_000_000,
        0.1,
        1e15 + 0.3,
        2 ** 53,
      ),
    )
    fc.assert(
      fc.property(anyNumber, (value) => {
        expect(Object.is(Number(written(value)), value)).toBe(true)
        expect(Object.is(Number(floatText(value)), value)).toBe(true)
      }),
      { numRuns: 20_000 },
    )
  })

  test('are written as short as people do', () => {
    expect([35.2, 0.05, -0.5, 1795219200080, 100, 1e-7, -0].map(written)).toEqual([
      ...['35.2', '0.05', '-0.5', '1795219200080', '100', '1e-7', '-0'],
    ])
  })
})
