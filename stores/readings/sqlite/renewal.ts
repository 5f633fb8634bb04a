/**
 * Renewal: roll-ups that an earlier version wrote in another form are made anew, a bounded step at a time. Until then
 * readers unpack the points instead, so an answer is right from the first moment, only slower.
 */

import { quantityOf } from '../../../domain/catalogue.ts'
import type { SqliteDatabase } from '../../sqlite.ts'
import { type ChunkTable, decode } from './chunk-table.ts'
import type { Mirror } from './mirror.ts'
import { formOf, headBytes, rollUpForms } from './roll-up-codec.ts'

/** Grows when roll-ups of a quantity change. */
const formsVersion = 1
/** What one step looks at, and makes anew. */
const seriesLooked = 256
const chunksLooked = 1_024
const chunksMade = 64

export interface Renewal {
  /** One step inside the caller's transaction. Returns true when more is due. */
  step(): boolean
  /** Forgets where it was. */
  clear(): void
}

interface Row {
  start: number
  /** Null when there is no roll-up. */
  byHour: Uint8Array | null
  byFiveMinutes: Uint8Array | null
}

export function createRenewal(
  db: SqliteDatabase,
  { series }: Pick<Mirror, 'series'>,
  chunks: ChunkTable,
): Renewal {
  const version = db.prepare<[], number>('select roll_up_forms from state where id = 1').pluck()
  const setVersion = db.prepare<[number]>('update state set roll_up_forms = ? where id = 1')
  const rows = db.prepare<[number, number, number], Row>(`
    select start, substr(by_hour, 1, ${headBytes}) as byHour,
      substr(by_5min, 1, ${headBytes}) as byFiveMinutes
    from chunk where series = ? and start > ? order by start limit ?`)
  const first = { id: 1, after: Number.NEGATIVE_INFINITY }
  let place = first
  let isDone = false

  /** Returns true when the series is through. */
  function renew(id: number, form: number): boolean {
    const looked = rows.all(id, place.after, chunksLooked)
    let made = 0
    for (const { start, ...rolled } of looked) {
      if (made === chunksMade) return false
      place = { id, after: start }
      if (!Object.values(rolled).some((bytes) => bytes !== null && formOf(bytes) !== form)) continue
      const chunk = chunks.covering(id, start)
      if (chunk !== undefined) chunks.put(id, decode(chunk), false)
      made++
    }
    return looked.length < chunksLooked
  }

  return {
    step() {
      if (isDone) return false
      for (let left = seriesLooked; left > 0; left--) {
        if (version.get() === formsVersion || place.id > series.last) {
          setVersion.run(formsVersion)
          isDone = true
          return false
        }
        const form = rollUpForms[quantityOf(series.keyOf(place.id)?.property ?? '')]
        // Nothing has changed for these.
        const isThrough = form === rollUpForms.instant || renew(place.id, form)
        if (!isThrough) return true
        place = { ...first, id: place.id + 1 }
      }
      return true
    },
    clear() {
      place = first
      isDone = false
    },
  }
}
