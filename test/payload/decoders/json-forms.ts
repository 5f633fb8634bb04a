/** Arbitrary messages of every form of the contract, and arbitrary bytes, for property tests. */

import fc from 'fast-check'
import { properties } from '../../../domain/catalogue.ts'
import type { UplinkKind } from '../../../domain/uplink.ts'

const codes = [...properties.keys()]
const key = fc.oneof(
  fc.constantFrom(...codes, 'ts', 'values', 'battery', 'rsrp', '__proto__', 'device', '水位', ''),
  fc.string({ unit: 'binary', maxLength: 8 }),
)
const value = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.string({ maxLength: 12 }),
  fc.constantFrom(null, true, false, '1.5', '1e309', '-0'),
  fc.jsonValue({ maxDepth: 2 }),
)
const time = fc.oneof(
  fc.constantFrom(1_761_955_140_000, 1_761_955_140, '2025-10-31T23:59:00Z', null, 'now', 0),
  fc.integer(),
  fc.string({ maxLength: 24 }),
)
const flat = fc.dictionary(key, value, { maxKeys: 6 })
const element = fc.oneof(
  flat,
  fc.record({ ts: time, values: fc.oneof(flat, value) }, { requiredKeys: ['values'] }),
  fc.record({ ts: time, values: flat, pm10: value }, { requiredKeys: [] }),
  fc.record({ metadata: fc.oneof(flat, value), values: fc.oneof(flat, value), ts: time }),
)
const elements = fc.oneof(element, fc.array(fc.oneof(element, value), { maxLength: 4 }))

const formOf: Readonly<Partial<Record<UplinkKind, fc.Arbitrary<unknown>>>> = {
  telemetry: elements,
  'gateway-telemetry': fc.oneof(fc.dictionary(key, elements, { maxKeys: 4 }), value),
  attributes: fc.oneof(flat, value),
  'gateway-attributes': fc.oneof(fc.dictionary(key, fc.oneof(flat, value), { maxKeys: 4 }), value),
  'gateway-connect': fc.oneof(fc.record({ device: fc.oneof(key, value) }), value),
}

const spaced = fc.constantFrom(undefined, 1, '\t')

/** A kind of uplink with valid JSON for it, written with and without white space. */
export const validMessage = fc
  .constantFrom(...(Object.keys(formOf) as UplinkKind[]))
  .chain((kind) =>
    fc.record({
      kind: fc.constant(kind),
      text: fc
        .tuple(formOf[kind] ?? value, spaced)
        .map(([form, space]) => JSON.stringify(form, null, space) ?? 'null'),
    }),
  )

const failedNumber = 'a number that a sensor could not measure'
const printed = fc.constantFrom(
  'NaN',
  'nan',
  '-nan',
  '-nan(ind)',
  'Infinity',
  '-inf',
  '+INF',
  '-1.#IND00',
)

/** Telemetry with good values, one bare number that is no JSON, and the same with it in quotes. */
export const messageWithBareNumber = fc
  .tuple(fc.array(fc.tuple(key, value), { maxLength: 4 }), printed, spaced, fc.boolean())
  .map(([members, bare, space, inList]) => {
    const values = Object.fromEntries([
      ...members,
      ['pm25', inList ? [failedNumber] : failedNumber],
    ])
    const text = JSON.stringify([{ values }, values], null, space)
    const having = (word: string) => text.replaceAll(JSON.stringify(failedNumber), word)
    return { bare: having(bare), quoted: having(JSON.stringify(bare)) }
  })

const kindOfMessage = fc.constantFrom<UplinkKind>(
  'telemetry',
  'attributes',
  'gateway-telemetry',
  'gateway-attributes',
  'gateway-connect',
  'gateway-disconnect',
)

/** Valid messages with some bytes changed, cut out or cut off, and plain noise. */
export const anyMessage = fc.oneof(
  fc.record({ kind: kindOfMessage, payload: fc.uint8Array({ maxLength: 200 }) }),
  fc.record({
    kind: kindOfMessage,
    payload: fc
      .string({ unit: fc.constantFrom(...'{}[]",:\\ue0123-.nts '), maxLength: 60 })
      .map((text) => Buffer.from(text) as Uint8Array),
  }),
  fc
    .tuple(validMessage, fc.nat(), fc.nat(), fc.uint8Array({ maxLength: 3 }))
    .map(([{ kind, text }, from, length, other]) => {
      const bytes = Buffer.from(text)
      const start = from % (bytes.length + 1)
      const rest = bytes.subarray(start + (length % 4))
      return { kind, payload: Buffer.concat([bytes.subarray(0, start), other, rest]) as Uint8Array }
    }),
)
