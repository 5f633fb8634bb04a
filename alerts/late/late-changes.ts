/**
 * From the accounts of a second look to what is recorded and told of it. What is only missing is told by its own name,
 * as late. Where something recorded did not happen, one `alert.corrected` tells how the alert stands, and the end is
 * told as the end; the rest is for the record.
 */

import type { AlertChange, AlertView } from '../../domain/alert.ts'
import { alertLevels } from '../../domain/rule.ts'
import type { RevisedAlert, Revision } from '../../stores/records/alert-log.ts'
import { changeByCorrection, changeByReading, lateAlertId } from '../lifecycle/change.ts'
import type { Account } from './comparison.ts'
import type { SeriesRule } from '../rules/rule-lookup.ts'
import type { Watch } from '../lifecycle/watch.ts'

export interface LateNews {
  revision: Revision
  /** The alert that is open now, as it stands; null when none is. */
  open: AlertView | null
}

export interface LateParts {
  series: SeriesRule
  watch: Watch
  /** As on record, by alert. */
  views: ReadonlyMap<string, AlertView>
  learnedAt: number
}

interface Draft {
  revised: RevisedAlert
  changes: AlertChange[]
  told: AlertChange[]
  withdrawn: string[]
  /** Whether it differs from what is on record. */
  isNews: boolean
}

export function lateNews(parts: LateParts, accounts: readonly Account[]): LateNews {
  const drafts = accounts.map((account) => draftOf(parts, account))
  const news = drafts.filter(({ isNews }) => isNews)
  const open = drafts.find(({ revised }) => revised.view.state !== 'resolved')
  const alerts = news.map(({ revised }) => revised)
  alerts.sort((a, b) => Number(isOpen(a)) - Number(isOpen(b)))
  return {
    revision: {
      withdrawn: news.flatMap(({ withdrawn }) => withdrawn),
      changes: news.flatMap(({ changes }) => changes),
      told: news.flatMap(({ told }) => told),
      alerts,
      learnedAt: parts.learnedAt,
    },
    open: open?.revised.view ?? null,
  }
}

function isOpen({ view }: RevisedAlert): boolean {
  return view.state !== 'resolved'
}

function draftOf(parts: LateParts, account: Account): Draft {
  const { alert, changes, withdrawn, isGoingOn } = account
  const known = alert === null ? undefined : parts.views.get(alert)
  if (changes.length === 0 && !isGoingOn && known !== undefined) {
    return withdrawal(parts, known, withdrawn)
  }
  const isOver = changes.at(-1)?.happened.type === 'alert.resolved'
  const { view, missing } = walk(parts, account, isOver)
  const isNews = missing.length > 0 || withdrawn.length > 0
  const wasOpen = known !== undefined && known.state !== 'resolved'
  const isRaised = known !== undefined && severity(view) > severity(known)
  const revised = { view, isWithdrawn: false, isRaised: isRaised || (!wasOpen && !isOver) }
  const draft = { revised, isNews, withdrawn: withdrawn.map(({ id }) => id) }
  if (withdrawn.length === 0) return { ...draft, changes: missing, told: missing }

  const ends = missing.filter(({ type }) => type === 'alert.resolved' && wasOpen)
  const corrected = correction(parts, view, { isOver })
  return { ...draft, changes: [...missing, corrected], told: [corrected, ...ends] }
}

/** The alert step by step: as it stands in the end, and the changes that are not on record. */
function walk(
  parts: LateParts,
  { alert, changes, isGoingOn }: Account,
  isOver: boolean,
): { view: AlertView; missing: AlertChange[] } {
  const { series, watch, views, learnedAt } = parts
  const known = alert === null ? null : (views.get(alert) ?? null)
  const missing: AlertChange[] = []
  let view: AlertView | null = isGoingOn && known !== null ? { ...known, state: 'firing' } : null
  for (const { happened, recorded } of changes) {
    const moment = { observedAt: Math.floor(happened.at), recordedAt: learnedAt }
    const id = alert ?? view?.id ?? lateAlertId(watch, moment)
    const before = { ...watch, life: { ...watch.life, at: happened.at }, value: happened.value }
    const made: AlertChange =
      recorded ??
      changeByReading(happened, { ...before, alert: view }, series, {
        ...{ ...moment, late: { isOver: isOver && happened.type !== 'alert.resolved' }, alert: id },
      })
    if (recorded === null) missing.push(made)
    view = { ...made.view, raisedAt: view?.raisedAt ?? made.view.observedAt }
  }
  if (view === null) throw new Error('An alert without a change cannot have been open.')
  return { view, missing }
}

function withdrawal(parts: LateParts, known: AlertView, withdrawn: readonly AlertChange[]): Draft {
  const view: AlertView = { ...known, state: 'resolved', endedBy: 'value', previousLevel: null }
  const corrected = correction(parts, view, { isOver: true, isWithdrawn: true })
  return {
    revised: { view: corrected.view, isWithdrawn: true, isRaised: false },
    ...{ changes: [corrected], told: [corrected], isNews: true },
    withdrawn: withdrawn.map(({ id }) => id),
  }
}

function correction(
  { watch, series, learnedAt }: LateParts,
  alert: AlertView,
  late: { isOver: boolean; isWithdrawn?: boolean },
): AlertChange {
  const at = Date.parse(alert.observedAt)
  const value = alert.value ?? watch.value
  const stands = { ...watch, life: { ...watch.life, at }, value, alert }
  return changeByCorrection(stands, series, { observedAt: at, recordedAt: learnedAt, late })
}

function severity({ level }: AlertView): number {
  return alertLevels.indexOf(level)
}
