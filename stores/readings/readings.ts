/**
 * The readings store: time series by device and property.
 *
 * - One writer (ingest), any number of readers in other threads or processes.
 * - A reading is identified by device, property and `observedAt`; writing it again replaces it.
 * - The store knows how far it is: the position in the journal and the counts move together with the
 *   readings, so that after a crash no reading is lost, doubled or counted twice.
 */

import type { CivilPeriod } from '../../domain/calendar.ts'
import type { Aggregate, AggregateFn, Quality, Reading, SeriesKey } from '../../domain/reading.ts'

/** Positions of the journal after `from` up to `to`. */
export interface Stretch {
  from: number
  to: number
}

/** Totals since the store was made, in readings; `seq` is the journal position they stand for. */
export interface Progress {
  seq: number
  /**
   * What is settled beyond `seq`: after the store was away the newest uplinks are settled first, and what lies
   * between is drained meanwhile.
   */
  ahead?: Stretch
  received: number
  stored: number
  duplicate: number
  quarantined: number
}

export interface Advance {
  seq: number
  /** Takes the place of the one before; absent when nothing is settled beyond `seq`. */
  ahead?: Stretch
  /**
   * The batch is settled behind others that were received later: a reading of it replaces none that was received
   * later than itself, and counts as duplicate then.
   */
  late?: true
  /** Readings of this batch that quarantine took. */
  quarantined: number
  /** Flags that change in the same transaction, after the batch; see `revise`. */
  revised?: readonly Reading[]
}

export interface WriteResult {
  /** Readings with an identity not known before. */
  stored: number
  /** Readings whose identity was known (their value was replaced if it differs). */
  duplicate: number
}

/** A reading that a database does not take, whatever we do. */
export interface RefusedReading {
  reading: Reading
  reason: string
  /** Set aside: it may be good, was refused together with others, and should be tried again later. */
  isUnsure: boolean
}

export interface ReadingsWriter {
  progress(): Progress | Promise<Progress>
  /**
   * Stores the batch and moves the progress, both or neither. Without `advance` (a retry from quarantine)
   * the position stays and the readings count as received.
   * Throws when the store cannot be reached: nothing has happened then, try again later.
   */
  write(batch: readonly Reading[], advance?: Advance): WriteResult | Promise<WriteResult>
  /**
   * Replaces flag and test outcomes of stored readings; counts nothing. A reading that is not stored, or stands with
   * another value or `receivedAt` by now, is passed over. Returns how many changed.
   */
  revise(batch: readonly Reading[]): number | Promise<number>
  /** Takes over position and counts of the store that all readings were copied from. */
  adopt(progress: Progress): void | Promise<void>
  /** Bounded housekeeping (compaction, retention); called between batches. Returns true when more is due. */
  tidy(now: number): boolean | Promise<boolean>
  close(): void | Promise<void>
}

/** Half-open interval in observed time, milliseconds since 1970 UTC. */
export interface Interval {
  from: number
  to: number
}

export interface RangeQuery extends Interval {
  series: readonly SeriesKey[]
  /** Keep only these flags; absent means all. */
  quality?: readonly Quality[]
  /** False: outcomes of tests need not come along, which costs some stores less. */
  tests?: boolean
  /** Continue after this reading (exclusive). */
  after?: SeriesKey & { observedAt: number }
}

/**
 * How readings are taken together follows from what kind of quantity the catalogue says they are: amounts of an interval
 * and counters belong to windows open at their start and closed at their end, `from` and `to` of the query likewise;
 * levels are averaged as energy; `increase`, and `sum` of a counter, is what it grew by, from the reading before on.
 */
export interface AggregateQuery extends Interval {
  series: readonly SeriesKey[]
  everyMs: number
  /** Windows start at multiples of `everyMs` from this moment (default 1970-01-01T00:00Z). */
  originMs?: number
  /** Windows are these periods, about as long as `everyMs`. A day of a change of clocks has 23 or 25 hours. */
  civil?: CivilPeriod
  fn: AggregateFn
  /** Directions in degrees: `mean` is the direction of the mean vector. */
  vector?: (property: string) => boolean
  /** Default: flags 1 and 2. Readings without a value never count. */
  quality?: readonly Quality[]
}

/** A position in the stream of stored readings, for followers. Opaque, JSON-safe. */
export type FeedPosition = number

export interface ReadingsReader {
  /** Every series that has readings. */
  series(): readonly SeriesKey[] | Promise<readonly SeriesKey[]>
  /** The newest reading (by `observedAt`) of every series, in pages. */
  latest(): AsyncIterable<readonly Reading[]> | Iterable<readonly Reading[]>
  /**
   * Raw readings, series by series in the order asked, each rising in time, in bounded pages. A page may
   * be empty: it is then only a place to see to others before going on.
   */
  range(query: RangeQuery): AsyncIterable<readonly Reading[]> | Iterable<readonly Reading[]>
  /** Windows that hold at least one counted reading, series by series, rising in time, in pages as `range`. */
  aggregate(
    query: AggregateQuery,
  ): AsyncIterable<readonly Aggregate[]> | Iterable<readonly Aggregate[]>
  /** The position from which `since` will tell what is stored from now on. */
  position(): FeedPosition | Promise<FeedPosition>
  /**
   * Readings stored or revised after `position`, in the order that happened (a revised one as it is now); a
   * bounded number, so call again from the new position until none come. `gap` is true when some were folded away meanwhile: then none are told, the
   * new position is the present one, and the follower should read `latest()` again.
   */
  since(
    position: FeedPosition,
  ):
    | { readings: readonly Reading[]; position: FeedPosition; gap: boolean }
    | Promise<{ readings: readonly Reading[]; position: FeedPosition; gap: boolean }>
  progress(): Progress | Promise<Progress>
  close(): void | Promise<void>
}
