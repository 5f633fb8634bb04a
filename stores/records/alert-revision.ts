/**
 * What was learned late of an alert, written into the log: changes are withdrawn and added, and the alert is put as it
 * stands now. Inside the caller's transaction; writing the same revision again changes nothing.
 */

import { type AlertChange, subjectOf } from '../../domain/alert.ts'
import { stateOf } from '../../domain/alert-message.ts'
import { type Audience, mutedBy } from '../../domain/webhook-route.ts'
import type { SqliteDatabase } from '../sqlite.ts'
import type { Hearing } from './alert-hearing.ts'
import type { RevisedAlert, Revision } from './alert-log.ts'
import type { AlertTable } from './alert-log-schema.ts'

type Flags = Pick<AlertTable, 'acknowledged' | 'stale'>

export type Revising = (revision: Revision, audience: Audience) => AlertChange[]

export function createRevising(db: SqliteDatabase, hearing: Hearing): Revising {
  const findFlags = db.prepare<[string], Flags>(
    'SELECT acknowledged, stale FROM alert WHERE id = ?',
  )
  const putAlert = db.prepare(
    `INSERT INTO alert (id, rule, device, property, site, level, raised_at, acknowledged, stale, resolved, withdrawn,
       ended_at, view)
     VALUES (@id, @rule, @device, @property, @site, @level, @raisedAt, @acknowledged, @stale, @resolved, @withdrawn,
       @endedAt, @view)
     ON CONFLICT (id) DO UPDATE SET level = excluded.level, raised_at = excluded.raised_at,
       acknowledged = excluded.acknowledged, resolved = excluded.resolved, withdrawn = excluded.withdrawn,
       ended_at = excluded.ended_at, view = excluded.view`,
  )
  const insertChange = db.prepare(
    `INSERT INTO alert_change (id, alert, rule, device, property, observed_at, type, body)
     VALUES (@id, @alert, @rule, @device, @property, @observedAt, @type, @body)
     ON CONFLICT DO NOTHING`,
  )
  const withdraw = db.prepare(
    'UPDATE alert_change SET withdrawn_at = ? WHERE id = ? AND withdrawn_at IS NULL',
  )

  function flagsOf(alert: string): Flags {
    return findFlags.get(alert) ?? { acknowledged: 0, stale: 0 }
  }

  /** As it is told and shown: what people and the clock said of an alert that is open still holds. */
  function stated(view: AlertChange['view'], { acknowledged, stale }: Flags) {
    const resolved = view.state === 'resolved'
    const flags = { resolved, stale: stale === 1, acknowledged: acknowledged === 1 }
    return { ...view, state: stateOf(flags) }
  }

  function put({ view, isWithdrawn, isRaised }: RevisedAlert): void {
    const known = flagsOf(view.id)
    const flags = isRaised ? { ...known, acknowledged: 0 } : known
    putAlert.run({
      ...flags,
      id: view.id,
      rule: view.rule,
      device: subjectOf(view),
      property: view.property,
      site: view.site?.id ?? null,
      level: view.level,
      raisedAt: Date.parse(view.raisedAt),
      resolved: Number(view.state === 'resolved'),
      endedAt: view.state === 'resolved' ? Date.parse(view.observedAt) : null,
      withdrawn: Number(isWithdrawn),
      view: JSON.stringify(stated(view, flags)),
    })
  }

  function add(change: AlertChange, silences: readonly string[]): AlertChange {
    const { id, alert, observedAt, type, view } = change
    const written = { ...change, mutedBy: silences, view: stated(view, flagsOf(alert)) }
    const { rule, property } = view
    const device = subjectOf(view)
    const body = JSON.stringify(written)
    insertChange.run({ id, alert, rule, device, property, observedAt, type, body })
    return written
  }

  return ({ withdrawn, changes, told, alerts, learnedAt }, audience) => {
    for (const id of withdrawn) withdraw.run(learnedAt, id)
    for (const alert of alerts) put(alert)
    const written = new Map<string, AlertChange>()
    for (const change of changes) {
      written.set(change.id, add(change, mutedBy(change.view, audience.silences, learnedAt)))
    }
    for (const { id } of told) {
      const change = written.get(id)
      if (change !== undefined) hearing.tell(change, audience, (change.mutedBy?.length ?? 0) > 0)
    }
    return [...written.values()]
  }
}
