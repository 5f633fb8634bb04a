/** What one walk over the bytes finds; that the decoder finds the same is tested in test/ingest/decoders. */

import { describe, expect, test } from 'vitest'
import { countReadings } from '../../payload/count-readings.ts'
import type { UplinkKind } from '../../domain/uplink.ts'

const count = (kind: UplinkKind, text: string) =>
  countReadings(kind, new TextEncoder().encode(text))

describe('telemetry', () => {
  test.each([
    ['{"pm25":1,"pm10":2}', 2],
    ['{"ts":1,"values":{"pm25":1,"pm10":2}}', 2],
    ['{"values":{"pm25":1},"ts":1,"extra":[1,{"a":2}]}', 2],
    ['[{"pm25":1},{"ts":1,"values":{"pm25":1,"pm10":2}},5]', 4],
    ['{"ts":1,"values":{"pm25":1},"metadata":{"a":1,"b":2}}', 1],
    ['{"metadata":{"a":1},"pm25":1}', 2],
    ['{"metadata":4,"values":{"pm25":1}}', 2],
    ['{"pm25":nan,"pm10":-inf}', 2],
    ['{}', 0],
    ['[]', 0],
    ['{"values":{}}', 0],
    ['{"values":7}', 1],
    ['{"t\\u0073":1,"\\u0076alues":{"a":1,"b":2}}', 2],
    ['{"a\\"b}":"]}{","c":1}', 2],
    [' [ { "a" : 1 } , { } ] ', 1],
    ['\ufeff{"a":1,"b":2}', 2],
    ['7', 1],
    ['"x"', 1],
    ['', 1],
  ])('%s holds %d', (text, expected) => {
    expect(count('telemetry', text)).toBe(expected)
  })
})

describe('other kinds', () => {
  test.each<[UplinkKind, string, number]>([
    [
      'gateway-telemetry',
      '{"d1":[{"a":1},{"ts":1,"values":{"b":1,"c":2}}],"d2":{"a":1},"d3":5}',
      5,
    ],
    ['gateway-telemetry', '[{"a":1}]', 1],
    ['attributes', '{"battery":1,"firmware":"2","rs\\u0072p":-9}', 2],
    ['attributes', '{"firmware":"2"}', 0],
    ['gateway-attributes', '{"d1":{"battery":1,"x":2},"d2":{"snr":1},"d3":7}', 3],
    ['gateway-connect', '{"device":"d1"}', 0],
    ['gateway-disconnect', 'rubbish', 0],
    ['session-open', '', 0],
    ['session-close', '', 0],
    ['broker-start', '', 0],
    ['oversize', '{"bytes":1,"topic":"t"}', 1],
  ])('%s %s holds %d', (kind, text, expected) => {
    expect(count(kind, text)).toBe(expected)
  })
})

describe('what cannot be read counts as one', () => {
  test.each([
    '{"a":1',
    '{"a":1}}',
    '{"a" 1}',
    '{"a":}',
    '{a:1}',
    '[1,2',
    '{"a":1,}',
    '{,}',
    '{"a":"x',
    '\u0000',
  ])('%j', (text) => {
    expect(count('telemetry', text)).toBe(1)
  })

  test('also when it is a million levels deep', () => {
    expect(count('telemetry', '['.repeat(1_000_000))).toBe(1)
    expect(count('telemetry', '{"values":'.repeat(100_000))).toBe(1)
  })
})
