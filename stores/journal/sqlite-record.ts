/**
 * Decodes a row of table `block` from the bytes SQLite keeps it in (sqlite.org/fileformat2.html section 2.1):
 * a header of column types as varints, then the values.
 */

import type { BlockRow } from './segment.ts'

const integerBytes: Readonly<Record<number, number>> = { 1: 1, 2: 2, 3: 3, 4: 4, 5: 6 }
const longInteger = 6
const zero = 8
const one = 9
const firstBlob = 12

/** Big-endian, seven bits a byte, the ninth byte whole. Beyond the end bytes count as 0. */
export function readVarint(data: Buffer, at: number): { value: number; end: number } {
  let value = 0
  for (let i = 0; i < 8; i++) {
    const byte = data[at + i] ?? 0
    value = value * 128 + (byte & 127)
    if (byte < 128) return { value, end: at + i + 1 }
  }
  return { value: value * 256 + (data[at + 8] ?? 0), end: at + 9 }
}

/** Undefined when the bytes are no such row. The first column is the row's own number. */
export function readRow(payload: Buffer, rowid: number): BlockRow | undefined {
  const header = readVarint(payload, 0)
  const values: (number | Buffer | undefined)[] = []
  let valueAt = header.value
  for (let at = header.end; at < header.value && at < payload.length; ) {
    const type = readVarint(payload, at)
    const value = readValue(payload, valueAt, type.value)
    values.push(value.content)
    valueAt = value.end
    at = type.end
  }
  const data = values.pop()
  const numbers = values.slice(1).filter((value) => typeof value === 'number')
  const [count, readings, bytes, messagesBefore, readingsBefore, bytesBefore, crc] = numbers
  if (numbers.length !== 7 || crc === undefined || !Buffer.isBuffer(data)) return undefined
  return {
    firstSeq: rowid,
    count: count ?? 0,
    readings: readings ?? 0,
    bytes: bytes ?? 0,
    messagesBefore: messagesBefore ?? 0,
    readingsBefore: readingsBefore ?? 0,
    bytesBefore: bytesBefore ?? 0,
    crc,
    data,
  }
}

function readValue(
  payload: Buffer,
  at: number,
  type: number,
): { content: number | Buffer | undefined; end: number } {
  if (type === zero || type === one) return { content: type - zero, end: at }
  if (type >= firstBlob && type % 2 === 0) {
    const end = at + (type - firstBlob) / 2
    return { content: end <= payload.length ? payload.subarray(at, end) : undefined, end }
  }
  const size = type === longInteger ? 8 : (integerBytes[type] ?? 0)
  const end = at + size
  if (size === 0 || end > payload.length) return { content: undefined, end }
  const content = size === 8 ? Number(payload.readBigInt64BE(at)) : payload.readIntBE(at, size)
  return { content, end }
}
