/** Alerts and their changes for the tests of this folder. */

import type { AlertChange, AlertChangeType, AlertView } from '../../domain/alert.ts'
import type { AlertLevel } from '../../domain/rule.ts'
import type { Audience } from '../../domain/webhook-route.ts'
import type { AlertLog } from '../../stores/records/alert-log.ts'
import { noon } from './city-api.ts'

export interface Happening {
  alert?: string
  type?: AlertChangeType
  level?: AlertLevel
  at?: number
  device?: string
  site?: string | null
  rule?: string
}

/** Records one change of an alert; nobody is told unless an audience is given. */
export async function happen(
  log: AlertLog,
  what: Happening = {},
  audience: Audience = { webhooks: [], silences: [] },
): Promise<AlertChange> {
  const { alert = 'alert-1', type = 'alert.raised', level = 'yellow', at = noon } = what
  const change: AlertChange = {
    id: `${alert}-${type}-${at}`,
    alert,
    type,
    level,
    previousLevel: null,
    observedAt: at,
    recordedAt: at + 50,
    value: 9.4,
    bound: 9.3,
    actor: null,
    note: null,
    view: viewOf(what),
  }
  await log.record({ watches: [], changes: [change], audience })
  return change
}

export function viewOf(what: Happening): AlertView {
  const { alert = 'alert-1', level = 'yellow', at = noon, device = alert, rule = 'stage' } = what
  const { type = 'alert.raised', site = 'g-1' } = what
  return {
    id: alert,
    rule,
    level,
    previousLevel: null,
    state: type === 'alert.resolved' ? 'resolved' : 'firing',
    site:
      site === null
        ? null
        : { id: site, name: { zh: '水位站' }, location: [118.78, 32.05], district: '320106' },
    device,
    property: 'water_level',
    value: 9.4,
    unit: 'm',
    bound: 9.3,
    observedAt: new Date(at).toISOString(),
    raisedAt: new Date(at).toISOString(),
    endedBy: type === 'alert.resolved' ? 'value' : null,
    summary: { en: 'Water level above warning', zh: '水位超警戒' },
    url: `/api/v1/alerts/${alert}`,
  }
}
