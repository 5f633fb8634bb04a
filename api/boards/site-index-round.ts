/**
 * One round over all sites an hour, soon after the hour, that writes their indices of the last days. The work is
 * spread: after each site as much time is left to others as it took. A round that fails goes on at the site where it
 * failed, so that a database which is away for a moment does not cost the round.
 */

import type { Config } from '../../config.ts'
import { Fault } from '../../domain/errors.ts'
import type { Ports } from '../../domain/ports.ts'
import { hourMs } from '../../domain/standards/averages/clock-hour.ts'
import type { LatestTable } from '../latest-table.ts'
import type { SiteHoursParts } from '../site-hours.ts'
import type { Outlet } from './outlet.ts'
import { siteIndexPoints } from './site-index-series.ts'

/** What was observed in the last minutes of an hour is stored by then, unless it is late. */
const settledAfterMs = 3 * 60_000
const longestRestMs = 250

export interface SiteIndexRoundParts extends SiteHoursParts {
  config: Pick<Config, 'timeZone'>
  ports: Pick<Ports, 'clock' | 'timers' | 'log'>
  latest: LatestTable
  outlet: Outlet
}

export interface SiteIndexRound {
  /** Does the round that is due, if one is. */
  go(): Promise<void>
}

export function createSiteIndexRound(parts: SiteIndexRoundParts): SiteIndexRound {
  const { config, ports, view, latest, outlet } = parts
  const { clock } = ports
  let done: number | undefined
  /** Sites of the round under way that are done, by their order. */
  let behind: string | null = null

  async function goOn(): Promise<void> {
    let failed = 0
    for (const site of view.all('site')) {
      if (behind !== null && site.id <= behind) continue
      const began = clock.monotonic()
      try {
        const points = await siteIndexPoints(parts, site, { now: clock.now(), ...config })
        await outlet.write(points)
      } catch (error) {
        // A store that can not be reached now is waited for; one site that is at fault is not.
        if (outlet.isTold(error) || (error instanceof Fault && error.code === 'store_unavailable'))
          throw error
        failed += 1
        if (failed === 1)
          ports.log.warn({ site: site.id, error }, 'A site has no indices on boards.')
      }
      behind = site.id
      await rest(Math.min(clock.monotonic() - began, longestRestMs))
    }
  }

  function rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (ms < 1) ports.timers.soon(resolve)
      else ports.timers.after(ms, resolve)
    })
  }

  return {
    async go() {
      const due = Math.floor((clock.now() - settledAfterMs) / hourMs)
      if (due === done) return
      await view.refresh()
      await latest.refresh()
      await goOn()
      behind = null
      done = due
    },
  }
}
