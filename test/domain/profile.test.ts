/** What a profile may say; what means nothing is refused when it is made, with field, reason and what there is. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checked } from '../../api/http/validation-messages.ts'
import { properties } from '../../domain/catalogue.ts'
import { deviceSchema } from '../../domain/device.ts'
import { createChannelBook } from '../../payload/profile-keys.ts'

const made = (profile: unknown) => checked(deviceSchema, { id: 'd-1', profile }).profile

function refusal(profile: unknown): { field: string | undefined; detail: string } {
  try {
    made(profile)
  } catch (error) {
    const { field, message } = error as { field?: string; message: string }
    return { field, detail: message }
  }
  throw new Error('It was taken.')
}

describe('is refused', () => {
  test.each<[string, unknown, string, string[]]>([
    [
      'two keys on one property',
      { keys: { T: 'temperature', t2: { property: 'temperature', unit: 'K' } } },
      'profile.keys.t2.property',
      ['temperature', '"T"'],
    ],
    [
      'an unknown property',
      { keys: { F: 'flo' } },
      'profile.keys.F',
      ['"flo"', '"flow"', '/properties'],
    ],
    [
      'an unknown property in full',
      { keys: { F: { property: 'Water-Level 2x' } } },
      'profile.keys.F.property',
      ['no property'],
    ],
    [
      'an unknown unit',
      { keys: { F: { property: 'flow', unit: 'gal/min' } } },
      'profile.keys.F.unit',
      ['"gal/min"', 'm3/s', 'L/s'],
    ],
    [
      'a name that means nothing',
      'vendor-x1',
      'profile',
      ['"vendor-x1"', '"hj212"', '"native"', 'keys'],
    ],
    [
      'a zone that is none',
      { time: { zone: 'Asia/Peking' } },
      'profile.time.zone',
      ['Asia/Shanghai'],
    ],
    ['a stamp without its interval', { time: { stamp: 'end' } }, 'profile.time.interval', ['1h']],
    [
      'a stamp of nothing',
      { time: { stamp: 'end', interval: '0s' } },
      'profile.time.interval',
      ['longer'],
    ],
  ])('%s', (_, profile, field, words) => {
    const told = refusal(profile)
    expect(told.field).toBe(field)
    for (const word of words) expect(told.detail).toContain(word)
  })
})

test.each<unknown>([
  null,
  'hj212',
  'native',
  { keys: {} },
  { format: 'hj212', time: { stamp: 'end', interval: '1h' } },
  { keys: { T: { property: 'temperature', unit: '[degF]' }, 水位: 'water_level' } },
  { time: { zone: 'America/Lima' } },
])('%j is taken', (profile) => {
  expect(() => made(profile)).not.toThrow()
})

test('a profile that is taken maps each of its keys to a channel', () => {
  const mapping = fc.constantFrom(...properties.values()).chain(({ code, unit, convertible }) =>
    fc.oneof(
      fc.constant(code),
      fc.record({
        property: fc.constant(code),
        unit: fc.constantFrom(unit, ...Object.keys(convertible)),
      }),
      fc.record({
        property: fc.string({ minLength: 1, maxLength: 9 }),
        unit: fc.string({ maxLength: 3 }),
      }),
    ),
  )
  const key = fc.string({ minLength: 1, maxLength: 6 }).filter((text) => text !== '__proto__')
  fc.assert(
    fc.property(fc.dictionary(key, mapping, { maxKeys: 4 }), (keys) => {
      const { success, data } = deviceSchema.safeParse({ id: 'd-1', profile: { keys } })
      if (!success) return
      const book = createChannelBook()
      const found = Object.keys(keys).map((name) => book.find(data.profile, name))
      expect(found.filter((channel) => typeof channel !== 'object')).toEqual([])
    }),
    { numRuns: 500 },
  )
})
