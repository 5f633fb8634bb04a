/**
 * The tags that the points of each device are written with: its site and district as the registry has them now. When a
 * device moves, its older points keep the old tags, and a correction of one of them must go where it stands; so the
 * entry of the log from which on the new tags are used is kept.
 *
 * Tags are in the file before a point goes out with them, and are not changed while a batch may be half-way out: it
 * would stand in two places afterwards.
 */

import type { SqliteDatabase } from '../../sqlite.ts'
import { escapeKey, tagsText } from './line-protocol.ts'

export interface SiteTags {
  site: string | null
  district: string | null
}

export interface Place extends SiteTags {
  device: string
  /** Entries of the log before this one may stand under other tags; 0 when there never were others. */
  moved: number
  /** The tags as they stand in a line. */
  tags: string
  /** The line's beginning for each measurement, up to the space. */
  prefixes: Map<string, Uint8Array>
}

export interface Places {
  /** Where the device is now; `next` is the entry that its next reading will be. */
  visit(device: string, next: number): Place
  /** Writes what changed to the file, inside the caller's transaction. */
  save(): void
  readonly isChanged: boolean
  /** Keep known tags as they are, or follow the registry. */
  hold(on: boolean): void
  /** Forgets what was not saved. */
  clear(): void
}

export interface PlaceRow extends SiteTags {
  device: string
  moved: number
}

export function createPlaces(
  db: SqliteDatabase,
  placeOf: (device: string) => SiteTags | undefined,
): Places {
  const select = db.prepare<[], PlaceRow>('select device, site, district, moved from place')
  const upsert = db.prepare<PlaceRow>(`
    insert into place (device, site, district, moved) values (@device, @site, @district, @moved)
    on conflict (device) do update set site = @site, district = @district, moved = @moved`)
  let known: Map<string, Place> | undefined
  const changed = new Set<Place>()
  let isHeld = true

  function load(): Map<string, Place> {
    const places = new Map<string, Place>()
    for (const row of select.iterate()) places.set(row.device, makePlace(row))
    return places
  }

  return {
    visit(device, next) {
      known ??= load()
      const last = known.get(device)
      if (last !== undefined && isHeld) return last
      const { site = null, district = null } = placeOf(device) ?? {}
      if (last !== undefined && last.site === site && last.district === district) return last
      const place = makePlace({ device, site, district, moved: last === undefined ? 0 : next })
      known.set(device, place)
      changed.add(place)
      return place
    },
    save() {
      for (const { device, site, district, moved } of changed) {
        upsert.run({ device, site, district, moved })
      }
      changed.clear()
    },
    get isChanged() {
      return changed.size > 0
    },
    hold(on) {
      isHeld = on
    },
    clear() {
      if (changed.size > 0) known = undefined
      changed.clear()
    },
  }
}

export function makePlace({ device, site, district, moved }: PlaceRow): Place {
  const tags = tagsText({ device, district, site })
  return { device, site, district, moved, tags, prefixes: new Map() }
}

/** A line up to the space before its fields. */
export function prefixOf(place: Place, measurement: string): Uint8Array {
  const known = place.prefixes.get(measurement)
  if (known !== undefined) return known
  const prefix = Buffer.from(`${escapeKey(measurement)}${place.tags}`)
  place.prefixes.set(measurement, prefix)
  return prefix
}
