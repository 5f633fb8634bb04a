/**
 * Corners of JSON (test/cases/json-corners.json): `y_` must be read, and `pm25` and `pm10` of it come out;
 * `n_` must be refused as a whole, with `malformed`, or `unsupported_format` when it does not even begin
 * like JSON.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { countReadings } from '../../../payload/count-readings.ts'
import { decodeNative } from '../../../payload/decoders/native.ts'
import { telemetryOf } from './uplinks.ts'

interface Corner {
  name: string
  text?: string
  base64?: string
  accepted?: Record<string, number>
  code?: string
}

const file = join(import.meta.dirname, '../../cases/json-corners.json')
const corners = JSON.parse(readFileSync(file, 'utf8')) as Corner[]
const bytes = ({ text, base64 }: Corner) =>
  base64 === undefined ? Buffer.from(text ?? '') : Buffer.from(base64, 'base64')

describe('JSON that must be read', () => {
  test.each(corners.filter(({ name }) => name.startsWith('y_')))('$name', (corner) => {
    const decoded = decodeNative(telemetryOf(bytes(corner)))
    expect(decoded.problem).toBeNull()
    const values = decoded.samples.filter(({ key }) => key === 'pm25' || key === 'pm10')
    expect(Object.fromEntries(values.map(({ key, value }) => [key, Number(value) + 0]))).toEqual(
      corner.accepted,
    )
    expect(countReadings('telemetry', bytes(corner))).toBe(decoded.samples.length)
  })
})

describe('what is not JSON must be refused as a whole', () => {
  test.each(corners.filter(({ name }) => name.startsWith('n_')))('$name', (corner) => {
    const decoded = decodeNative(telemetryOf(bytes(corner)))
    expect(decoded.problem?.code).toBe(corner.code)
    expect(decoded.problem?.reason).not.toBe('')
    expect(decoded.samples).toEqual([])
    expect(countReadings('telemetry', bytes(corner))).toBeGreaterThanOrEqual(1)
  })
})

test('there are corners of both kinds and no name is used twice', () => {
  expect(new Set(corners.map(({ name }) => name)).size).toBe(corners.length)
  expect(corners.length).toBeGreaterThan(100)
})
