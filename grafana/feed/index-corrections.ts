/**
 * Points of indices of a site that were made before it was put right what stood there: taken away, and those of the last
 * month made again. What was corrected while this process did not run is not noticed.
 */

import type { Config } from '../../config.ts'
import type { Site } from '../../domain/site.ts'
import { changedDevices, type Stay } from '../../domain/site-stays.ts'
import { hourMs } from '../../domain/standards/averages/clock-hour.ts'
import type { SiteHoursParts } from '../../indices/site-hours.ts'
import type { Outlet } from './outlet.ts'
import { siteIndexPoints } from './site-index-series.ts'

const backMs = 31 * 24 * hourMs
/** Of the dearest index so many hours are made at a time. */
const stepMs = 12 * hourMs

export interface IndexCorrections {
  /** Makes anew what a change of stays concerns; a first look only takes note. */
  go(site: Site, seen: { stays: readonly Stay[]; now: number }): Promise<void>
}

export function createIndexCorrections(
  parts: SiteHoursParts & {
    config: Pick<Config, 'timeZone'>
    outlet: Pick<Outlet, 'write' | 'remove'>
  },
): IndexCorrections {
  const { outlet, config } = parts
  const known = new Map<string, readonly Stay[]>()
  return {
    async go(site, { stays, now }) {
      const before = known.get(site.id) ?? stays
      const from = Math.max(changedFrom(before, stays), now - backMs)
      if (from < now) {
        await outlet.remove('site_index', { site: site.id, from, to: now })
        for (let to = now; to > from - stepMs; to -= stepMs) {
          await outlet.write(await siteIndexPoints(parts, site, { now: to, ...config }))
        }
      }
      known.set(site.id, stays)
    },
  }
}

/** The first moment for which the two say different things; ∞ when they do not. */
function changedFrom(before: readonly Stay[], stays: readonly Stay[]): number {
  let first = Number.POSITIVE_INFINITY
  for (const device of changedDevices(before, stays)) {
    const times = (list: readonly Stay[]) =>
      list.flatMap((stay) => (stay.device === device ? [stay.from, stay.until] : []))
    const [old, now] = [times(before), times(stays)]
    // A device that is new: what it brings is of the last days, or comes late as from any other.
    if (old.length === 0 && now[0] === Number.NEGATIVE_INFINITY) continue
    const own = [...old.filter((at) => !now.includes(at)), ...now.filter((at) => !old.includes(at))]
    first = Math.min(first, ...own)
  }
  return first
}
