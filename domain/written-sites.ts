/**
 * Where a device has stood as its stored readings tell it: an earlier version wrote with each of them the site of that
 * time, and remembered it nowhere else.
 */

import { alwaysAt, type Placements, placed } from './placement.ts'

/** Readings that are stored for a site: times of the first and the last, milliseconds since 1970 UTC. */
export interface SiteSpan {
  site: string | null
  first: number
  last: number
}

export interface WrittenSites {
  device: string
  /** At least one, of a site each. */
  spans: readonly SiteSpan[]
}

/**
 * Each site from its first reading, the earliest since ever; where times overlap the one that began later, and back to
 * the other one when that goes on afterwards. A device that stands elsewhere by now (null: nowhere) does so from now.
 */
export function placementsWritten(
  spans: readonly SiteSpan[],
  stands: string | null,
  now: number,
): Placements {
  const rising = spans.toSorted((a, b) => a.first - b.first || a.last - b.last)
  let placements = alwaysAt(rising[0] === undefined ? stands : rising[0].site)
  const until = Number.POSITIVE_INFINITY
  const moments = rising.flatMap(({ first, last }) => [first, last + 1])
  for (const from of moments.toSorted((a, b) => a - b)) {
    const there = rising.findLast(({ first, last }) => first <= from && from <= last)
    // A clock that is ahead moves no device.
    if (there === undefined || from > now || from === rising[0]?.first) continue
    placements = placed(placements, { site: there.site, from, until })
  }
  if (placements.at(-1)?.site === stands) return placements
  return placed(placements, { site: stands, from: now, until })
}
