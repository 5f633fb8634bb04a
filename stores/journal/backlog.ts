/**
 * What lies behind a position, or between two: a subtraction of the running sums in the rows of two blocks. Only a
 * position in the middle of a block makes it read one block.
 */

import { sumThrough } from './block.ts'
import type { SegmentFile } from './files.ts'
import type { Backlog, Positions } from './journal.ts'
import { indexOfSegment, type OpenSegments } from './open-segments.ts'
import type { BlockMeta } from './segment.ts'
import { damaged } from './segment-reader.ts'

const nothing: Backlog = { messages: 0, readings: 0, bytes: 0 }

interface Journal {
  list: readonly SegmentFile[]
  segments: OpenSegments
}

export function backlogAfter(journal: Journal, seq: number, settled?: Positions): Backlog {
  const newest = lastBlockUpTo(journal, Number.MAX_SAFE_INTEGER)
  if (newest === undefined || seq >= lastSeqOf(newest.block)) return nothing
  const behind = difference(sumsBehind(newest.block), sumsUpTo(journal, seq))
  if (settled === undefined) return behind
  return difference(
    behind,
    difference(sumsUpTo(journal, settled.to), sumsUpTo(journal, settled.from)),
  )
}

function difference(more: Backlog, less: Backlog): Backlog {
  return {
    messages: Math.max(0, more.messages - less.messages),
    readings: Math.max(0, more.readings - less.readings),
    bytes: Math.max(0, more.bytes - less.bytes),
  }
}

/** The last durable position, 0 when there is none. */
export function headOf({ list, segments }: Journal): number {
  const newest = list.at(-1)
  if (newest === undefined) return 0
  const block = segments.open(newest)?.floor(Number.MAX_SAFE_INTEGER)
  return block === undefined || block === damaged ? newest.first - 1 : lastSeqOf(block)
}

function sumsUpTo(journal: Journal, seq: number): Backlog {
  const found = lastBlockUpTo(journal, seq)
  if (found === undefined) return sumsBefore(firstBlock(journal))
  const { block, file } = found
  if (seq >= lastSeqOf(block)) return sumsBehind(block)
  const before = sumsBefore(block)
  const data = journal.segments.open(file)?.data(block.firstSeq)
  if (!Buffer.isBuffer(data)) return before
  const part = sumThrough(data, { firstSeq: block.firstSeq, count: block.count, through: seq })
  return {
    messages: before.messages + seq - block.firstSeq + 1,
    readings: before.readings + part.readings,
    bytes: before.bytes + part.bytes,
  }
}

function lastBlockUpTo(
  { list, segments }: Journal,
  seq: number,
): { file: SegmentFile; block: BlockMeta } | undefined {
  let below = Number.POSITIVE_INFINITY
  for (const [index, file] of [...list.entries()].reverse()) {
    if (index <= indexOfSegment(list, seq)) {
      const block = segments.open(file)?.floor(Math.min(seq, below - 1))
      if (block !== undefined && block !== damaged) return { file, block }
    }
    below = file.first
  }
  return undefined
}

function firstBlock({ list, segments }: Journal): BlockMeta | undefined {
  for (const file of list) {
    const block = segments.open(file)?.first()
    if (block !== undefined && block !== damaged) return block
  }
  return undefined
}

function lastSeqOf(block: BlockMeta): number {
  return block.firstSeq + block.count - 1
}

function sumsBefore(block: BlockMeta | undefined): Backlog {
  if (block === undefined) return nothing
  return {
    messages: block.messagesBefore,
    readings: block.readingsBefore,
    bytes: block.bytesBefore,
  }
}

function sumsBehind(block: BlockMeta): Backlog {
  return {
    messages: block.messagesBefore + block.count,
    readings: block.readingsBefore + block.readings,
    bytes: block.bytesBefore + block.bytes,
  }
}
