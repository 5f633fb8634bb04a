/** Alerts and their changes as points. */

import type { AlertChange, AlertView } from '../../domain/alert.ts'
import type { BoardPoint } from '../../stores/readings/board-points.ts'
import { levelCode } from './level-code.ts'

export interface RecordedChange {
  /** In the alert log. */
  position: number
  change: AlertChange
  /** When the raise of its alert was recorded; asked for of acknowledgements only. */
  raiseRecordedAt: number | null
}

/**
 * Several changes of one alert may be recorded within one millisecond, and points of the same time and tags would
 * replace each other. So the position in the log stands behind the point of the time.
 */
export function alertEventPoint({ position, change, raiseRecordedAt }: RecordedChange): BoardPoint {
  const { type, level, view, recordedAt, observedAt } = change
  const isOver = view.state === 'resolved'
  const isTaken = type === 'alert.acknowledged' && raiseRecordedAt !== null
  const { rule, site, summary } = view
  return {
    measurement: 'alert_event',
    tags: { ...subjectTags(view), type: type.replace(/^alert\./, '') },
    fields: {
      level_code: isOver ? 0 : levelCode(level),
      level,
      text_en: summary.en,
      text_zh: summary.zh,
      tags: [level, rule, ...(site === null ? [] : [site.id])].join(','),
      alert: view.id,
      state: view.state,
      value: change.value,
      bound: change.bound,
      ack_s: isTaken ? seconds(recordedAt - raiseRecordedAt) : null,
      open_s: type === 'alert.resolved' ? seconds(observedAt - Date.parse(view.raisedAt)) : null,
      position,
      change: change.id,
    },
    at: recordedAt + (position % 1_000) / 1_000,
  }
}

/** Level 0 and acknowledged when it is over: boards would show it for two more minutes without a last point. */
export function openAlertPoint(
  { view, isAcknowledged }: { view: AlertView; isAcknowledged: boolean },
  at: number,
): BoardPoint {
  const isOver = view.state === 'resolved'
  return {
    measurement: 'alert_open',
    tags: subjectTags(view),
    fields: {
      level_code: isOver ? 0 : levelCode(view.level),
      state: view.state,
      acknowledged: isOver || isAcknowledged ? 1 : 0,
      value: view.value,
      bound: view.bound,
      raised_ms: Date.parse(view.raisedAt),
      text_en: view.summary.en,
      text_zh: view.summary.zh,
    },
    at,
  }
}

/** The site as it was when the alert was raised. */
function subjectTags({ rule, site, device, property }: AlertView): BoardPoint['tags'] {
  return { rule, site: site?.id ?? null, district: site?.district ?? null, device, property }
}

function seconds(ms: number): number {
  return Math.max(0, ms) / 1_000
}
