/**
 * Writes of the alert log that change alerts: recordings of the alerts role, acknowledgements of the API.
 * Each is one transaction that runs within one turn of the event loop, so the two compose from any thread.
 */

import { type AlertChange, type AlertView, subjectOf } from '../../domain/alert.ts'
import { type AlertFlags, stateOf } from '../../domain/alert-message.ts'
import { Fault } from '../../domain/errors.ts'
import { type Audience, mutedBy } from '../../domain/webhook-route.ts'
import type { SqliteDatabase } from '../sqlite.ts'
import type { Hearing } from './alert-hearing.ts'
import type { Recording } from './alert-log.ts'
import type { AlertTable } from './alert-log-schema.ts'
import { createRevising } from './alert-revision.ts'

type Row = Pick<AlertTable, 'acknowledged' | 'stale' | 'resolved' | 'view' | 'rule' | 'device'> &
  Pick<AlertTable, 'property'>

const nobody: Audience = { webhooks: [], silences: [] }

export interface Acknowledgement {
  id: string
  actor: string
  note: string | null
  at: number
}

export function createRecording(db: SqliteDatabase, hearing: Hearing) {
  const find = db.prepare<[string], Row>(
    'SELECT rule, device, property, acknowledged, stale, resolved, view FROM alert WHERE id = ?',
  )
  const isRecorded = db.prepare(
    `SELECT 1 FROM alert_change
     WHERE rule = ? AND device = ? AND property = ? AND observed_at = ? AND type = ?
       AND withdrawn_at IS NULL`,
  )
  const isOpen = db.prepare(
    'SELECT 1 FROM alert WHERE rule = ? AND device = ? AND property = ? AND resolved = 0',
  )
  const insertAlert = db.prepare(
    `INSERT INTO alert (id, rule, device, property, site, level, raised_at, acknowledged, stale, resolved, view)
     VALUES (@id, @rule, @device, @property, @site, @level, @raisedAt, 0, 0, 0, @view)`,
  )
  const updateAlert = db.prepare(
    `UPDATE alert SET level = @level, acknowledged = @acknowledged, stale = @stale,
       resolved = @resolved, ended_at = @endedAt, view = @view WHERE id = @id`,
  )
  const insertChange = db.prepare(
    `INSERT INTO alert_change (id, alert, rule, device, property, observed_at, type, body)
     VALUES (@id, @alert, @rule, @device, @property, @observedAt, @type, @body)`,
  )
  const saveWatch = db.prepare(
    `INSERT INTO watch (rule, device, property, state) VALUES (@rule, @device, @property, @state)
     ON CONFLICT DO UPDATE SET state = excluded.state`,
  )
  const dropWatch = db.prepare(
    'DELETE FROM watch WHERE rule = @rule AND device = @device AND property = @property',
  )
  const saveRetries = db.prepare('UPDATE progress SET retries = ?')
  const revise = createRevising(db, hearing)
  const saveCursor = db.prepare('UPDATE progress SET cursor = ?')

  /** Writes the change and the alert as it stands after it, and tells it; the state comes from the flags. */
  function write(change: AlertChange, flags: AlertFlags, audience: Audience): AlertChange {
    const silences = mutedBy(change.view, audience.silences, change.recordedAt)
    const view = { ...change.view, state: stateOf(flags) }
    const written = { ...change, mutedBy: silences, view }
    save(written, flags)
    hearing.tell(written, audience, silences.length > 0)
    return written
  }

  function save(written: AlertChange, flags: AlertFlags): void {
    const { rule, property, site, level } = written.view
    const device = subjectOf(written.view)
    const view = JSON.stringify(written.view)
    const { id, alert, observedAt, type } = written
    if (type === 'alert.raised') {
      const raisedAt = Date.parse(written.view.raisedAt)
      const siteId = site?.id ?? null
      insertAlert.run({ id: alert, rule, device, property, site: siteId, level, raisedAt, view })
    } else {
      const endedAt = flags.resolved ? observedAt : null
      updateAlert.run({ id: alert, level, view, endedAt, ...numbers(flags) })
    }
    const body = JSON.stringify(written)
    insertChange.run({ id, alert, rule, device, property, observedAt, type, body })
  }

  /** Null when it was recorded before, or does not fit the alert as it stands. */
  function apply(change: AlertChange, audience: Audience): AlertChange | null {
    const { rule, property } = change.view
    const device = subjectOf(change.view)
    const known = find.get(change.alert)
    if (change.type === 'alert.raised') {
      if (known !== undefined || isOpen.get(rule, device, property) !== undefined) return null
    } else if (known === undefined || known.resolved === 1) return null
    const key = [rule, device, property, change.observedAt, change.type] as const
    if (isRecorded.get(...key) !== undefined) return null
    return write(change, flagsAfter(change, known), audience)
  }

  const record = db.transaction((recording: Recording): AlertChange[] => {
    const written: AlertChange[] = []
    for (const change of recording.changes) {
      const done = apply(change, recording.audience ?? nobody)
      if (done !== null) written.push(done)
    }
    for (const revision of recording.revisions ?? []) {
      written.push(...revise(revision, recording.audience ?? nobody))
    }
    if (recording.retries !== undefined) saveRetries.run(recording.retries)
    for (const watch of recording.forget ?? []) dropWatch.run(watch)
    for (const watch of recording.watches) saveWatch.run(watch)
    if (recording.cursor !== undefined) saveCursor.run(recording.cursor)
    return written
  })

  const acknowledge = db.transaction(
    (alert: string, by: Acknowledgement, audience: Audience): AlertView => {
      const row = find.get(alert)
      if (row === undefined) throw new Fault('not_found', `There is no alert ${alert}.`)
      if (row.resolved === 1) {
        throw new Fault(
          'impossible',
          `Alert ${alert} is resolved; there is nothing to acknowledge.`,
        )
      }
      if (row.acknowledged === 1) {
        throw new Fault('conflict', `Alert ${alert} is acknowledged already.`)
      }
      const change = acknowledgement(alert, by, JSON.parse(row.view) as AlertView)
      return write(change, { ...flagsOf(row), acknowledged: true }, audience).view
    },
  )

  return { record: record.immediate, acknowledge: acknowledge.immediate }
}

function acknowledgement(alert: string, by: Acknowledgement, last: AlertView): AlertChange {
  const view = { ...last, previousLevel: null }
  return {
    id: by.id,
    alert,
    type: 'alert.acknowledged',
    level: view.level,
    previousLevel: null,
    observedAt: by.at,
    recordedAt: by.at,
    value: view.value,
    bound: view.bound,
    actor: by.actor,
    note: by.note,
    view,
  }
}

function flagsOf(row: Row | undefined): AlertFlags {
  return {
    acknowledged: row?.acknowledged === 1,
    stale: row?.stale === 1,
    resolved: row?.resolved === 1,
  }
}

/** What someone acknowledged was the lower level: an escalation asks again. */
function flagsAfter({ type }: AlertChange, row: Row | undefined): AlertFlags {
  const flags = flagsOf(row)
  switch (type) {
    case 'alert.escalated':
      return { ...flags, acknowledged: false }
    case 'alert.acknowledged':
      return { ...flags, acknowledged: true }
    case 'alert.stale':
      return { ...flags, stale: true }
    case 'alert.resumed':
      return { ...flags, stale: false }
    case 'alert.resolved':
      return { ...flags, resolved: true }
    case 'alert.raised':
    case 'alert.deescalated':
    case 'alert.corrected':
      return flags
  }
}

function numbers(flags: AlertFlags): { acknowledged: number; stale: number; resolved: number } {
  return {
    acknowledged: Number(flags.acknowledged),
    stale: Number(flags.stale),
    resolved: Number(flags.resolved),
  }
}
