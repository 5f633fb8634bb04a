/**
 * Rounds over all sites that write their indices of the last days: soon after each hour, and in between as often as
 * they cost little, so that a small city sees late data and new sites within minutes. The work is spread: after each
 * site as much time is left to others as it took. A round that fails goes on at the site where it failed, so that a
 * database which is away for a moment does not cost the round.
 */

import type { Config } from '../../config.ts'
import { Fault } from '../../domain/errors.ts'
import type { Ports } from '../../domain/ports.ts'
import { hourMs } from '../../domain/standards/averages/clock-hour.ts'
import type { LatestTable } from '../../stores/readings/latest-table.ts'
import type { SiteHoursParts } from '../../indices/site-hours.ts'
import { createIndexCorrections } from './index-corrections.ts'
import type { Outlet } from './outlet.ts'
import { siteIndexPoints } from './site-index-series.ts'

/** What was observed in the last minutes of an hour is stored by then, unless it is late. */
const settledAfterMs = 3 * 60_000
const longestRestMs = 250
/** Between rounds within an hour: some twentieth of the time at most is spent on them. */
const pauseLeastMs = 5 * 60_000
const pauseRounds = 20

export interface SiteIndexRoundParts extends SiteHoursParts {
  config: Pick<Config, 'timeZone'>
  ports: Pick<Ports, 'clock' | 'timers' | 'log'>
  latest: LatestTable
  outlet: Outlet
}

export interface SiteIndexRound {
  /** Does the round that is due, if one is, or what is left of one that failed. */
  go(): Promise<void>
}

export function createSiteIndexRound(parts: SiteIndexRoundParts): SiteIndexRound {
  const { config, ports, view, latest, outlet, sites } = parts
  const corrections = createIndexCorrections(parts)
  const { clock } = ports
  /** Hour of the last whole round. */
  let done: number | undefined
  /** Before it there is no other one within the hour, by the steady clock. */
  let pauseUntil = 0
  let isUnderWay = false
  let spentMs = 0
  /** Sites of the round under way are done up to here, in the order of their ids. */
  let behind: string | null = null

  async function goOn(): Promise<void> {
    let failed = 0
    for (const site of view.all('site')) {
      if (behind !== null && site.id <= behind) continue
      const began = clock.monotonic()
      try {
        const now = clock.now() - settledAfterMs
        const stays = sites.staysAt(site.id)
        await corrections.go(site, { stays, now })
        const points = await siteIndexPoints(parts, site, { now, ...config })
        await outlet.write(points)
      } catch (error) {
        // A store that cannot be reached now is waited for; one site that is at fault is not.
        if (outlet.isTold(error) || isAway(error)) throw error
        if (failed++ === 0) {
          ports.log.warn({ site: site.id, error }, 'A site has no new indices on boards.')
        }
      }
      behind = site.id
      const tookMs = clock.monotonic() - began
      spentMs += tookMs
      await rest(Math.min(tookMs, longestRestMs))
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
      const hour = Math.floor((clock.now() - settledAfterMs) / hourMs)
      if (!isUnderWay && hour === done && clock.monotonic() < pauseUntil) return
      isUnderWay = true
      await view.refresh()
      await latest.refresh()
      await goOn()
      pauseUntil = clock.monotonic() + Math.max(pauseLeastMs, pauseRounds * spentMs)
      isUnderWay = false
      spentMs = 0
      behind = null
      done = hour
    },
  }
}

function isAway(error: unknown): boolean {
  return error instanceof Fault && error.code === 'store_unavailable'
}
