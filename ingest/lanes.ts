/**
 * What goes along with a run through the journal: quality tests with their memory, and what is told of devices. While
 * a backlog is drained there are two runs. The backlog goes on with the memory of what came before it, so it is judged as if
 * nothing had happened; live uplinks begin with an empty one, and keep it when the backlog is through.
 */

import type { Log } from '../domain/ports.ts'
import type { QualityControl } from '../quality/contract.ts'
import type { ReadingsWriter } from '../stores/readings/readings.ts'
import { createFlaggedStore, type FlaggedStore } from './flagged-store.ts'
import type { IngestMeters } from './meters.ts'
import { createStatusBook, type StatusBook, type StatusBookOptions } from './status-book.ts'

export interface Lane {
  quality: QualityControl
  status: StatusBook
  store: FlaggedStore
}

export interface Lanes {
  /** For uplinks in order, and for live ones. */
  readonly front: Lane
  /** For the backlog, while there is one. */
  readonly behind: Lane | undefined
  /**
   * Uplinks received from this moment on are settled first; what was in front goes on with the backlog. They begin
   * now, or did so before a restart.
   */
  split(receivedFrom: number, isNew: boolean): void
  /** The backlog is through. */
  join(): void
  /** The stretch did not come about, or is gone: as after a start. */
  begin(): void
}

export interface LaneParts extends StatusBookOptions {
  quality: QualityControl
  readings: ReadingsWriter
  log: Log
  meters: IngestMeters
}

export function createLanes(parts: LaneParts): Lanes {
  let front = createLane(parts, parts.quality)
  let behind: Lane | undefined

  return {
    get front() {
      return front
    },
    get behind() {
      return behind
    },
    split(receivedFrom, isNew) {
      const backlog = front
      backlog.status.told = 'late'
      behind = backlog
      // When the backlog is through, the store holds all of the past.
      const begin = { receivedFrom: () => (behind === backlog ? receivedFrom : 0), isNew }
      front = createLane(parts, parts.quality.beside(begin))
    },
    join() {
      if (behind !== undefined) succeed(front, behind)
      behind = undefined
    },
    begin() {
      const before = [front, ...(behind === undefined ? [] : [behind])]
      front = createLane(parts, parts.quality.beside({ receivedFrom: () => 0, isNew: false }))
      behind = undefined
      for (const lane of before) succeed(front, lane)
    },
  }
}

/** Takes over what is not written yet; the memory of the tests is given back. */
function succeed(lane: Lane, ended: Lane): void {
  lane.status.takeOver(ended.status)
  ended.quality.reset()
}

function createLane(parts: LaneParts, quality: QualityControl): Lane {
  return {
    quality,
    status: createStatusBook(parts),
    store: createFlaggedStore({ ...parts, quality }),
  }
}
