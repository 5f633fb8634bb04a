/**
 * The tags that the points of each device are written with: its site and district as the registry has them now. When a
 * device moves, its older points keep the old tags, and a correction of one of them must go where it stands; so the
 * time of its newest reading at that moment is kept: what is later stands under the new tags.
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
  /** Readings observed up to this time may stand under other tags; −∞ when there never were others. */
  moved: number
  /** The tags as they stand in a line. */
  tags: string
  /** The line's beginning for each measurement, up to the space. */
  prefixes: Map<string, Uint8Array>
}

export interface Places {
  /** Where the device is now. */
  visit(device: string): Place
  /** Readings of the device up to this time may stand under other tags than its present ones. */
  movedAt(device: string): number
  /** A device that was written to before us, under tags that nobody knows any more. */
  restore(device: string): void
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
  moved: number | null
}

export interface PlacesParts {
  placeOf(device: string): SiteTags | undefined
  /** The time of the device's newest reading, of whatever property. */
  newestOf(device: string): number
}

export function createPlaces(db: SqliteDatabase, { placeOf, newestOf }: PlacesParts): Places {
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
    restore(device) {
      known ??= load()
      const { site = null, district = null } = placeOf(device) ?? {}
      const place = makePlace({ device, site, district, moved: newestOf(device) })
      known.set(device, place)
      changed.add(place)
    },
    movedAt(device) {
      known ??= load()
      return known.get(device)?.moved ?? Number.NEGATIVE_INFINITY
    },
    visit(device) {
      known ??= load()
      const last = known.get(device)
      if (last !== undefined && isHeld) return last
      const { site = null, district = null } = placeOf(device) ?? {}
      if (last !== undefined && last.site === site && last.district === district) return last
      const moved = last === undefined ? null : newestOf(device)
      const place = makePlace({ device, site, district, moved })
      known.set(device, place)
      changed.add(place)
      return place
    },
    save() {
      for (const { device, site, district, moved } of changed) {
        upsert.run({ device, site, district, moved: Number.isFinite(moved) ? moved : null })
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
  const since = moved ?? Number.NEGATIVE_INFINITY
  return { device, site, district, moved: since, tags, prefixes: new Map() }
}

/** A line up to the space before its fields. */
export function prefixOf(place: Place, measurement: string): Uint8Array {
  const known = place.prefixes.get(measurement)
  if (known !== undefined) return known
  const prefix = Buffer.from(`${escapeKey(measurement)}${place.tags}`)
  place.prefixes.set(measurement, prefix)
  return prefix
}
