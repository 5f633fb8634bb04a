/**
 * A block: the uplinks of one group commit in one piece of bytes, as a journal segment keeps it.
 *
 *     record …  |  start of each record (u32 each)  |  number of records (u32)          all little-endian
 *     record =  crc u32 | length u32 | kind u8 | 0 u8 | device bytes u16 | receivedAt f64 | readings u32 | device | payload
 *
 * The CRC-32 of a record covers everything behind it and starts from the record's position in the journal,
 * so bytes of another position are never taken for it. The way from record to record is kept twice, in the
 * lengths and in the list of starts: one broken record never hides its neighbours.
 */

import { crc32 } from 'node:zlib'
import type { Uplink, UplinkDraft, UplinkKind } from '../../domain/uplink.ts'

/** Numbers on disk: they only grow and never change their meaning. */
const kindCodes = {
  telemetry: 1,
  attributes: 2,
  'gateway-telemetry': 3,
  'gateway-attributes': 4,
  'gateway-connect': 5,
  'gateway-disconnect': 6,
  oversize: 7,
  'session-open': 8,
  'session-close': 9,
  'broker-start': 10,
  denied: 11,
} as const satisfies Record<UplinkKind, number>
const kinds = new Map(
  (Object.keys(kindCodes) as UplinkKind[]).map((kind) => [kindCodes[kind] as number, kind]),
)

const crcAt = 0
const lengthAt = 4
const kindAt = 8
const deviceBytesAt = 10
const receivedAtAt = 12
const readingsAt = 20
/** No record is shorter; what cannot be counted is estimated with it. */
export const recordBytesMin = 24

const firstBufferBytes = 256 * 1024
/** A buffer that one huge payload has blown up further than this is not kept for the next group. */
const keptBufferBytesMax = 32 * 1024 * 1024

export interface BlockBuilder {
  /** Copies the uplink behind the others. `seq` is the position it will have. */
  add(draft: UplinkDraft, seq: number): void
  readonly count: number
  readonly readings: number
  /** Bytes of the records, without the list of starts. */
  readonly bytes: number
  /** The block; a view that holds until the next `add` or `clear`. */
  finish(): Buffer
  clear(): void
}

/** How many bytes an uplink takes in a block at most, its place in the list of starts included. */
export function recordBytesMax(draft: UplinkDraft): number {
  return recordBytesMin + 4 + draft.device.length * 3 + draft.payload.length
}

/** One growing buffer that is used again for each group, so that adding allocates next to nothing. */
export function createBlockBuilder(): BlockBuilder {
  let buffer = Buffer.allocUnsafeSlow(firstBufferBytes)
  let view = new DataView(buffer.buffer)
  let starts = new Uint32Array(1_024)
  let count = 0
  let readings = 0
  let bytes = 0

  function replaceBuffer(size: number): void {
    const larger = Buffer.allocUnsafeSlow(size)
    buffer.copy(larger, 0, 0, bytes)
    buffer = larger
    view = new DataView(larger.buffer)
  }

  function makeRoom(needed: number): void {
    if (bytes + needed > buffer.length) {
      replaceBuffer(Math.max(buffer.length * 2, bytes + needed))
    }
    if (count === starts.length) {
      const larger = new Uint32Array(count * 2)
      larger.set(starts)
      starts = larger
    }
  }

  return {
    add(draft, seq) {
      makeRoom(recordBytesMax(draft))
      const at = bytes
      const deviceBytes = writeText(buffer, draft.device, at + recordBytesMin)
      if (deviceBytes > 0xffff) throw new RangeError('A device id has at most 65,535 bytes.')
      const payloadAt = at + recordBytesMin + deviceBytes
      buffer.set(draft.payload, payloadAt)
      const end = payloadAt + draft.payload.length
      view.setUint32(at + lengthAt, end - at, true)
      view.setUint16(at + kindAt, kindCodes[draft.kind], true)
      view.setUint16(at + deviceBytesAt, deviceBytes, true)
      view.setFloat64(at + receivedAtAt, draft.receivedAt, true)
      view.setUint32(at + readingsAt, draft.readings, true)
      view.setUint32(at + crcAt, recordCrc(buffer, { at, end, seq }), true)
      starts[count] = at
      bytes = end
      count++
      readings += draft.readings
    },
    get count() {
      return count
    },
    get readings() {
      return readings
    },
    get bytes() {
      return bytes
    },
    finish() {
      const end = bytes + count * 4
      if (end + 4 > buffer.length) replaceBuffer(end + 4)
      for (let i = 0; i < count; i++) view.setUint32(bytes + i * 4, starts[i] ?? 0, true)
      view.setUint32(end, count, true)
      return buffer.subarray(0, end + 4)
    },
    clear() {
      count = 0
      readings = 0
      bytes = 0
      if (buffer.length > keptBufferBytesMax) replaceBuffer(firstBufferBytes)
    },
  }
}

/** Identifiers are nearly always ASCII and short: a loop is then faster than the call into native code. */
function writeText(buffer: Buffer, text: string, at: number): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127) return buffer.write(text, at, 'utf8')
    buffer[at + i] = code
  }
  return text.length
}

function recordCrc(data: Buffer, record: { at: number; end: number; seq: number }): number {
  return crc32(data.subarray(record.at + lengthAt, record.end), record.seq % 0x1_0000_0000)
}

export interface DecodeOptions {
  /** Position of the block's first record. */
  firstSeq: number
  /** Only records from this position on are returned. */
  from: number
  /** Positions below this one are returned. */
  below: number
  /** True when a checksum over the whole block has been verified: the records' own need not be. */
  trusted: boolean
  /** Number of records as known from elsewhere, for when the block's own number is broken. */
  countHint: number
}

export interface DecodedBlock {
  /** Positions that cannot be read. */
  broken: number[]
  /** The position behind the last one that could be accounted for. */
  end: number
}

/** Reads a block into `uplinks`. Payloads are views on `data`. Never throws, whatever the bytes are. */
export function decodeBlock(data: Buffer, options: DecodeOptions, uplinks: Uplink[]): DecodedBlock {
  const starts = findStarts(data, options.countHint)
  const decoded: DecodedBlock = { broken: [], end: options.firstSeq }
  const count = starts?.count ?? Number.POSITIVE_INFINITY
  const trusted = options.trusted && starts !== undefined
  let at = 0
  for (let i = 0; i < count && decoded.end < options.below; i++) {
    const seq = options.firstSeq + i
    if (!trusted && !isSound(data, at, seq)) {
      if (starts === undefined) break
      at = startOf(data, starts, i)
      if (!isSound(data, at, seq)) {
        if (seq >= options.from) decoded.broken.push(seq)
        decoded.end = seq + 1
        at = startOf(data, starts, i + 1)
        continue
      }
    }
    if (seq >= options.from) {
      const uplink = readRecord(data, at, seq)
      if (uplink === undefined) decoded.broken.push(seq)
      else uplinks.push(uplink)
    }
    decoded.end = seq + 1
    at += data.readUInt32LE(at + lengthAt)
  }
  return decoded
}

/** Undefined when the kind is of a later version than this. */
function readRecord(data: Buffer, at: number, seq: number): Uplink | undefined {
  const kind = kinds.get(data.readUInt16LE(at + kindAt))
  if (kind === undefined) return undefined
  const deviceAt = at + recordBytesMin
  const payloadAt = deviceAt + data.readUInt16LE(at + deviceBytesAt)
  return {
    seq,
    kind,
    device: data.toString('utf8', deviceAt, payloadAt),
    receivedAt: data.readDoubleLE(at + receivedAtAt),
    payload: data.subarray(payloadAt, at + data.readUInt32LE(at + lengthAt)),
    readings: data.readUInt32LE(at + readingsAt),
  }
}

function isSound(data: Buffer, at: number, seq: number): boolean {
  if (at + recordBytesMin > data.length) return false
  const length = data.readUInt32LE(at + lengthAt)
  if (length < recordBytesMin + data.readUInt16LE(at + deviceBytesAt)) return false
  const end = at + length
  return end <= data.length && recordCrc(data, { at, end, seq }) === data.readUInt32LE(at + crcAt)
}

interface Starts {
  at: number
  count: number
}

/** The list of starts, if the number of records is right: the first record always starts at 0. */
function findStarts(data: Buffer, countHint: number): Starts | undefined {
  if (data.length < 4) return undefined
  for (const count of [data.readUInt32LE(data.length - 4), countHint]) {
    const at = data.length - 4 - count * 4
    const enough = count > 0 && at >= count * recordBytesMin
    if (enough && data.readUInt32LE(at) === 0) return { at, count }
  }
  return undefined
}

function startOf(data: Buffer, starts: Starts, index: number): number {
  return index < starts.count ? data.readUInt32LE(starts.at + index * 4) : starts.at
}

/** What the records of a block up to and with position `through` hold together, without decoding them. */
export function sumThrough(
  data: Buffer,
  block: { firstSeq: number; count: number; through: number },
): { readings: number; bytes: number } {
  const starts = findStarts(data, block.count)
  const sum = { readings: 0, bytes: 0 }
  if (starts === undefined) return sum
  const records = Math.min(block.through - block.firstSeq + 1, starts.count)
  for (let i = 0; i < records; i++) {
    const at = startOf(data, starts, i)
    if (at + recordBytesMin <= starts.at) sum.readings += data.readUInt32LE(at + readingsAt)
  }
  sum.bytes = startOf(data, starts, records)
  return sum
}
