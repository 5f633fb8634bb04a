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

import type { SqliteDatabase } from '../../../sqlite.ts'
import {
  always,
  makePlace,
  type Place,
  type Retag,
  type SiteTags,
  type TagsInTime,
} from './place.ts'
import { preparePlaceTable } from '../file/place-table.ts'

/** What the registry remembers of devices that have moved or were removed. */
export interface Placements {
  /** Grows with every change. */
  readonly version: number
  /** All of time, rising; undefined for a device that has stood at one site ever since. */
  of(device: string): readonly TagsInTime[] | undefined
  devices(): Iterable<string>
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
  /** The registry is about to learn from the points of these where they stood. */
  tell(devices: readonly string[]): void
  /** The registry has learned from the points themselves where these stood: nothing is to be written again. */
  accept(devices: readonly string[]): void
  readonly isHeld: boolean
  /** Keep known tags as they are, or follow the registry. */
  hold(on: boolean): void
  /** Forgets what was not saved. */
  clear(): void
  /** What is to be written again first. */
  firstRetag(): Retag | undefined
  /** Done up to a moment, inside the caller's transaction. */
  retagged(retag: Retag, upTo: number): void
}

export interface PlacesParts {
  placeOf(device: string): SiteTags | undefined
  placements?: Placements | undefined
  /** The time of the device's newest reading, of whatever property. */
  newestOf(device: string): number
}

export function createPlaces(db: SqliteDatabase, parts: PlacesParts): Places {
  const { placeOf, placements, newestOf } = parts
  const table = preparePlaceTable(db)
  let known: Map<string, readonly Place[]> | undefined
  const changed = new Set<string>()
  let waiting: Omit<Retag, 'id'>[] = []
  let isHeld = true
  let reviewed = -1
  let isAdopted = false

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

  /**
   * Before placements were kept a device that moved left its points where they were taken. What the registry says of it
   * without placements is no correction of them: only what it says from now on is.
   */
  function adopt(places: ReadonlyMap<string, readonly Place[]>): void {
    if (isAdopted || isHeld || placements === undefined) return
    isAdopted = true
    for (const { device, isTold } of table.earlier()) {
      const [last] = places.get(device) ?? []
      const tags = tagsOf(device)
      const [now, ...others] = tags
      if (isTold) keep(device, tags, newestOf(device))
      else if (last === undefined || now === undefined || others.length > 0) changed.add(device)
      else if (last.site === now.site && last.district === now.district) changed.add(device)
      else keep(device, [now], newestOf(device))
    }
  }

  function follow(device: string, at: number): Place {
    known ??= table.load()
    adopt(known)
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
      adopt(known)
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
    tell: table.tell,
    accept(devices) {
      table.told()
      for (const device of devices) keep(device, tagsOf(device), newestOf(device))
    },
    get isHeld() {
      return isHeld
    },
    get isChanged() {
      return changed.size > 0
    },
    hold(on) {
      isHeld = on
    },
    clear() {
      if (changed.size > 0) known = undefined
      isAdopted = false
      changed.clear()
      waiting = []
      reviewed = -1
    },
    firstRetag: table.firstRetag,
    retagged: table.retagged,
  }
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
