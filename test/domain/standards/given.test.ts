/** Whatever is sent to an index of water, rain or flood, it answers or refuses with the field; it never breaks. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Fault } from '../../../domain/errors.ts'
import type { IndexDefinition, IndexRequest } from '../../../domain/standards/definition.ts'
import { floodSignal } from '../../../domain/standards/flood/flood-signal.ts'
import { floodSize } from '../../../domain/standards/flood/flood-size.ts'
import { rainGrade } from '../../../domain/standards/rain/rain-grade.ts'
import { rainstormSignal } from '../../../domain/standards/rain/rainstorm-signal.ts'
import { gb3838 } from '../../../domain/standards/water/gb3838.ts'
import { gb5749 } from '../../../domain/standards/water/gb5749.ts'

const definitions = [gb3838, gb5749, rainGrade, rainstormSignal, floodSize, floodSignal]
const hostile = ['__proto__', 'constructor', 'toString', '', 'x'.repeat(100_000), '水位']
const strange = fc.oneof(
  fc.constantFrom('1e39', '1e999', '0x10', '١', '１', '-0', '9'.repeat(200), Number.NaN, -0),
  fc.double(),
  fc.bigInt(),
  fc.jsonValue(),
  fc.constant(undefined),
)

function keysOf(definition: IndexDefinition): readonly string[] {
  const [edition] = definition.editions
  const codes = definition.indicators(edition!.id).map(({ code }) => code)
  return [...codes, ...Object.keys(definition.options)]
}

test.each(definitions)('$name answers or refuses, whatever is sent', (definition) => {
  const edition = definition.editions[0]!.id
  const known = fc.constantFrom(...keysOf(definition))
  const any = fc.dictionary(
    fc.oneof({ weight: 9, arbitrary: known }, fc.constantFrom(...hostile)),
    fc.oneof(fc.float({ noNaN: true, min: 0, max: 100 }), strange),
    { maxKeys: 6 },
  )
  fc.assert(
    fc.property(any, any, (values, options) => {
      try {
        const answer = definition.compute({
          edition,
          values: values as unknown as IndexRequest['values'],
          options,
        })
        expect(Object.keys(answer.sub)).toEqual(
          expect.arrayContaining(definition === floodSignal ? [] : Object.keys(values)),
        )
        expect(JSON.parse(JSON.stringify(answer))).toEqual(answer)
        if (answer.value === null) expect(answer.level ?? 0).toBe(0)
        else expect(answer.level).toBeGreaterThan(0)
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        expect(error).toMatchObject({ code: 'bad_request', field: expect.any(String) })
        expect(error.message.length).toBeLessThan(1_000)
      }
    }),
    { numRuns: 500 },
  )
})

test('an unknown value is named, shortened, with those that are allowed', () => {
  const values = { ['x'.repeat(100_000)]: 1 }
  expect(() => floodSize.compute({ edition: '', values, options: {} })).toThrow(
    /^values: "x{64}…" is not known; allowed: return_period_years, return_period, years\.$/,
  )
})
