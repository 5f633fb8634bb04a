/** Which series a request means: by site, device, property, kind of site, or a box on the map. */

import { z } from 'zod'
import { propertyOf } from '../../domain/catalogue.ts'
import type { Reading } from '../../domain/reading.ts'
import { siteKindSchema } from '../../domain/site.ts'
import type { RegistryView } from '../../stores/records/registry.ts'
import type { SeriesParts } from '../../indices/site-series.ts'
import { type Box, boxHolds, boxParameter, idList, listOf } from '../http/query.ts'
import type { SeriesStretch } from '../../indices/series-stretch.ts'

export const propertyCode = z
  .string()
  .refine((code) => propertyOf(code) !== undefined, 'is not in the catalogue (GET /properties)')

export const seriesFilterFields = {
  site: idList.optional(),
  device: idList.optional(),
  property: listOf(propertyCode).optional(),
  kind: listOf(siteKindSchema as z.ZodType<z.infer<typeof siteKindSchema>, string>).optional(),
  bbox: boxParameter.optional(),
}

export interface SeriesFilter {
  site?: readonly string[] | undefined
  device?: readonly string[] | undefined
  property?: readonly string[] | undefined
  kind?: readonly string[] | undefined
  bbox?: Box | undefined
}

export type ReadingMatch = (reading: Pick<Reading, 'device' | 'property' | 'observedAt'>) => boolean

/** Sites are judged once each as long as the registry stays as it is. */
export function readingMatch(view: RegistryView, filter: SeriesFilter): ReadingMatch {
  const devices = filter.device && new Set(filter.device)
  const properties = filter.property && new Set(filter.property)
  const siteMatches = siteMatch(view, filter)
  return ({ device, property, observedAt }) => {
    if (properties !== undefined && !properties.has(property)) return false
    if (devices !== undefined && !devices.has(device)) return false
    return siteMatches === undefined || siteMatches(view.siteAt(device, observedAt))
  }
}

/** The part of the filter that speaks of sites, or undefined when it says nothing of them. */
export function siteMatch(
  view: RegistryView,
  filter: SeriesFilter,
): ((site: string | null) => boolean) | undefined {
  const { site: sites, kind, bbox } = filter
  if (sites === undefined && kind === undefined && bbox === undefined) return undefined
  const named = sites && new Set(sites)
  let judged = new Map<string, boolean>()
  let version = view.version
  return (id) => {
    if (id === null) return false
    if (version !== view.version) {
      judged = new Map()
      version = view.version
    }
    const before = judged.get(id)
    if (before !== undefined) return before
    const site = view.site(id)
    const matches =
      (named === undefined || named.has(id)) &&
      (kind === undefined || (site !== undefined && kind.includes(site.kind))) &&
      (bbox === undefined || (site !== undefined && boxHolds(bbox, site.location)))
    judged.set(id, matches)
    return matches
  }
}

/**
 * Devices worth looking at, in rising order: the named ones, those that have ever stood at the named sites, or those
 * with readings.
 */
function candidateDevices({ sites, latest }: SeriesParts, filter: SeriesFilter): readonly string[] {
  if (filter.device !== undefined) return [...new Set(filter.device)].sort()
  if (filter.site !== undefined) {
    const there = [...new Set(filter.site)].flatMap((id) => sites.staysAt(id))
    return [...new Set(there.map(({ device }) => device))].sort()
  }
  const [property, ...others] = filter.property ?? []
  return latest.devices(others.length === 0 ? property : undefined)
}

/** A place between two series in their order. */
export interface SeriesPlace {
  device: string
  property: string
}

/** The newest reading of each series of registered devices, where it matches, after a place. */
export function* latestReadings(
  parts: SeriesParts,
  filter: SeriesFilter,
  after?: SeriesPlace,
): Generator<Reading> {
  const { view } = parts
  const matches = readingMatch(view, filter)
  for (const reading of candidates(parts, filter, after)) {
    if (view.device(reading.device) !== undefined && matches(reading)) yield reading
  }
}

/**
 * Series with readings that match, by device and property in rising order. Where the filter speaks of sites, or
 * `isBySite`, each placement of a device that has moved by itself.
 */
export function* matchingSeries(
  parts: SeriesParts,
  filter: SeriesFilter,
  { isBySite = false }: { isBySite?: boolean } = {},
): Generator<SeriesStretch> {
  const { view } = parts
  const siteMatches = siteMatch(view, filter)
  for (const { device, property } of candidates(parts, filter)) {
    const placements = view.placements(device)
    if (placements === undefined) {
      const site = view.device(device)?.site ?? null
      if (siteMatches === undefined || siteMatches(site)) yield { device, property }
    } else if (siteMatches === undefined && !isBySite) {
      yield { device, property }
    } else {
      for (const part of placements) {
        if (siteMatches === undefined || siteMatches(part.site)) yield { device, property, part }
      }
    }
  }
}

/** The newest readings of series that the filter may mean, whatever their sites. */
function* candidates(
  parts: SeriesParts,
  filter: SeriesFilter,
  after?: SeriesPlace,
): Generator<Reading> {
  const devices = candidateDevices(parts, filter)
  const wanted = filter.property && [...new Set(filter.property)].sort()
  for (let i = after === undefined ? 0 : firstNotBelow(devices, after.device); ; i++) {
    const device = devices[i]
    if (device === undefined) return
    const known = parts.latest.of(device)
    if (known === undefined) continue
    for (const property of wanted ?? [...known.keys()].sort()) {
      const reading = known.get(property)
      if (reading === undefined) continue
      if (after !== undefined && device === after.device && property <= after.property) continue
      yield reading
    }
  }
}

/** Index of the first that is not below `wanted`, in a sorted list. */
function firstNotBelow(sorted: readonly string[], wanted: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? '') < wanted) low = middle + 1
    else high = middle
  }
  return low
}
