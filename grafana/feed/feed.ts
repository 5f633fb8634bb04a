/**
 * What boards show beside readings, written to the database that boards ask: alerts, states of sites and devices,
 * indices, figures of the program. It runs beside the API and never holds it up: every kind of work has a
 * round of its own, goes in slices, and waits for the database before it makes more.
 */

import type { BoardSink } from '../../stores/readings/board-points.ts'
import type { Config } from '../../config.ts'
import type { Figures } from '../../domain/platform-figures.ts'
import type { Bus, Ports } from '../../domain/ports.ts'
import type { AlertLog } from '../../stores/records/alert-log.ts'
import type { Ledger } from '../../stores/records/ledger.ts'
import type { SiteHoursParts } from '../../indices/site-hours.ts'
import { createAlertEvents } from './alert-events.ts'
import { openAlertPoint } from './alert-points.ts'
import { createDeviceStates } from './device-states.ts'
import { createOpenAlerts, type OpenAlert } from './open-alerts.ts'
import { createOutlet } from './outlet.ts'
import { platformPoint } from './platform-point.ts'
import { refusedPoints, type RefusedTotals } from './refused-counts.ts'
import { createRounds } from './rounds.ts'
import { createSilence } from './silence.ts'
import { createSiteIndexRound } from './site-index-round.ts'
import { siteStates } from './site-states.ts'

export interface BoardFeedParts extends SiteHoursParts {
  config: Config
  ports: Ports
  bus: Bus
  ledger: Ledger
  alerts: AlertLog
  /** @param now milliseconds since 1970 UTC */
  figures(now: number): Promise<Figures>
  sink: BoardSink
}

export interface BoardFeed {
  /** Closes the sink and comes back when nothing is under way. */
  stop(): Promise<void>
}

const secondMs = 1_000
const minuteMs = 60 * secondMs

export function startBoardFeed(parts: BoardFeedParts): BoardFeed {
  const { ports, bus, alerts, ledger, view } = parts
  const { clock, timers } = ports
  const outlet = createOutlet(parts.sink, ports)
  const rounds = createRounds(ports, outlet.isTold)
  const events = createAlertEvents({ alerts, outlet, timers })
  const open = createOpenAlerts({ alerts, timers })
  const silence = createSilence({ ...parts, timers })
  const indices = createSiteIndexRound({ ...parts, outlet })
  const withSilence = { ...parts, silence }
  const states = createDeviceStates(withSilence)
  let totals: RefusedTotals | null = null

  async function changes(): Promise<void> {
    await events.follow()
    await open.refresh()
    await outlet.write(openPoints(open.news(), clock.now()))
  }

  async function sites(): Promise<void> {
    await view.refresh()
    await Promise.all([open.refresh(), silence.refresh()])
    const now = clock.now()
    await outlet.write(openPoints(open.all(), now))
    await outlet.write(siteStates(withSilence, open.all(), now))
  }

  async function devices(): Promise<void> {
    await view.refresh()
    await silence.refresh()
    for await (const page of states.due(clock.now())) await outlet.write(page)
  }

  async function refused(): Promise<void> {
    const counts = await ledger.counts()
    totals ??= counts
    await outlet.write(refusedPoints(counts, totals, clock.now()))
    totals = counts
  }

  async function platform(): Promise<void> {
    const now = clock.now()
    await outlet.write([platformPoint(await parts.figures(now), now)])
  }

  const look = rounds.begin({ what: 'alert changes', everyMs: 10 * secondMs, run: changes })
  const end = bus.onRing('alerts', look)
  rounds.begin({ what: 'sites', everyMs: minuteMs, run: sites })
  rounds.begin({ what: 'devices', everyMs: minuteMs, run: devices })
  rounds.begin({ what: 'refused readings', everyMs: minuteMs, run: refused })
  rounds.begin({ what: 'platform', everyMs: 10 * secondMs, run: platform })
  rounds.begin({ what: 'indices', everyMs: minuteMs, run: indices.go })

  return {
    async stop() {
      end()
      outlet.close()
      await rounds.stop()
    },
  }
}

function* openPoints(open: Iterable<OpenAlert>, at: number) {
  for (const alert of open) yield openAlertPoint(alert, at)
}
