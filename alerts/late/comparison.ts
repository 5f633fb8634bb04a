/**
 * What readings in order would have given, beside what is recorded of the same time: which alert each episode is, which
 * changes stand, which are missing, and which did not happen. Pure.
 */

import type { AlertChange } from '../../domain/alert.ts'
import type { DatedChange } from './timeline.ts'

export interface Compared {
  /** The alert that was open where both begin, or null. */
  open: string | null
  /** Rising in time. */
  happened: readonly DatedChange[]
  /** Changes of level that stand, rising in time. */
  recorded: readonly AlertChange[]
  /** Also the value of a change must be the same; not where later readings move it, as in windows. */
  byValue: boolean
}

/** One alert as it was, beside as it is on record. */
export interface Account {
  /** Null: of this one nothing is on record. */
  alert: string | null
  /** In order, each with what is on record of it. Empty: nothing happened, unless the alert was open before. */
  changes: readonly { happened: DatedChange; recorded: AlertChange | null }[]
  withdrawn: readonly AlertChange[]
  /** It was open where both begin. */
  isGoingOn: boolean
}

interface Span {
  from: number
  to: number
}

interface Episode extends Span {
  changes: DatedChange[]
  isGoingOn: boolean
}

/** Accounts of all alerts, in the order in which they begin. */
export function compare(compared: Compared): Account[] {
  const episodes = episodesOf(compared)
  const alerts = alertsOf(compared)
  const matched = match(compared, episodes, alerts)
  const accounts = episodes.map((episode) => accountOf(compared, episode, matched.get(episode)))
  const taken = new Set([...matched.values()].map(({ alert }) => alert))
  for (const { alert, changes } of alerts) {
    if (taken.has(alert)) continue
    accounts.push({ alert, changes: [], withdrawn: changes, isGoingOn: false })
  }
  return accounts.sort((a, b) => beginOf(a) - beginOf(b))
}

function beginOf({ changes, withdrawn, isGoingOn }: Account): number {
  if (isGoingOn) return Number.NEGATIVE_INFINITY
  return changes[0]?.happened.at ?? withdrawn[0]?.observedAt ?? 0
}

function episodesOf({ open, happened }: Compared): Episode[] {
  const episodes: Episode[] = []
  const endless = Number.POSITIVE_INFINITY
  if (open !== null) {
    episodes.push({ from: Number.NEGATIVE_INFINITY, to: endless, changes: [], isGoingOn: true })
  }
  for (const change of happened) {
    if (change.type === 'alert.raised') {
      episodes.push({ from: change.at, to: endless, changes: [], isGoingOn: false })
    }
    const last = episodes.at(-1)
    if (last === undefined) continue
    last.changes.push(change)
    if (change.type === 'alert.resolved') last.to = change.at
  }
  return episodes
}

interface Recorded extends Span {
  alert: string
  changes: AlertChange[]
}

function alertsOf({ open, recorded }: Compared): Recorded[] {
  const endless = Number.POSITIVE_INFINITY
  const alerts = new Map<string, Recorded>()
  if (open !== null) {
    alerts.set(open, { alert: open, from: Number.NEGATIVE_INFINITY, to: endless, changes: [] })
  }
  for (const change of recorded) {
    const { alert, observedAt, type } = change
    const own = alerts.get(alert) ?? { alert, from: observedAt, to: endless, changes: [] }
    alerts.set(alert, own)
    own.changes.push(change)
    if (type === 'alert.resolved') own.to = observedAt
  }
  return [...alerts.values()]
}

/** The later first: an alert that is open keeps its name, whatever becomes part of it. */
function match(
  { open }: Compared,
  episodes: readonly Episode[],
  alerts: readonly Recorded[],
): Map<Episode, Recorded> {
  const matched = new Map<Episode, Recorded>()
  const free = new Set(alerts)
  function take(episode: Episode, own: Recorded | undefined): void {
    if (own === undefined) return
    matched.set(episode, own)
    free.delete(own)
  }
  const [first] = episodes
  if (first?.isGoingOn === true)
    take(
      first,
      alerts.find(({ alert }) => alert === open),
    )
  for (const episode of [...episodes].reverse()) {
    if (matched.has(episode)) continue
    const own = [...free].reverse().find(({ from, to }) => from <= episode.to && to >= episode.from)
    take(episode, own)
  }
  return matched
}

function accountOf(
  { byValue }: Compared,
  { changes, isGoingOn }: Episode,
  own: Recorded | undefined,
): Account {
  const free = new Set(own?.changes ?? [])
  const pairs = changes.map((happened) => {
    const recorded = [...free].find((change) => isSame(change, happened, byValue)) ?? null
    if (recorded !== null) free.delete(recorded)
    return { happened, recorded }
  })
  return { alert: own?.alert ?? null, changes: pairs, withdrawn: [...free], isGoingOn }
}

function isSame(recorded: AlertChange, happened: DatedChange, byValue: boolean): boolean {
  return (
    recorded.type === happened.type &&
    recorded.observedAt === Math.floor(happened.at) &&
    recorded.level === happened.level &&
    (!byValue || recorded.value === happened.value)
  )
}
