/**
 * The open group: the uplinks that the next commit makes durable. Nearly always one block; a group that is
 * larger than a block may be is cut into several.
 */

import type { UplinkDraft } from '../../domain/uplink.ts'
import { createBlockBuilder, recordBytesMax } from './block.ts'
import type { Totals } from './recovery.ts'
import { type BlockRow, sealBlock } from './segment.ts'

/** Readers hold a block in memory as a whole. */
const blockBytesMax = 8 * 1024 * 1024

interface FullBlock {
  count: number
  readings: number
  bytes: number
  data: Buffer
}

export interface Group {
  /** Copies the uplink; `seq` is the position it will have. */
  add(draft: UplinkDraft, seq: number): void
  readonly count: number
  readonly bytes: number
  /** The group as rows behind `totals` and position `firstSeq`, valid until `clear` or `add`. */
  rows(firstSeq: number, totals: Totals): BlockRow[]
  clear(): void
}

export function createGroup(): Group {
  const open = createBlockBuilder()
  const full: FullBlock[] = []
  let fullBytes = 0
  let count = 0

  function openBlock(): FullBlock {
    const { count: records, readings, bytes } = open
    return { count: records, readings, bytes, data: open.finish() }
  }

  function cut(): void {
    const block = openBlock()
    full.push({ ...block, data: Buffer.from(block.data) })
    fullBytes += block.data.length
    open.clear()
  }

  return {
    add(draft, seq) {
      if (open.count > 0 && open.bytes + recordBytesMax(draft) > blockBytesMax) cut()
      open.add(draft, seq)
      count++
    },
    get count() {
      return count
    },
    get bytes() {
      return fullBytes + open.bytes
    },
    rows(firstSeq, totals) {
      const rows: BlockRow[] = []
      let next = firstSeq
      let before = totals
      for (const block of open.count > 0 ? [...full, openBlock()] : full) {
        const { data, ...sums } = block
        const { messages: messagesBefore, readings: readingsBefore, bytes: bytesBefore } = before
        const meta = { firstSeq: next, ...sums, messagesBefore, readingsBefore, bytesBefore }
        rows.push(sealBlock(meta, data))
        next += block.count
        before = {
          messages: messagesBefore + block.count,
          readings: readingsBefore + block.readings,
          bytes: bytesBefore + block.bytes,
        }
      }
      return rows
    },
    clear() {
      open.clear()
      full.length = 0
      fullBytes = 0
      count = 0
    },
  }
}
