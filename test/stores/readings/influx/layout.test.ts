/** The schema can hold every property of the catalogue without two fields of one name. */

import { expect, test } from 'vitest'
import { properties } from '../../../../domain/catalogue.ts'
import { qualityFlags } from '../../../../domain/reading.ts'
import {
  flagCode,
  flagOfCode,
  measurementOf,
  measurements,
  propertyOfField,
  receivedField,
  tagNames,
} from '../../../../stores/readings/influx/layout.ts'

test('no field is named like another, like a tag, or like time', () => {
  const names = [...properties.keys()].flatMap((code) =>
    ['', '_q', '_t', '_r'].map((suffix) => `${code}${suffix}`),
  )
  const all = [...names, receivedField, 'time', ...tagNames]
  expect(new Set(all).size).toBe(all.length)
  for (const name of names) expect(properties.has(propertyOfField(name))).toBe(true)
})

test('every property has a measurement', () => {
  for (const code of properties.keys()) expect(measurements).toContain(measurementOf(code))
  expect(measurements).toContain(measurementOf('toString'))
})

test('the code of a flag says whether there is a value, and is the flag itself as usual', () => {
  for (const quality of qualityFlags) {
    for (const hasValue of [true, false]) {
      expect(flagOfCode(flagCode(quality, hasValue))).toEqual({ quality, hasValue })
    }
  }
  expect([flagCode(1, true), flagCode(4, true), flagCode(9, false)]).toEqual([1, 4, 9])
  expect([0, 5, -1, 20, 21, 1.5].map(flagOfCode)).toEqual(Array(6).fill(undefined))
})
