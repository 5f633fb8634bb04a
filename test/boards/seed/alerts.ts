/** Alerts of the city by its rules: what was raised, escalated, acknowledged and resolved, and what is open. */

import { alertEventPoint } from '../../../grafana/feed/alert-points.ts'
import type { OpenAlert } from '../../../grafana/feed/open-alerts.ts'
import type { AlertChange, AlertChangeType, AlertState, AlertView } from '../../../domain/alert.ts'
import { propertyOf } from '../../../domain/catalogue.ts'
import { alertLevels, type Bound, propertyWatched, type Rule } from '../../../domain/rule.ts'
import type { Site } from '../../../domain/site.ts'
import type { BothLanguages } from '../../../domain/text.ts'
import { minuteMs } from '../../../simulators/calendar.ts'
import type { BoardPoint } from '../../../stores/readings/board-points.ts'
import type { BoardCity } from './city.ts'
import type { DeviceHistory } from './readings.ts'

export interface SeededAlert {
  rule: Rule
  history: DeviceHistory
  site: Site
  raisedAt: number
  acknowledgedAt: number | null
  /** Level by time; ends with 0 when it is resolved. */
  levels: { at: number; code: number; value: number; bound: number }[]
}

export function findAlerts(board: BoardCity, histories: readonly DeviceHistory[]): SeededAlert[] {
  return board.rules.flatMap((rule) =>
    histories.flatMap((history) => {
      const site = board.sites.get(history.device.site)
      return site !== undefined && watches(rule, site) ? alertsOf(rule, site, history) : []
    }),
  )
}

function watches({ where, signal }: Rule, { kind, district }: Site): boolean {
  return (
    signal.type === 'value' &&
    (where.kind.length === 0 || where.kind.includes(kind)) &&
    (where.district.length === 0 || where.district.includes(district ?? ''))
  )
}

function alertsOf(rule: Rule, site: Site, history: DeviceHistory): SeededAlert[] {
  const alerts: SeededAlert[] = []
  let open: SeededAlert | undefined
  for (const { at, values } of history.samples) {
    const value = values[propertyWatched(rule)]
    if (value === undefined) continue
    const { code, bound } = levelOf(rule, site, value)
    const before = open?.levels.at(-1)?.code ?? 0
    if (code === before) continue
    if (open === undefined) {
      open = { rule, history, site, raisedAt: at, acknowledgedAt: null, levels: [] }
      open.acknowledgedAt =
        history.device.key % 3 === 0 ? null : at + (4 + (history.device.key % 23)) * minuteMs
      alerts.push(open)
    }
    open.levels.push({ at, code, value, bound })
    if (code === 0) open = undefined
  }
  return alerts
}

function levelOf(rule: Rule, site: Site, value: number): { code: number; bound: number } {
  const sign = rule.direction === 'above' ? 1 : -1
  let found = { code: 0, bound: 0 }
  alertLevels.forEach((level, i) => {
    const bound = boundOf(rule.levels[level], site)
    if (bound !== undefined && sign * value >= sign * bound) found = { code: i + 1, bound }
  })
  return found
}

function boundOf(bound: Bound | undefined, { attributes }: Site): number | undefined {
  if (bound === undefined || typeof bound === 'number') return bound
  const own = attributes[bound.attribute]
  return typeof own === 'number' ? own + bound.plus : undefined
}

const levelTexts = [
  ['resolved', '已解除'],
  ['Blue', '蓝色'],
  ['Yellow', '黄色'],
  ['Orange', '橙色'],
  ['Red', '红色'],
] as const

type Level = SeededAlert['levels'][number]

/** As the sentence of a change says it, in both languages. */
function summaryOf({ rule, site }: SeededAlert, { code, value, bound }: Level): BothLanguages {
  const [en, zh] = levelTexts[code] ?? levelTexts[0]
  return {
    en: `${en}: ${rule.name.en} at ${site.name.en} is ${value}, bound ${bound.toFixed(2)}`,
    zh: `${zh}：${site.name.zh}${rule.name.zh} ${value}，界限 ${bound.toFixed(2)}`,
  }
}

function viewOf(alert: SeededAlert, level: Level, state: AlertState): AlertView {
  const { rule, site, history, raisedAt } = alert
  return {
    id: `${rule.id}-${history.device.id}-${raisedAt}`,
    rule: rule.id,
    level: alertLevels[level.code - 1] ?? 'blue',
    previousLevel: null,
    state,
    site: { id: site.id, name: site.name, location: site.location, district: site.district },
    device: history.device.id,
    property: propertyWatched(rule),
    value: level.value,
    unit: propertyOf(propertyWatched(rule))?.unit ?? '',
    bound: level.bound,
    observedAt: new Date(level.at).toISOString(),
    raisedAt: new Date(raisedAt).toISOString(),
    endedBy: state === 'resolved' ? 'value' : null,
    summary: summaryOf(alert, level),
    url: '',
  }
}

/** In the order of the log, as the feed of the API writes them. */
export function alertEvents({ end }: BoardCity, alerts: readonly SeededAlert[]): BoardPoint[] {
  const changes = alerts
    .flatMap((alert) => changesOf(alert))
    .filter(({ recordedAt }) => recordedAt <= end)
  changes.sort((a, b) => a.recordedAt - b.recordedAt)
  return changes.map((change, i) =>
    alertEventPoint({
      position: i + 1,
      change,
      raiseRecordedAt: Date.parse(change.view.raisedAt) + 1_000,
    }),
  )
}

function changesOf(alert: SeededAlert): AlertChange[] {
  const own = alert.levels.map((level, i) =>
    changeOf(alert, level, typeOf(alert.levels[i - 1]?.code ?? 0, level.code)),
  )
  const { acknowledgedAt } = alert
  const known = acknowledgedAt === null ? undefined : openAt(alert, acknowledgedAt)
  if (acknowledgedAt === null || known === undefined) return own
  return [...own, { ...changeOf(alert, known, 'alert.acknowledged'), recordedAt: acknowledgedAt }]
}

function typeOf(before: number, code: number): AlertChangeType {
  if (code === 0) return 'alert.resolved'
  if (before === 0) return 'alert.raised'
  return code > before ? 'alert.escalated' : 'alert.deescalated'
}

function changeOf(alert: SeededAlert, level: Level, type: AlertChangeType): AlertChange {
  const view = viewOf(alert, level, type === 'alert.resolved' ? 'resolved' : 'firing')
  return {
    id: `${view.id}-${level.at}-${type}`,
    alert: view.id,
    type,
    level: view.level,
    previousLevel: null,
    observedAt: level.at,
    recordedAt: level.at + 1_000,
    value: level.value,
    bound: level.bound,
    actor: null,
    note: null,
    view,
  }
}

/** The alert as it stood at a moment, or undefined when it was not open. */
export function openAt(alert: SeededAlert, at: number): Level | undefined {
  const level = alert.levels.findLast((one) => one.at <= at)
  return level === undefined || level.code === 0 ? undefined : level
}

export function openAlerts(alerts: readonly SeededAlert[], at: number): OpenAlert[] {
  return alerts.flatMap((alert) => {
    const level = openAt(alert, at)
    if (level === undefined) return []
    const isAcknowledged = alert.acknowledgedAt !== null && alert.acknowledgedAt <= at
    return [
      { view: viewOf(alert, level, isAcknowledged ? 'acknowledged' : 'firing'), isAcknowledged },
    ]
  })
}
