/** Tags of the points of a device in a time, as they stand in lines. */

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

/** Since ever and forever. */
export const always = { from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY }

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
