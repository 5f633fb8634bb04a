/** What is kept of each site, made when first asked for. When a site moves to another time zone it begins anew. */

import { zoneOf } from '../../domain/calendar.ts'
import type { Site } from '../../domain/site.ts'

/** The one that came first is forgotten, and read anew when it is heard again. */
const sitesMax = 5_000

export interface Shelf<Kept> {
  of(site: Site): Kept
}

export function createShelf<Kept>(make: (zone: string) => Kept, fallbackZone: string): Shelf<Kept> {
  const all = new Map<string, { site: Site; zone: string; kept: Kept }>()
  return {
    of(site) {
      const known = all.get(site.id)
      if (known?.site === site) return known.kept
      const zone = zoneOf(site, fallbackZone)
      if (known?.zone === zone) {
        known.site = site
        return known.kept
      }
      const kept = make(zone)
      all.delete(site.id)
      all.set(site.id, { site, zone, kept })
      if (all.size > sitesMax) {
        for (const oldest of all.keys()) {
          all.delete(oldest)
          break
        }
      }
      return kept
    },
  }
}
