/**
 * Every recorded change of an alert as a point, in order, however long the database was away. How far it is stands in
 * the points themselves: so a database that is new, emptied or older than ours gets what it lacks, and one that knows
 * another past (a copy of ours was restored) gets everything. Points written twice replace themselves.
 */

import type { AlertChange } from '../../domain/alert.ts'
import type { Timers } from '../../domain/ports.ts'
import type { AlertLog } from '../../stores/records/alert-log.ts'
import { yieldTo } from '../../runtime/async/yield.ts'
import { alertEventPoint, type RecordedChange } from './alert-points.ts'
import type { Outlet } from './outlet.ts'

const changesPerLook = 100

export interface AlertEvents {
  /** Writes what was recorded since; comes back when there is no more. */
  follow(): Promise<void>
}

export interface AlertEventsParts {
  alerts: Pick<AlertLog, 'changesAfter' | 'history'>
  outlet: Outlet
  timers: Pick<Timers, 'soon'>
}

export function createAlertEvents({ alerts, outlet, timers }: AlertEventsParts): AlertEvents {
  let position: number | undefined

  async function written(): Promise<number> {
    const found = await outlet.largest('alert_event', { number: 'position', text: 'change' })
    if (found === null) return 0
    const [there] = await alerts.changesAfter(found.number - 1, 1)
    const isOurs = there?.position === found.number && there.change.id === found.text
    return isOurs ? found.number : 0
  }

  async function complete(item: { position: number; change: AlertChange }) {
    if (item.change.type !== 'alert.acknowledged') return { ...item, raiseRecordedAt: null }
    const history = await alerts.history(item.change.alert)
    const raise = history.find(({ type }) => type === 'alert.raised')
    return { ...item, raiseRecordedAt: raise?.recordedAt ?? null }
  }

  return {
    async follow() {
      for (;;) {
        position ??= await written()
        const items = await alerts.changesAfter(position, changesPerLook)
        const last = items.at(-1)
        if (last === undefined) return
        const changes: RecordedChange[] = []
        for (const item of items) changes.push(await complete(item))
        await outlet.write(changes.map(alertEventPoint))
        position = last.position
        await yieldTo(timers)
      }
    },
  }
}
