/**
 * Reads the archive: its files in the order of positions, frame by frame, so that memory is bounded by one frame. What
 * is broken is told and left out; reading goes on with the next frame that is whole.
 */

import { type FileHandle, open } from 'node:fs/promises'
import type { Uplink } from '../../../domain/uplink.ts'
import { decodeBlock } from '../block.ts'
import { isMissing } from '../damage.ts'
import type { JournalDamage } from '../journal.ts'
import { type ArchiveFile, listArchive } from './archive-files.ts'
import {
  type FrameHead,
  frameHeadBytes,
  frameMagic,
  isSoundFrame,
  readHead,
  unpackFrame,
} from './frame.ts'

/** Bytes that are searched at once for the next frame behind a broken one. */
const searchBytes = 1024 * 1024

export interface ArchiveReading {
  dir: string
  /** Only uplinks behind this position. */
  after: number
  onDamage(damage: JournalDamage): void
  /** Frames for which this says false are passed over without being unpacked. */
  isWanted?(head: Pick<FrameHead, 'oldest' | 'newest'>): boolean
}

/** Positions `first` to `last` were there; `uplinks` is empty when they were not wanted. */
export interface ArchivePage {
  first: number
  last: number
  uplinks: readonly Uplink[]
}

/** Pages with rising positions. A file that is removed meanwhile is missing without notice. */
export async function* readArchive(reading: ArchiveReading): AsyncGenerator<ArchivePage> {
  let after = reading.after
  for (const file of listArchive(reading.dir)) {
    if (file.last <= after) continue
    for await (const page of readFile(file, { ...reading, after })) {
      yield page
      after = page.last
    }
  }
}

async function* readFile(file: ArchiveFile, reading: ArchiveReading): AsyncGenerator<ArchivePage> {
  const handle = await openOrGone(file.path)
  if (handle === null) return
  let seen = Math.max(reading.after, file.first - 1)
  try {
    for (let at = 0; at < file.bytes; ) {
      const frame = await frameAt(handle, at)
      if (frame === null) {
        const next = await nextFrame(handle, at + 1)
        const to = next === null ? file.last : next.head.first - 1
        const reason = `${file.path} is broken here`
        if (to > seen) reading.onDamage({ from: seen + 1, to, reason })
        at = next?.at ?? file.bytes
        continue
      }
      const { head, packed } = frame
      at += frameHeadBytes + head.packedBytes
      if (head.last <= seen) continue
      const isWanted = reading.isWanted?.(head) ?? true
      const uplinks = isWanted ? await uplinksOf(head, packed, seen) : []
      yield { first: Math.max(head.first, seen + 1), last: head.last, uplinks }
      seen = head.last
    }
  } finally {
    await handle.close()
  }
}

async function openOrGone(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

interface Frame {
  head: FrameHead
  packed: Buffer
}

/** Null when there is no whole frame there. */
async function frameAt(handle: FileHandle, at: number): Promise<Frame | null> {
  const head = readHead(await bytesAt(handle, at, frameHeadBytes))
  if (head === undefined) return null
  const packed = await bytesAt(handle, at + frameHeadBytes, head.packedBytes)
  return isSoundFrame(head, packed) ? { head, packed } : null
}

async function bytesAt(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  const { bytesRead } = await handle.read(buffer, 0, length, at)
  return buffer.subarray(0, bytesRead)
}

/** The first whole frame at or behind `from`. */
async function nextFrame(
  handle: FileHandle,
  from: number,
): Promise<{ at: number; head: FrameHead } | null> {
  for (let start = from; ; start += searchBytes) {
    const bytes = await bytesAt(handle, start, searchBytes + frameMagic.length - 1)
    for (let at = bytes.indexOf(frameMagic); at >= 0; at = bytes.indexOf(frameMagic, at + 1)) {
      const frame = await frameAt(handle, start + at)
      if (frame !== null) return { at: start + at, head: frame.head }
    }
    if (bytes.length < searchBytes) return null
  }
}

async function uplinksOf(head: FrameHead, packed: Buffer, after: number): Promise<Uplink[]> {
  const uplinks: Uplink[] = []
  decodeBlock(
    await unpackFrame(head, packed),
    {
      firstSeq: head.first,
      from: after + 1,
      below: head.last + 1,
      trusted: true,
      countHint: head.last - head.first + 1,
    },
    uplinks,
  )
  return uplinks
}
