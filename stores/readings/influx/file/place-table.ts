/**
 * Tags of devices, and what is to be written again because of them, in `influx.db`. A row that was written before
 * placements were kept is `earlier` (1) until what the registry says by then was taken over; one whose points the registry
 * is just learning from, until it has (2).
 */

import type { SqliteDatabase } from '../../../sqlite.ts'
import { influxTimes } from '../layout.ts'
import {
  always,
  makePlace,
  type Place,
  type Retag,
  type SiteTags,
  type TagsInTime,
} from '../write/place.ts'

interface PlaceRow extends SiteTags {
  device: string
  moved: number | null
  /** JSON of the tags in time when there is more than one. */
  history: string | null
}

export function preparePlaceTable(db: SqliteDatabase) {
  const select = db.prepare<[], PlaceRow>(
    'select device, site, district, moved, history from place',
  )
  const upsert = db.prepare<PlaceRow>(`
    insert into place (device, site, district, moved, history)
    values (@device, @site, @district, @moved, @history)
    on conflict (device) do update
    set site = @site, district = @district, moved = @moved, history = @history, earlier = null`)
  const selectEarlier = db.prepare<[], { device: string; earlier: number }>(
    'select device, earlier from place where earlier is not null',
  )
  const setTold = db.prepare<[string]>('update place set earlier = 2 where device = ?')
  const unsetTold = db.prepare('update place set earlier = null where earlier = 2')
  const insertRetag = db.prepare<[string, number, number]>(
    'insert into retag (device, since, until) values (?, ?, ?)',
  )
  const selectRetag = db.prepare<[], Retag>(
    'select id, device, since as "from", until from retag order by id limit 1',
  )
  const moveRetag = db.prepare<[number, number]>('update retag set since = ? where id = ?')
  const dropRetag = db.prepare<[number]>('delete from retag where id = ?')

  return {
    load(): Map<string, readonly Place[]> {
      const places = new Map<string, readonly Place[]>()
      for (const { device, moved, history, site, district } of select.iterate()) {
        const tags = history === null ? [{ site, district, ...always }] : historyOf(history)
        places.set(
          device,
          tags.map((one) => makePlace({ ...one, device, moved })),
        )
      }
      return places
    },
    put(device: string, places: readonly Place[]): void {
      const { site = null, district = null, moved = always.from } = places.at(-1) ?? {}
      const history = places.length > 1 ? historyText(places) : null
      const since = Number.isFinite(moved) ? moved : null
      upsert.run({ device, site, district, moved: since, history })
    },
    earlier: () =>
      selectEarlier.all().map(({ device, earlier }) => ({ device, isTold: earlier === 2 })),
    tell(devices: readonly string[]): void {
      for (const device of devices) setTold.run(device)
    },
    told: () => void unsetTold.run(),
    addRetag({ device, from, until }: Omit<Retag, 'id'>): void {
      insertRetag.run(device, Math.max(from, influxTimes.from), Math.min(until, influxTimes.to))
    },
    firstRetag: () => selectRetag.get(),
    retagged({ id, until }: Retag, upTo: number): void {
      if (upTo < until) moveRetag.run(upTo, id)
      else dropRetag.run(id)
    },
  }
}

function historyText(places: readonly TagsInTime[]): string {
  return JSON.stringify(
    places.map(({ site, district, from }) => [site, district, Number.isFinite(from) ? from : null]),
  )
}

function historyOf(text: string): TagsInTime[] {
  const rows: [string | null, string | null, number | null][] = JSON.parse(text)
  return rows.map(([site, district, from], i) => ({
    ...{ site, district, from: from ?? always.from },
    until: rows[i + 1]?.[2] ?? always.until,
  }))
}
