/**
 * Alerts that are open now, in memory: read once and then followed change by change, since every change of an alert is
 * in the log.
 */

import type { AlertChange, AlertView } from '../../domain/alert.ts'
import type { Timers } from '../../domain/ports.ts'
import type { AlertLog } from '../../stores/records/alert-log.ts'
import { yieldTo } from '../../runtime/async/yield.ts'

const changesPerLook = 100

export interface OpenAlert {
  view: AlertView
  /** At its present level: an escalation asks again. */
  isAcknowledged: boolean
}

export interface OpenAlerts {
  /** Takes over what was recorded since. */
  refresh(): Promise<void>
  all(): Iterable<OpenAlert>
  /** Those that changed since the last call, also those that are over now. */
  news(): OpenAlert[]
}

export interface OpenAlertsParts {
  alerts: Pick<AlertLog, 'open' | 'changesAfter' | 'lastPosition' | 'history'>
  timers: Pick<Timers, 'soon'>
}

export function createOpenAlerts({ alerts, timers }: OpenAlertsParts): OpenAlerts {
  const open = new Map<string, OpenAlert>()
  const changed = new Map<string, OpenAlert>()
  let position: number | undefined

  /** What changes while alerts are read comes again and changes nothing. */
  async function load(): Promise<number> {
    const from = await alerts.lastPosition()
    open.clear()
    for (const view of await alerts.open()) {
      if (view.state === 'stale') await yieldTo(timers)
      const isAcknowledged =
        view.state === 'stale'
          ? (await alerts.history(view.id)).reduce(acknowledgedAfter, false)
          : view.state === 'acknowledged'
      open.set(view.id, { view, isAcknowledged })
    }
    return from
  }

  function take(change: AlertChange): void {
    const { alert, view } = change
    const before = open.get(alert)?.isAcknowledged ?? false
    const now = { view, isAcknowledged: acknowledgedAfter(before, change) }
    changed.set(alert, now)
    if (view.state === 'resolved') open.delete(alert)
    else open.set(alert, now)
  }

  /** One at a time: two would take the same changes in turns. */
  let last: Promise<void> = Promise.resolve()

  async function follow(): Promise<void> {
    position ??= await load()
    for (;;) {
      const items = await alerts.changesAfter(position, changesPerLook)
      for (const item of items) {
        take(item.change)
        position = item.position
      }
      if (items.length < changesPerLook) return
      await yieldTo(timers)
    }
  }

  return {
    refresh() {
      last = last.then(follow, follow)
      return last
    },
    all: () => open.values(),
    news() {
      const news = [...changed.values()]
      changed.clear()
      return news
    },
  }
}

function acknowledgedAfter(before: boolean, { type }: AlertChange): boolean {
  if (type === 'alert.acknowledged') return true
  return type === 'alert.escalated' ? false : before
}
