/** Which devices have stood at a site, and when: by the registry, and looked up anew only when it has changed. */

import type { Device } from './device.ts'
import type { Placements } from './placement.ts'

/** Half-open in observed time, milliseconds since 1970 UTC; from −∞ and until ∞ where it has no end. */
export interface Stay {
  device: string
  from: number
  until: number
}

/**
 * Of one device several, when it came back. In the order of devices, then of time. The list stays the same one as long
 * as it says the same.
 */
export type SiteStays = (site: string) => readonly Stay[]

/** What the registry tells of devices. */
export interface StayParts {
  /** Grows with every change. */
  readonly version: number
  all(kind: 'device'): readonly Pick<Device, 'id' | 'site'>[]
  placed(): Iterable<string>
  placements(device: string): Placements | undefined
}

export function createSiteStays(view: StayParts): SiteStays {
  let version = -1
  let bySite = new Map<string, Stay[]>()

  function add(site: string | null, stay: Stay): void {
    if (site === null) return
    const there = bySite.get(site)
    if (there === undefined) bySite.set(site, [stay])
    else there.push(stay)
  }

  function findAll(): void {
    const before = bySite
    bySite = new Map()
    const always = { from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY }
    for (const { id, site } of view.all('device')) {
      if (view.placements(id) === undefined) add(site, { device: id, ...always })
    }
    const touched = new Set<string>()
    for (const device of view.placed()) {
      for (const { site, from, until } of view.placements(device) ?? []) {
        add(site, { device, from, until })
        if (site !== null) touched.add(site)
      }
    }
    for (const site of touched) bySite.get(site)?.sort(inOrder)
    for (const [site, stays] of bySite) {
      const known = before.get(site)
      if (known !== undefined && isSame(known, stays)) bySite.set(site, known)
    }
  }

  const none: readonly Stay[] = []
  return (site) => {
    if (version !== view.version) {
      findAll()
      version = view.version
    }
    return bySite.get(site) ?? none
  }
}

function inOrder(a: Stay, b: Stay): number {
  if (a.device !== b.device) return a.device < b.device ? -1 : 1
  return a.from - b.from
}

function isSame(a: readonly Stay[], b: readonly Stay[]): boolean {
  return a.length === b.length && a.every((one, i) => isEqual(one, b[i]))
}

function isEqual(a: Stay, b: Stay | undefined): boolean {
  return a.device === b?.device && a.from === b.from && a.until === b.until
}

/** Devices of which the two lists say different things. */
export function changedDevices(a: readonly Stay[], b: readonly Stay[]): ReadonlySet<string> {
  const only = (one: readonly Stay[], other: readonly Stay[]) =>
    one.filter((stay) => !other.some((each) => isEqual(stay, each)))
  return new Set([...only(a, b), ...only(b, a)].map(({ device }) => device))
}
