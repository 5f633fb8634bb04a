/**
 * Looks at the end of a write-ahead log before SQLite does. SQLite takes it up to the first frame whose
 * checksum is wrong and forgets the rest: right for what a power cut tore, silent when a broken bit hides
 * commits that were acknowledged. Whole transactions behind a frame that is broken tell the two apart.
 *
 * A transaction behind the end that SQLite found, with nothing broken before it, is another thing: the writer
 * was killed in its fsync, before it could say so to the readers that live on. It was never acknowledged.
 *
 * Format: sqlite.org/fileformat2.html section 4, the WAL file.
 */

import { readFileSync } from 'node:fs'

const headerBytes = 32
const frameHeaderBytes = 24
const commitAt = 4
const frameSaltAt = 8
const frameSumAt = 16
const headerSaltAt = 16
const headerSumAt = 24

export interface WalTail {
  /** For each frame of the log's newest generation, whether a transaction ended with it. */
  commits: boolean[]
  /** How many frames from the first on have the checksum they should have. */
  sound: number
}

export function readTail(path: string, pageBytes: number): WalTail {
  const log = readLog(path)
  const frameBytes = frameHeaderBytes + pageBytes
  const commits: boolean[] = []
  // A broken header cannot say which generation is the newest; the first frame can.
  const header = soundHeader(log)
  const saltAt = header !== null ? headerSaltAt : headerBytes + frameSaltAt
  let sum = header
  let sound = 0
  for (let at = headerBytes; at + frameBytes <= log.length; at += frameBytes) {
    const current = isOfGeneration(log, saltAt, at)
    commits.push(current && log.readUInt32BE(at + commitAt) !== 0)
    sum = sum === null ? null : frameSum(log, { at, frameBytes, before: sum })
    if (sum !== null) sound++
  }
  return { commits, sound }
}

/** Of the two salts the first counts generations and the second is random: one that is equal is enough. */
function isOfGeneration(log: Buffer, saltAt: number, frameAt: number): boolean {
  const own = frameAt + frameSaltAt
  return (
    log.readUInt32BE(saltAt) === log.readUInt32BE(own) ||
    log.readUInt32BE(saltAt + 4) === log.readUInt32BE(own + 4)
  )
}

/** How many frames hold whole transactions that something broken hides from SQLite, which took `valid`. */
export function framesLost({ commits, sound }: WalTail, valid: number): number {
  return Math.max(0, commits.lastIndexOf(true) + 1 - Math.max(valid, sound))
}

function readLog(path: string): Buffer {
  try {
    return readFileSync(`${path}-wal`)
  } catch (error) {
    // A journal that was closed in order has no log.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0)
    throw error
  }
}

/** The running checksum: two 32-bit words. */
type Sum = readonly [number, number]

/** Both words of the log are in the byte order that the last bit of its magic number names. */
function addTo([a0, b0]: Sum, log: Buffer, { from, to }: { from: number; to: number }): Sum {
  const bigEndian = (log.readUInt32BE(0) & 1) === 1
  let a = a0
  let b = b0
  for (let at = from; at < to; at += 8) {
    a = (a + (bigEndian ? log.readUInt32BE(at) : log.readUInt32LE(at)) + b) >>> 0
    b = (b + (bigEndian ? log.readUInt32BE(at + 4) : log.readUInt32LE(at + 4)) + a) >>> 0
  }
  return [a, b]
}

function isStored(sum: Sum, log: Buffer, at: number): boolean {
  return sum[0] === log.readUInt32BE(at) && sum[1] === log.readUInt32BE(at + 4)
}

/** The checksum the frames go on from; null when the header is broken. */
function soundHeader(log: Buffer): Sum | null {
  if (log.length < headerBytes) return null
  const sum = addTo([0, 0], log, { from: 0, to: headerSumAt })
  return isStored(sum, log, headerSumAt) ? sum : null
}

/**
 * Over the first eight bytes of the frame's header and its page; null when it is not what the frame says.
 * The salts are not part of it: SQLite demands that they are those of the log.
 */
function frameSum(log: Buffer, frame: { at: number; frameBytes: number; before: Sum }): Sum | null {
  const { at, frameBytes, before } = frame
  if (log.compare(log, headerSaltAt, headerSumAt, at + frameSaltAt, at + frameSumAt) !== 0)
    return null
  const head = addTo(before, log, { from: at, to: at + frameSaltAt })
  const sum = addTo(head, log, { from: at + frameHeaderBytes, to: at + frameBytes })
  return isStored(sum, log, at + frameSumAt) ? sum : null
}
