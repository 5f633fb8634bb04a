/**
 * Makes the recorded change of an alert out of what the lifecycle found. The ids of an alert and of a change
 * follow from what they are about, so the same change computed twice has the same id, and a receiver that
 * drops repeated ids is told once.
 */

import { createHash } from 'node:crypto'
import {
  type AlertChange,
  type AlertChangeType,
  type AlertView,
  type EndedBy,
  siteOfSubject,
} from '../../domain/alert.ts'
import { propertyOf } from '../../domain/catalogue.ts'
import type { Rule } from '../../domain/rule.ts'
import type { Site } from '../../domain/site.ts'
import type { BothLanguages, Name } from '../../domain/text.ts'
import { editThatEnded, sourceOf } from './ending.ts'
import type { LevelChange } from './lifecycle.ts'
import type { SeriesRule } from '../rules/rule-lookup.ts'
import { baseUnitOf, unitOf } from './signal.ts'
import { type Lateness, type Occasion, type Reason, reasons, summaryOf } from './summary.ts'
import type { Watch } from './watch.ts'

export interface Moment {
  /** Of the reading, or of the clock; milliseconds since 1970 UTC. */
  observedAt: number
  recordedAt: number
}

/** Of a change that is not told as it happens. */
export interface LateMoment extends Moment {
  late: Omit<Lateness, 'seconds'>
  /** Of the alert; what the change is about gives it unless it is set. */
  alert?: string
}

/** A change that a reading caused; `watch` stands as after the reading. */
export function changeByReading(
  found: Pick<LevelChange, 'level' | 'previousLevel' | 'bound'> & { type: Occasion['type'] },
  watch: Watch,
  series: SeriesRule,
  moment: Moment | LateMoment,
): AlertChange {
  const { rule, site } = series
  const last = watch.alert
  const late = latenessOf(moment)
  const observedAt = timeText(watch.life.at)
  const id = last?.id ?? aboutOf(moment) ?? idOf('alr', watch, moment.observedAt, 'alert')
  const bound = found.bound ?? last?.bound ?? watch.value
  const unit = unitOf(rule)
  const isOver = found.type === 'alert.resolved'
  const reason = isOver && last !== null ? editThatEnded(last, watch.value, series) : null
  const summary = summaryOf({
    ...found,
    direction: rule.direction,
    signal: rule.signal,
    subject: subjectOf(rule, watch.property),
    place: namesOf(site?.name, undefined, site?.id ?? watch.device),
    value: watch.value,
    bound,
    unit: baseUnitOf(rule),
    reason,
    ...(late === undefined ? {} : { late }),
  })
  const view: AlertView = {
    id,
    rule: rule.id,
    level: found.level,
    previousLevel: found.previousLevel,
    state: isOver ? 'resolved' : 'firing',
    site: site === undefined ? null : placeOf(site),
    device: siteOfSubject(watch.device) === null ? watch.device : null,
    property: watch.property,
    value: watch.value,
    unit,
    bound,
    // Data that comes again tells nothing new of the bound.
    boundFrom:
      found.type === 'alert.resumed' ? (last?.boundFrom ?? null) : sourceOf(rule, found.level),
    observedAt,
    raisedAt: last?.raisedAt ?? observedAt,
    endedBy: isOver ? enderOf(reason) : null,
    learnedAt: late === undefined ? observedAt : timeText(moment.recordedAt),
    late: late !== undefined,
    summary,
    url: `/api/v1/alerts/${id}`,
  }
  return change(found.type, view, watch, moment, noteOf(reason))
}

function placeOf({ id, name, location, district, kind }: Site): NonNullable<AlertView['site']> {
  return { id, name, location, district, kind }
}

function enderOf(reason: Reason | null): EndedBy {
  return reason === null ? 'value' : reasons[reason].endedBy
}

function noteOf(reason: Reason | null): string | null {
  return reason === null ? null : reasons[reason].en
}

/** A change by the clock or by an edit of the registry: the alert is as it was last, whatever is left of its rule. */
export function changeByClock(
  type: 'alert.stale' | 'alert.resolved',
  watch: Watch & { alert: AlertView },
  options: { series: SeriesRule | undefined; reason: Reason | null; now: number },
): AlertChange {
  const { alert } = watch
  const { series, reason, now } = options
  const rule = series?.rule
  const summary = summaryOf({
    type,
    level: alert.level,
    previousLevel: null,
    direction: rule?.direction ?? 'above',
    signal: rule?.signal ?? { type: 'value' },
    subject:
      rule === undefined
        ? namesOf(undefined, propertyOf(alert.property)?.name, alert.rule)
        : subjectOf(rule, alert.property),
    place: namesOf(alert.site?.name, undefined, alert.site?.id ?? watch.device),
    value: watch.value,
    bound: alert.bound,
    unit: rule === undefined ? alert.unit : baseUnitOf(rule),
    reason,
  })
  const view: AlertView = {
    ...alert,
    previousLevel: null,
    state: type === 'alert.resolved' ? 'resolved' : 'stale',
    endedBy: type === 'alert.resolved' ? enderOf(reason) : null,
    value: watch.value,
    observedAt: timeText(watch.life.at),
    learnedAt: timeText(watch.life.at),
    late: false,
    summary,
  }
  return change(type, view, watch, { observedAt: now, recordedAt: now }, noteOf(reason))
}

function change(
  type: AlertChangeType,
  view: AlertView,
  watch: Watch,
  moment: Moment | LateMoment,
  note: string | null,
): AlertChange {
  const { observedAt, recordedAt } = moment
  const isLate = 'late' in moment
  // What was withdrawn can turn out to have happened after all, and is another message then.
  const what = isLate ? `${type}\n${view.id}\n${recordedAt}` : type
  return {
    id: idOf('msg', watch, observedAt, what),
    alert: view.id,
    type,
    level: view.level,
    previousLevel: view.previousLevel,
    observedAt,
    recordedAt,
    ...(isLate ? { late: true } : {}),
    value: view.value,
    bound: view.bound,
    actor: null,
    note,
    view,
  }
}

function latenessOf(moment: Moment | LateMoment): Lateness | undefined {
  if (!('late' in moment)) return undefined
  const seconds = Math.max(0, moment.recordedAt - moment.observedAt) / 1_000
  return { ...moment.late, seconds }
}

function aboutOf(moment: Moment | LateMoment): string | undefined {
  return 'late' in moment ? moment.alert : undefined
}

/** Of an alert that became known late; another one when it was withdrawn and comes back. */
export function lateAlertId(watch: Subject, { observedAt, recordedAt }: Moment): string {
  return idOf('alr', watch, observedAt, `late alert\n${recordedAt}`)
}

/** `watch.alert` is the alert as it stands after the correction. */
export function changeByCorrection(
  watch: Watch & { alert: AlertView },
  series: SeriesRule,
  moment: LateMoment,
): AlertChange {
  const { level, bound, state, observedAt, endedBy } = watch.alert
  const found = { type: 'alert.corrected', level, previousLevel: null, bound } as const
  const made = changeByReading(found, watch, series, moment)
  return { ...made, view: { ...made.view, state, observedAt, endedBy } }
}

type Subject = Pick<Watch, 'rule' | 'device' | 'property'>

/** 22 characters of base64url hold 132 bits of the hash. */
function idOf(prefix: string, of: Subject, observedAt: number, what: string): string {
  const text = [of.rule, of.device, of.property, observedAt, what].join('\n')
  return `${prefix}_${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`
}

/** A name of a rule stands for its signal; where the sentence tells the signal itself, what is measured does. */
function subjectOf({ id, name, signal }: Rule, code: string): BothLanguages {
  const property = propertyOf(code)
  if (signal.type === 'value' || signal.type === 'index') return namesOf(name, property?.name, id)
  if (signal.type !== 'sum' || property === undefined) return namesOf(property?.name, undefined, id)
  // "12 h sum of Rain", where a single reading is "Rain in the interval".
  const { en, zh } = property.name
  return { en: en.replace(/ in the interval$/, ''), zh: zh.replace(/^时段/, '') }
}

/** The name in each language, or in the other one, or what else there is. */
function namesOf(
  name: Name | undefined,
  second: BothLanguages | undefined,
  last: string,
): BothLanguages {
  return {
    en: name?.en ?? name?.zh ?? second?.en ?? last,
    zh: name?.zh ?? name?.en ?? second?.zh ?? last,
  }
}

/** Moments of readings ahead of their receipt have parts of a millisecond, which a date drops. */
function timeText(at: number): string {
  return new Date(at).toISOString()
}
