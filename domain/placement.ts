/**
 * Where a device has stood over time. A reading was taken at the site at which its device stood when it was observed,
 * so a device that moves takes none of its readings along.
 */

/** Half-open in observed time, milliseconds since 1970 UTC; from −∞ and until ∞ where it has no end. */
export interface Placement {
  /** Null: at no site, or not registered then. */
  site: string | null
  from: number
  until: number
}

/** All of time, rising, without gaps; no two neighbours are of one site. */
export type Placements = readonly Placement[]

export function alwaysAt(site: string | null): Placements {
  return [{ site, from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY }]
}

export function placementAt(placements: Placements, at: number): Placement | undefined {
  // Most questions are about today.
  for (let i = placements.length - 1; i >= 0; i--) {
    const placement = placements[i]
    if (placement !== undefined && placement.from <= at) return placement
  }
  return undefined
}

/** The placements with this one in the place of what was known of its time. */
export function placed(before: Placements, change: Placement): Placements {
  const { from, until } = change
  const earlier = clipped(before, { from: Number.NEGATIVE_INFINITY, until: from })
  const later = clipped(before, { from: until, until: Number.POSITIVE_INFINITY })
  const joined: Placement[] = []
  for (const each of [...earlier, change, ...later]) {
    const last = joined.at(-1)
    if (last?.site === each.site) last.until = each.until
    else joined.push({ ...each })
  }
  return joined
}

/** What of these lies in a time. */
export function clipped(
  placements: Placements,
  { from, until }: Omit<Placement, 'site'>,
): Placement[] {
  return placements.flatMap((each) => {
    const part = { ...each, from: Math.max(each.from, from), until: Math.min(each.until, until) }
    return part.from < part.until ? [part] : []
  })
}
