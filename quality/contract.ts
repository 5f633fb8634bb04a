/**
 * Quality control of a stream of readings, as ingest and alerts both run it (decision 004): the same pure tests on
 * the same stream, so a reading that is suspect for one is suspect for the other.
 */

import type { Reading } from '../domain/reading.ts'

export interface Checked {
  /** The readings as given, in the same order, each with its flag and the outcomes of its tests. */
  readings: readonly Reading[]
  /**
   * Earlier readings whose flag changed by what came after them (the spike test needs both neighbours). They may be
   * readings of the same call; they stand after `readings`.
   */
  revised: readonly Reading[]
}

export interface QualityControl {
  /** Fetches what `check` needs of the past of these series; does nothing when it is in memory. */
  prepare(readings: readonly Reading[]): Promise<void>
  /** Judges readings in the order of the stream. A reading seen lately is answered as the first time. */
  check(readings: readonly Reading[]): Checked
  /** Forgets all; for when what was checked could not be stored and will come again. */
  reset(): void
  /** A second one, for a part of the stream that is judged before what lies behind it. */
  beside(begin: StreamBegin): QualityControl
}

export interface StreamBegin {
  /**
   * What was received before this moment (milliseconds since 1970 UTC) is no past of the part, because what followed
   * on it is not there yet; 0 when all is there. Asked each time.
   */
  receivedFrom(): number
  /** The part begins now: until `reset`, nothing of it can be learned from the store. */
  isNew: boolean
}
