/**
 * Neighbours (QARTOD test 11): how far a reading is from the median of the newest values of the same property at other
 * sites nearby. One value a site, none that is in doubt itself, none that is older or newer than the plan allows.
 *
 * It knows what this instance has seen. Alerts reads only devices that a rule watches, so it may know fewer neighbours
 * than ingest and then judges fewer readings.
 */

import type { RegistryView } from '../stores/records/registry.ts'
import { doubt, marksOf } from './marks.ts'
import type { RowTable } from './row-table.ts'
import { field, isValid } from './series-table.ts'
import { createSiteGrid, type Placed, type SiteGrid } from './site-grid.ts'
import type { NeighbourThresholds } from './thresholds.ts'

const marks = marksOf('neighbour')
/** The nearest that are asked. */
const sitesMax = 16

/** A site and its series of one property. */
interface Member extends Placed {
  rows: number[]
}

interface Crowd {
  /** Row → site, of all series of the property that have the test. */
  sites: Map<number, string>
  /** Made when asked for after a change. */
  grid: SiteGrid<Member> | null
  /** Row → what is near it. */
  near: Map<number, readonly Member[]>
  version: number
}

export interface Neighbours {
  /** The series in this row takes part; null when its device has no site. */
  join(row: number, property: string, site: string | null): void
  leave(row: number): void
  mark(
    row: number,
    property: string,
    reading: { observedAt: number; value: number },
    thresholds: NeighbourThresholds,
  ): number
}

export function createNeighbours(table: RowTable, registry: RegistryView): Neighbours {
  const crowds = new Map<string, Crowd>()
  const scratch = new Float64Array(sitesMax)

  function crowdOf(property: string): Crowd {
    const known = crowds.get(property)
    if (known !== undefined) return known
    const crowd: Crowd = { sites: new Map(), grid: null, near: new Map(), version: -1 }
    crowds.set(property, crowd)
    return crowd
  }

  function nearOf(crowd: Crowd, row: number, withinKm: number): readonly Member[] {
    if (crowd.grid === null || crowd.version !== registry.version) {
      crowd.grid = createSiteGrid(membersOf(crowd, registry))
      crowd.near.clear()
      crowd.version = registry.version
    }
    const known = crowd.near.get(row)
    if (known !== undefined) return known
    const site = crowd.sites.get(row)
    const location = site === undefined ? null : registry.site(site)?.location
    const near =
      site === undefined || !location ? [] : crowd.grid.near({ site, location }, withinKm, sitesMax)
    crowd.near.set(row, near)
    return near
  }

  /** The newest value of the site that may stand for it at this moment, or NaN. */
  function valueAt({ rows }: Member, observedAt: number, ageMs: number): number {
    const { view } = table
    for (const row of rows) {
      if (Math.abs(view.getFloat64(row + field.at) - observedAt) > ageMs) continue
      if ((view.getInt32(row + field.state) & isValid) === 0) continue
      if ((view.getInt32(row + field.tests) & doubt) === 0)
        return view.getFloat64(row + field.value)
    }
    return Number.NaN
  }

  return {
    join(row, property, site) {
      const crowd = crowdOf(property)
      if ((crowd.sites.get(row) ?? null) === site) return
      if (site === null) crowd.sites.delete(row)
      else crowd.sites.set(row, site)
      crowd.grid = null
    },
    leave(row) {
      for (const crowd of crowds.values()) if (crowd.sites.delete(row)) crowd.grid = null
    },
    mark(row, property, { observedAt, value }, { withinKm, sites, ageMs, suspect, ratio }) {
      let count = 0
      for (const member of nearOf(crowdOf(property), row, withinKm)) {
        const newest = valueAt(member, observedAt, ageMs)
        if (!Number.isNaN(newest)) scratch[count++] = newest
      }
      if (count < sites) return 0
      const median = medianOf(scratch.subarray(0, count))
      const bound = Math.max(suspect, ratio * Math.abs(median))
      return Math.abs(value - median) > bound ? marks.suspect : marks.pass
    },
  }
}

function membersOf(crowd: Crowd, registry: RegistryView): Member[] {
  const members = new Map<string, Member>()
  for (const [row, site] of crowd.sites) {
    const member = members.get(site)
    if (member !== undefined) {
      member.rows.push(row)
      continue
    }
    const location = registry.site(site)?.location
    if (location) members.set(site, { site, location, rows: [row] })
  }
  return [...members.values()]
}

function medianOf(values: Float64Array): number {
  values.sort()
  const half = values.length >> 1
  const upper = values[half] ?? Number.NaN
  return values.length % 2 === 1 ? upper : ((values[half - 1] ?? upper) + upper) / 2
}
