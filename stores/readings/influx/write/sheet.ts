/**
 * A batch as it will be sent: one slot for each identity, in the order in which they came, each as it stood last. The
 * slots are the entries at the end of the log in memory, from `start` on.
 */

import type { Reading } from '../../../../domain/reading.ts'
import type { Place } from './place.ts'
import type { Series } from '../file/series-register.ts'

/**
 * `fresh`: its row is surely new. `whole`: the row may exist, so everything is written. `flags`: value and time of
 * receipt stand already.
 */
export type SlotKind = 'fresh' | 'whole' | 'flags'

/** An identity that InfluxDB has to be asked about. */
export interface Question {
  series: Series
  reading: Reading
  /**
   * `identity`: is it stored? `place`: the point of this slot is, but under which tags? `revision`: as what does it
   * stand?
   */
  about: 'identity' | 'place' | 'revision'
  slot: number
}

export interface Sheet {
  late: boolean
  /** Ordinal in the log of the first slot. */
  start: number
  /** By slot. */
  readings: Reading[]
  series: Series[]
  kinds: SlotKind[]
  places: Place[]
  /** Tags of slots that stand under others than those of their device now. */
  oldPlaces: Map<number, Place>
  /** Series that are not in the file yet. */
  added: Series[]
  questions: Question[]
  stored: number
  /** Of these, what InfluxDB would drop at once and is not sent. */
  aged: number
  duplicate: number
  revised: number
  /** Identities that InfluxDB was asked about and that count as new. */
  foundNew: Question[]
}

export function emptySheet(start: number, late: boolean): Sheet {
  return {
    late,
    start,
    readings: [],
    series: [],
    kinds: [],
    places: [],
    oldPlaces: new Map(),
    added: [],
    questions: [],
    stored: 0,
    aged: 0,
    duplicate: 0,
    revised: 0,
    foundNew: [],
  }
}

/** Names an identity in maps. */
export function identityText(device: string, property: string, observedAt: number): string {
  return `${observedAt} ${property} ${device}`
}
