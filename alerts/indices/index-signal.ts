/**
 * Indices of sites as rules watch them: the place where `domain/standards/` is joined to the stream of readings.
 * The state of a site is shared by all rules on it and is never older than the readings taken.
 */

import type { Reading } from '../../domain/reading.ts'
import type { IndexSignal, SignalIndex } from '../../domain/rule.ts'
import type { Site } from '../../domain/site.ts'
import type { Observation } from '../lifecycle/lifecycle.ts'

export interface SiteIndices {
  /** The properties whose readings an index is made from. */
  feeding(index: SignalIndex): readonly string[]
  /**
   * Fetches what is needed of the past of these sites; does nothing when it is in memory. May throw: then it
   * goes on with what it has, and is asked again later.
   */
  prepare(readings: readonly Reading[]): Promise<void>
  /**
   * One reading that feeds a watched index at its site, in the order of the stream, however many rules watch.
   * Readings sent again, late ones, and ones whose flag was revised come as well; only flags 1 and 2 count, and
   * a reading of another flag takes the place of the one with the same identity.
   */
  take(reading: Reading, site: Site): void
  /**
   * What is known of the index of the site since the reading just taken, rising in time; empty when nothing is.
   * Answered for each rule; observations that a rule has seen are ignored, so they may be repeated.
   */
  observe(signal: IndexSignal, site: Site, reading: Reading): readonly Observation[]
}
