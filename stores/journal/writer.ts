/**
 * Writes the journal. A group is encoded as it is appended, so that a commit is one INSERT of one blob and one
 * fsync (see docs/decisions/001-journal-blocks.md).
 *
 * After a failed commit nothing of the group is in the journal and its positions are given out again. When
 * the file itself may be at fault, writing goes on in a new segment.
 */

import { Fault } from '../../domain/errors.ts'
import { recordBytesMax } from './block.ts'
import { driverCode } from '../sqlite.ts'
import { isOfTheWorld } from './damage.ts'
import { createGroup } from './group.ts'
import type { JournalWriter } from './journal.ts'
import type { Recovered, Totals } from './recovery.ts'
import { type ChainOptions, createSegmentChain } from './segment-chain.ts'

/** The journal's limit must leave room for full segments beside the live one, which is never dropped. */
const segmentsMin = 4
const probeBytesMax = 1024 * 1024
/** A journal that holds more than this share of its limit does not wait for the archive any more. */
const urgentShare = 3 / 4

export interface WriterOptions extends Omit<ChainOptions, 'urgentBytes'> {
  bytesMax: number
}

/** `unlock` is called last, when the journal is closed. */
export function createWriter(
  options: WriterOptions,
  recovered: Recovered,
  unlock: () => void,
): JournalWriter {
  const { dir, bytesMax, log, archiver } = options
  const segmentBytesMax = Math.min(options.segmentBytesMax, Math.floor(bytesMax / segmentsMin))
  const urgentBytes = bytesMax * urgentShare
  const chain = createSegmentChain(
    { dir, segmentBytesMax, log, ...(archiver && { archiver, urgentBytes }) },
    recovered,
  )
  const group = createGroup()
  let { head, totals } = recovered
  let refused = false
  let failedBytes = 1

  /** Returns the fault of the world that prevented it, if any. */
  function store(): Fault | null {
    const rows = group.rows(head + 1, totals)
    try {
      chain.write(rows, head + 1)
    } catch (error) {
      if (!isOfTheWorld(error)) throw error
      failedBytes = group.bytes
      return unwritable(dir, error)
    }
    head += group.count
    totals = rows.reduce(sumWith, totals)
    return null
  }

  function commit(): Fault | null {
    try {
      return group.count === 0 ? null : store()
    } finally {
      group.clear()
    }
  }

  /** Consumers can be ahead only if the end of the journal was lost: their positions are used up. */
  function skipTo(consumedSeq: number): void {
    if (group.count > 0) return
    log.error({ head, consumedSeq }, 'Consumers are ahead of the journal; its end was lost.')
    chain.begin(consumedSeq + 1)
    head = consumedSeq
  }

  return {
    append(draft) {
      if (chain.bytes + group.bytes + recordBytesMax(draft) > bytesMax) {
        refused = true
        throw new Fault('journal_full', `The journal in ${dir} holds its ${bytesMax} bytes.`)
      }
      group.add(draft, head + group.count + 1)
    },
    get pending() {
      return group.count
    },
    commit(done) {
      const fault = commit()
      done(fault)
      if (fault === null) chain.settle(head + 1)
    },
    get head() {
      return head
    },
    get bytes() {
      return chain.bytes
    },
    probe() {
      try {
        chain.probe(Math.min(failedBytes, probeBytesMax), head + 1)
        return true
      } catch (error) {
        if (!isOfTheWorld(error)) throw error
        log.debug({ error }, 'The journal still cannot be written.')
        return false
      }
    },
    trim(consumedSeq) {
      try {
        if (consumedSeq > head) skipTo(consumedSeq)
        chain.drop(consumedSeq)
        // Full, and all of it consumed: the live segment is sealed early so that it can be dropped.
        if (refused && consumedSeq === head && group.count === 0) {
          chain.begin(head + 1)
          chain.drop(consumedSeq)
        }
        refused = false
        archiver?.expire()
      } catch (error) {
        if (!isOfTheWorld(error)) throw error
        log.warn({ error }, 'Consumed journal segments could not be dropped; it is tried again.')
      }
    },
    close() {
      archiver?.close()
      group.clear()
      chain.close()
      unlock()
    },
  }
}

function sumWith(sum: Totals, row: { count: number; readings: number; bytes: number }): Totals {
  return {
    messages: sum.messages + row.count,
    readings: sum.readings + row.readings,
    bytes: sum.bytes + row.bytes,
  }
}

function unwritable(dir: string, cause: unknown): Fault {
  const what = driverCode(cause) ?? (cause instanceof Error ? cause.message : String(cause))
  return new Fault('journal_unwritable', `The journal in ${dir} cannot be written: ${what}`, {
    cause,
  })
}
