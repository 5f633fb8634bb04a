/**
 * An archive file is a row of frames; a frame is a block of the journal (`block.ts`), compressed. Each can be read
 * without the others, so a broken byte costs one frame, and its head tells what is in it without unpacking.
 *
 *     "BWA1" | packed bytes u32 | unpacked bytes u32 | crc u32 | first f64 | last f64 | oldest f64 | newest f64 | packed
 *
 * All little-endian. `crc` is the CRC-32 of everything but the first word and itself.
 */

import { promisify } from 'node:util'
import { brotliCompress, brotliDecompress, constants, crc32 } from 'node:zlib'

const compress = promisify(brotliCompress)
const decompress = promisify(brotliDecompress)
/** Measured on telemetry: 0.5 µs an uplink at a fifth of its size; better than deflate at both, on any Node. */
const quality = 2

export const frameMagic = Buffer.from('BWA1')
export const frameHeadBytes = 48
const packedBytesAt = 4
const unpackedBytesAt = 8
const crcAt = 12
const numbersAt = 16
/** Blocks hold 16 MiB and one payload; what claims more is no frame. */
const frameBytesMax = 256 * 1024 * 1024

export interface FrameAbout {
  /** Positions of the first and the last uplink; all between are there. */
  first: number
  last: number
  /** Least and greatest `receivedAt`, milliseconds since 1970 UTC. */
  oldest: number
  newest: number
}

export interface FrameHead extends FrameAbout {
  packedBytes: number
  unpackedBytes: number
  crc: number
  /** Of the numbers in the head; `crc` goes on over the packed bytes. */
  headCrc: number
}

/** Compresses in a thread of the pool. */
export async function packFrame(block: Buffer, about: FrameAbout): Promise<Buffer> {
  const packed = await compress(block, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      [constants.BROTLI_PARAM_SIZE_HINT]: block.length,
    },
  })
  const frame = Buffer.allocUnsafe(frameHeadBytes + packed.length)
  frameMagic.copy(frame)
  frame.writeUInt32LE(packed.length, packedBytesAt)
  frame.writeUInt32LE(block.length, unpackedBytesAt)
  const { first, last, oldest, newest } = about
  for (const [i, number] of [first, last, oldest, newest].entries()) {
    frame.writeDoubleLE(number, numbersAt + i * 8)
  }
  packed.copy(frame, frameHeadBytes)
  frame.writeUInt32LE(crc32(packed, headCrc(frame)), crcAt)
  return frame
}

/** Undefined when these bytes begin no frame; whether they do for sure is only known with the packed bytes. */
export function readHead(bytes: Buffer): FrameHead | undefined {
  if (bytes.length < frameHeadBytes || bytes.compare(frameMagic, 0, 4, 0, 4) !== 0) return undefined
  const number = (i: number) => bytes.readDoubleLE(numbersAt + i * 8)
  const head: FrameHead = {
    packedBytes: bytes.readUInt32LE(packedBytesAt),
    unpackedBytes: bytes.readUInt32LE(unpackedBytesAt),
    crc: bytes.readUInt32LE(crcAt),
    headCrc: headCrc(bytes),
    first: number(0),
    last: number(1),
    oldest: number(2),
    newest: number(3),
  }
  const isSane = head.packedBytes <= frameBytesMax && head.unpackedBytes <= frameBytesMax
  return isSane && head.first <= head.last ? head : undefined
}

export function isSoundFrame(head: FrameHead, packed: Buffer): boolean {
  return packed.length === head.packedBytes && crc32(packed, head.headCrc) === head.crc
}

/** The block. Throws for bytes that were not packed by `packFrame`. */
export function unpackFrame(head: FrameHead, packed: Buffer): Promise<Buffer> {
  return decompress(packed, { maxOutputLength: head.unpackedBytes })
}

function headCrc(frame: Buffer): number {
  const sizes = crc32(frame.subarray(packedBytesAt, crcAt))
  return crc32(frame.subarray(numbersAt, frameHeadBytes), sizes)
}
