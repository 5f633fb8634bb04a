/**
 * Looks at the end of a write-ahead log before SQLite does. SQLite takes it up to the first frame whose
 * checksum is wrong and forgets the rest: right for what a power cut tore, silent when a broken bit hides
 * commits that were acknowledged. Whole transactions behind the end that SQLite found tell the two apart.
 *
 * Format: sqlite.org/fileformat2.html section 4, the WAL file.
 */

import { readFileSync } from 'node:fs'

const headerBytes = 32
const frameHeaderBytes = 24
const commitAt = 4
const frameSaltAt = 8
const headerSaltAt = 16
const headerSumAt = 24

/** For each frame of the log's newest generation, whether a transaction ended with it. */
export function readCommits(path: string, pageBytes: number): boolean[] {
  const log = readLog(path)
  const frameBytes = frameHeaderBytes + pageBytes
  const commits: boolean[] = []
  // A broken header can not say which generation is the newest; the first frame can.
  const saltAt = headerIsSound(log) ? headerSaltAt : headerBytes + frameSaltAt
  for (let at = headerBytes; at + frameBytes <= log.length; at += frameBytes) {
    commits.push(isOfGeneration(log, saltAt, at) && log.readUInt32BE(at + commitAt) !== 0)
  }
  return commits
}

/** Of the two salts the first counts generations and the second is random: one that is equal is enough. */
function isOfGeneration(log: Buffer, saltAt: number, frameAt: number): boolean {
  const own = frameAt + frameSaltAt
  return (
    log.readUInt32BE(saltAt) === log.readUInt32BE(own) ||
    log.readUInt32BE(saltAt + 4) === log.readUInt32BE(own + 4)
  )
}

/** How many frames hold whole transactions behind the `valid` ones that SQLite has taken. */
export function framesLost(commits: readonly boolean[], valid: number): number {
  return Math.max(0, commits.lastIndexOf(true) + 1 - valid)
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

function headerIsSound(log: Buffer): boolean {
  if (log.length < headerBytes) return false
  const bigEndian = (log.readUInt32BE(0) & 1) === 1
  let a = 0
  let b = 0
  for (let at = 0; at < headerSumAt; at += 8) {
    a = (a + (bigEndian ? log.readUInt32BE(at) : log.readUInt32LE(at)) + b) >>> 0
    b = (b + (bigEndian ? log.readUInt32BE(at + 4) : log.readUInt32LE(at + 4)) + a) >>> 0
  }
  return a === log.readUInt32BE(headerSumAt) && b === log.readUInt32BE(headerSumAt + 4)
}
