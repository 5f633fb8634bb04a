/**
 * The tags that the points of each device are written with: site and district where it stood when they were observed,
 * as the registry has it now. When that changes, older points stand under other tags, and a correction of one of them
 * must go where it stands; so the time of the newest reading at that moment is kept: what is later stands where the
 * present tags say. Points of times that belong to another site by now are written again under its tags, in turn
 * (`retagging.ts`).
 *
 * Tags are in the file before a point goes out with them, and are not changed while a batch may be half-way out: it
 * would stand in two places afterwards.
 */

import type { SqliteDatabase } from '../../sqlite.ts'
import { influxTimes } from './layout.ts'
import { escapeKey, tagsText } from './line-protocol.ts'

export interface SiteTags {
  site: string | null
  district: string | null
}

/** Half-open in observed time; from −∞ and until ∞ where it has no end. */
export interface TagsInTime extends SiteTags {
  from: number
  until: number
}

/** What the registry remembers of devices that have moved or were removed. */
export interface Placements {
  /** Grows with every change. */
  readonly version: number
  /** All of time, rising; undefined for a device that has stood at one site ever since. */
  of(device: string): readonly TagsInTime[] | undefined
  devices(): Iterable<string>
}

export interface Place extends TagsInTime {
  device: string
  /** Readings observed up to this time may stand under other tags; −∞ when there never were others. */
  moved: number
  /** The tags as they stand in a line. */
  tags: string
  /** The line's beginning for each measurement, up to the space. */
  prefixes: Map<string, Uint8Array>
}

/** Points of a device in a time that may stand under the tags of another site. */
export interface Retag {
  id: number
  device: string
  from: number
  until: number
}

export interface Places {
  /** Where the device was then. */
  visit(device: string, at: number): Place
  /** Readings of the device up to this time may stand under other tags than its present ones. */
  movedAt(device: string): number
  /** A device that was written to before us, under tags that nobody knows any more. */
  restore(device: string): void
  /** Takes over what the registry says anew of devices that have moved, also of those that are silent. */
  review(): void
  /** Writes what changed to the file, inside the caller's transaction. */
  save(): void
  readonly isChanged: boolean
  /** Keep known tags as they are, or follow the registry. */
  hold(on: boolean): void
  /** Forgets what was not saved. */
  clear(): void
  /** What is to be written again first. */
  firstRetag(): Retag | undefined
  /** Done up to a moment, inside the caller's transaction. */
  retagged(retag: Retag, upTo: number): void
}

interface PlaceRow extends SiteTags {
  device: string
  moved: number | null
  /** JSON of the tags in time when there is more than one. */
  history: string | null
}

export interface PlacesParts {
  placeOf(device: string): SiteTags | undefined
  placements?: Placements | undefined
  /** The time of the device's newest reading, of whatever property. */
  newestOf(device: string): number
}

const always = { from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY }

export function createPlaces(db: SqliteDatabase, parts: PlacesParts): Places {
  const { placeOf, placements, newestOf } = parts
  const table = preparePlaceTable(db)
  let known: Map<string, readonly Place[]> | undefined
  const changed = new Set<string>()
  let waiting: Omit<Retag, 'id'>[] = []
  let isHeld = true
  let reviewed = -1

  function tagsOf(device: string): readonly TagsInTime[] {
    const { site = null, district = null } = placeOf(device) ?? {}
    return placements?.of(device) ?? [{ site, district, ...always }]
  }

  function keep(device: string, tags: readonly TagsInTime[], moved: number | null) {
    known ??= table.load()
    const places = tags.map((one) => makePlace({ ...one, device, moved }))
    known.set(device, places)
    changed.add(device)
    return places
  }

  function follow(device: string, at: number): Place {
    known ??= table.load()
    const last = known.get(device)
    if (last !== undefined && isHeld) return placeAt(last, at)
    const own = placements?.of(device)
    if (own === undefined) {
      const { site = null, district = null } = placeOf(device) ?? {}
      const only = last?.length === 1 ? last[0] : undefined
      if (only !== undefined && only.site === site && only.district === district) return only
    } else if (last !== undefined && isSame(last, own)) {
      return placeAt(last, at)
    }
    const tags = tagsOf(device)
    if (last === undefined) return placeAt(keep(device, tags, null), at)
    const newest = newestOf(device)
    // Who does not know of times says nothing of the past.
    if (placements === undefined) return placeAt(keep(device, tags, newest), at)
    for (const interval of changedSites(last, tags)) {
      if (interval.from <= newest) waiting.push({ device, ...interval })
    }
    return placeAt(keep(device, tags, newest), at)
  }

  return {
    visit: follow,
    restore: (device) => void keep(device, tagsOf(device), newestOf(device)),
    movedAt(device) {
      known ??= table.load()
      return known.get(device)?.[0]?.moved ?? Number.NEGATIVE_INFINITY
    },
    review() {
      if (isHeld || placements === undefined || placements.version === reviewed) return
      known ??= table.load()
      const moved = [...known].flatMap(([device, places]) => (places.length > 1 ? [device] : []))
      for (const device of new Set([...placements.devices(), ...moved])) {
        if (known.has(device)) follow(device, Number.POSITIVE_INFINITY)
      }
      reviewed = placements.version
    },
    save() {
      for (const device of changed) table.put(device, known?.get(device) ?? [])
      for (const retag of waiting) table.addRetag(retag)
      changed.clear()
      waiting = []
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
      waiting = []
      reviewed = -1
    },
    firstRetag: table.firstRetag,
    retagged: table.retagged,
  }
}

function preparePlaceTable(db: SqliteDatabase) {
  const select = db.prepare<[], PlaceRow>(
    'select device, site, district, moved, history from place',
  )
  const upsert = db.prepare<PlaceRow>(`
    insert into place (device, site, district, moved, history)
    values (@device, @site, @district, @moved, @history)
    on conflict (device) do update
    set site = @site, district = @district, moved = @moved, history = @history`)
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

function placeAt(places: readonly Place[], at: number): Place {
  for (let i = places.length - 1; i > 0; i--) {
    const place = places[i]
    if (place !== undefined && place.from <= at) return place
  }
  const [first] = places
  if (first === undefined) throw new Error('A device has no place at any time.')
  return first
}

function isSame(a: readonly TagsInTime[], b: readonly TagsInTime[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ site, district, from }, i) => {
      const other = b[i]
      return other?.site === site && other.district === district && other.from === from
    })
  )
}

/** Times for which the two say different sites. */
function changedSites(
  before: readonly TagsInTime[],
  now: readonly TagsInTime[],
): { from: number; until: number }[] {
  return now.flatMap(({ site, ...one }) =>
    before.flatMap((other) => {
      const from = Math.max(one.from, other.from)
      const until = Math.min(one.until, other.until)
      return other.site !== site && from < until ? [{ from, until }] : []
    }),
  )
}

export function makePlace({
  device,
  site,
  district,
  moved,
  from,
  until,
}: TagsInTime & { device: string; moved: number | null }): Place {
  const tags = tagsText({ device, district, site })
  return {
    device,
    site,
    district,
    moved: moved ?? always.from,
    tags,
    prefixes: new Map(),
    from,
    until,
  }
}

/** A line up to the space before its fields. */
export function prefixOf(place: Place, measurement: string): Uint8Array {
  const known = place.prefixes.get(measurement)
  if (known !== undefined) return known
  const prefix = Buffer.from(`${escapeKey(measurement)}${place.tags}`)
  place.prefixes.set(measurement, prefix)
  return prefix
}
