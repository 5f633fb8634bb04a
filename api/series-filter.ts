/** Which series a request means: by site, device, property, kind of site, or a box on the map. */

import { z } from 'zod'
import { propertyOf } from '../domain/catalogue.ts'
import type { SeriesKey } from '../domain/reading.ts'
import { siteKindSchema } from '../domain/site.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import type { LatestTable } from './latest-table.ts'
import { type Box, boxHolds, boxParameter, idList, listOf } from './query.ts'

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

export type SeriesMatch = (series: SeriesKey) => boolean

/** Sites are judged once each as long as the registry stays as it is. */
export function seriesMatch(view: RegistryView, filter: SeriesFilter): SeriesMatch {
  const devices = filter.device && new Set(filter.device)
  const properties = filter.property && new Set(filter.property)
  const siteMatches = siteMatch(view, filter)
  return ({ device, property }) => {
    if (properties !== undefined && !properties.has(property)) return false
    if (devices !== undefined && !devices.has(device)) return false
    return siteMatches === undefined || siteMatches(view.device(device)?.site ?? null)
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

/** Devices worth looking at, in rising order: the named ones, those of the named sites, or those with readings. */
export function candidateDevices(
  sites: SiteIndex,
  latest: LatestTable,
  filter: SeriesFilter,
): readonly string[] {
  if (filter.device !== undefined) return [...new Set(filter.device)].sort()
  if (filter.site !== undefined) {
    return [...new Set(filter.site)].flatMap((id) => sites.devicesAt(id)).sort()
  }
  const [property, ...others] = filter.property ?? []
  return latest.devices(others.length === 0 ? property : undefined)
}

export interface SeriesParts {
  view: RegistryView
  latest: LatestTable
  sites: SiteIndex
}

/** A place between two series in their order. */
export interface SeriesPlace {
  device: string
  property: string
}

/** Series with readings that match, by device and property in rising order, after a place. */
export function* matchingSeries(
  { view, latest, sites }: SeriesParts,
  filter: SeriesFilter,
  after?: SeriesPlace,
): Generator<SeriesKey> {
  const matches = seriesMatch(view, filter)
  const devices = candidateDevices(sites, latest, filter)
  const wanted = filter.property && [...new Set(filter.property)].sort()
  for (let i = after === undefined ? 0 : firstNotBelow(devices, after.device); ; i++) {
    const device = devices[i]
    if (device === undefined) return
    const known = latest.of(device)
    if (known === undefined) continue
    for (const property of wanted ?? [...known.keys()].sort()) {
      if (!known.has(property)) continue
      if (after !== undefined && device === after.device && property <= after.property) continue
      const series = { device, property }
      if (matches(series)) yield series
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

export interface SiteIndex {
  devicesAt(site: string): readonly string[]
}

/** Which devices stand at a site; built again only when the registry has changed. */
export function createSiteIndex(view: RegistryView): SiteIndex {
  let version = -1
  let bySite = new Map<string, string[]>()
  return {
    devicesAt(site) {
      if (version !== view.version) {
        bySite = new Map()
        for (const { id, site: at } of view.all('device')) {
          if (at === null) continue
          const there = bySite.get(at)
          if (there === undefined) bySite.set(at, [id])
          else there.push(id)
        }
        version = view.version
      }
      return bySite.get(site) ?? []
    },
  }
}
