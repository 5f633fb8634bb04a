/**
 * Reads the journal in another thread or process than the writer's. It learns of new and dropped segments by
 * listing the folder, keeps at most a few files open, and holds no lock between calls.
 *
 * What is broken is told once to `onDamage` and left out; everything else is delivered. While the newest
 * segment cannot be read at all, calls throw `Fault` `store_unavailable`: the writer will begin another one.
 */

import { Fault } from '../../domain/errors.ts'
import type { Uplink } from '../../domain/uplink.ts'
import { backlogAfter, headOf } from './backlog.ts'
import { decodeBlock } from './block.ts'
import { createDamageReport, rangesOf } from './damage-report.ts'
import type { SegmentFile } from './files.ts'
import type { JournalDamage, JournalReader } from './journal.ts'
import { createOpenSegments, indexOfSegment, type OpenSegments } from './open-segments.ts'
import { type BlockRow, isSoundBlock } from './segment.ts'
import { damaged, type Span } from './segment-reader.ts'

export interface ReaderOptions {
  dir: string
  onDamage: (damage: JournalDamage) => void
}

/** One answer holds blocks of about this much at most, so that huge payloads do not add up. */
const answerBytesMax = 16 * 1024 * 1024

export function createReader(options: ReaderOptions): JournalReader {
  const segments = createOpenSegments(options.dir)
  const report = createDamageReport(options.onDamage)
  return {
    read: (seq, limit) =>
      segments.attempt((list) => readAfter({ list, segments, report }, seq, limit)),
    backlog: (seq, settled) =>
      segments.attempt((list) => backlogAfter({ list, segments }, seq, settled)),
    head: () => segments.attempt((list) => headOf({ list, segments })),
    tail: () => segments.attempt((list) => list[0]?.first ?? 1),
    close: () => segments.close(),
  }
}

interface Journal {
  /** Older than what is then read: a segment with a successor in it is complete. */
  list: readonly SegmentFile[]
  segments: OpenSegments
  report: (damage: JournalDamage) => void
}

/** Goes from block to block, and over what is broken, until there is enough or nothing more. */
function readAfter(journal: Journal, seq: number, limit: number): Uplink[] {
  const { list, segments } = journal
  const uplinks: Uplink[] = []
  let next = Math.max(seq + 1, list[0]?.first ?? 1)
  let bytes = 0
  const most = Math.max(1, limit)
  while (uplinks.length < most && bytes < answerBytesMax) {
    const index = indexOfSegment(list, next)
    const file = list[index]
    if (file === undefined) break
    const end = list[index + 1]?.first ?? Number.POSITIVE_INFINITY
    const span = { next, end, limit: most - uplinks.length, bytes: answerBytesMax - bytes }
    const blocks = segments.open(file)?.blocks(span) ?? []
    let taken = takeBlocks({ blocks, span, report: journal.report }, uplinks)
    if (isStuck(taken, span) && end !== Number.POSITIVE_INFINITY) {
      const found = segments.salvage(file).blocks(span)
      taken = takeBlocks({ blocks: found, span, report: journal.report }, uplinks)
    }
    if (taken.full) break
    // Where all is broken reading goes on: an empty answer would say that there is nothing more.
    bytes = uplinks.length === 0 ? 0 : bytes + taken.bytes
    if (isStuck(taken, span)) {
      const resume = skipBroken(journal, file, { span, seen: blocks.length > 0 })
      if (resume === damaged && uplinks.length === 0) throw unreadable(file, next)
      if (resume === damaged || resume === undefined) break
      next = resume
    } else next = taken.next
  }
  return uplinks
}

interface Blocks {
  blocks: readonly BlockRow[]
  span: Span
  report: (damage: JournalDamage) => void
}

/**
 * Decodes a run of blocks up to the first that does not follow on. Whole blocks while they fit, so that
 * consumers stop between blocks; a block that alone is more than the limit is cut.
 */
function takeBlocks({ blocks, span, report }: Blocks, uplinks: Uplink[]) {
  const most = uplinks.length + span.limit
  const taken = { next: span.next, bytes: 0, full: false }
  for (const [index, row] of blocks.entries()) {
    if (index > 0 && row.firstSeq !== taken.next) break
    taken.full = uplinks.length > 0 && uplinks.length + row.firstSeq + row.count - taken.next > most
    if (taken.full || !Buffer.isBuffer(row.data)) break
    const decoded = decodeBlock(
      row.data,
      {
        firstSeq: row.firstSeq,
        from: taken.next,
        below: Math.min(span.end, taken.next + most - uplinks.length),
        trusted: isSoundBlock(row),
        countHint: row.count,
      },
      uplinks,
    )
    for (const range of rangesOf(decoded.broken)) {
      report({ ...range, reason: 'the checksum of the record is wrong' })
    }
    if (decoded.end <= taken.next) break
    taken.next = decoded.end
    taken.bytes += row.data.length
  }
  return taken
}

function isStuck(taken: { next: number; full: boolean }, span: Span): boolean {
  return taken.next === span.next && !taken.full
}

/**
 * Where reading goes on when nothing can be read at `next`: the same place when a block has just appeared
 * there, undefined when nothing is behind it yet.
 */
function skipBroken(
  { segments, report }: Journal,
  file: SegmentFile,
  { span, seen }: { span: Span; seen: boolean },
): number | undefined | typeof damaged {
  const { next, end } = span
  const reader = segments.open(file)
  const found = reader === undefined ? damaged : reader.firstAfter(next, end)
  if (end === Number.POSITIVE_INFINITY && (found === damaged || found === undefined)) return found
  if (!seen && reader !== undefined && reader.blocks(span).length > 0) return next
  segments.confirm(file)
  const sealed = end !== Number.POSITIVE_INFINITY
  const whole = sealed ? segments.salvage(file).firstAfter(next) : undefined
  const resume = Math.min(end, whole ?? end, typeof found === 'number' ? found : end)
  report({ from: next, to: resume - 1, reason: `${file.path} is broken or incomplete here` })
  return resume
}

function unreadable(file: SegmentFile, next: number): Fault {
  return new Fault('store_unavailable', `${file.path} cannot be read from position ${next} on`)
}
