/**
 * A watch is one rule on one series, or on one site for a rule on an index: its lifecycle, when it was last fed, and the open alert, if any. The book holds all
 * watches in memory and knows which the alert log has not seen yet.
 *
 * A watch may be written before the journal cursor reaches it, never after: observations up to its `at` are
 * ignored when the journal is read again, so a restart neither repeats nor misses a change.
 */

import { type AlertView, subjectOf } from '../../domain/alert.ts'
import { type AlertLevel, alertLevelSchema } from '../../domain/rule.ts'
import type { WatchState } from '../../stores/records/alert-log.ts'
import { isQuiet, type LevelClock, type Lifecycle, type Observation } from './lifecycle.ts'

export interface Watch {
  rule: string
  /** Or `/` and a site, as `subjectOf` makes it. */
  device: string
  property: string
  life: Lifecycle
  /** Value of the last observation counted. */
  value: number
  /** When the last observation counted was received, milliseconds since 1970 UTC. */
  seenAt: number
  stale: boolean
  /** The open alert as it was after its last change of our own. */
  alert: AlertView | null
  /** Absent until the next observation when an edit ended the alert, or an earlier version wrote the watch. */
  ground?: Ground
  /** All that counted since then was inside every bound; null while something is open or on its way. */
  calmSince: number | null
  /** What has to be looked at again. */
  redo?: Redo
  /** Kept while a second look is under way: what was observed meanwhile. */
  meanwhile?: Observation[]
}

/** From where on everything follows from the readings, by the rule as it is: what was before stands as it is. */
export interface Ground {
  /** `Criteria.terms` */
  terms: string
  /** Readings received before were not judged by these terms; milliseconds since 1970 UTC. */
  receivedFrom: number
  /** The last observation before, and the level then. */
  at: number
  level: AlertLevel | null
}

/** A stretch of observed time in which readings came late or in the place of others. */
export interface Redo {
  from: number
  to: number
  /** Journal position of the last of them: the readings store must have come as far. */
  seq: number
}

export interface WatchBook {
  /** By `watchKey`. */
  get(key: string): Watch | undefined
  add(watch: Watch): void
  /** To be written, and counted as open or not; call it after every change of the watch. */
  touch(watch: Watch, wasQuiet: boolean): void
  /** Takes it out; the caller tells the log. */
  remove(watch: Watch): void
  all(): Iterable<Watch>
  open(): ReadonlySet<Watch>
  /** Up to `urgentMax` watches with something at stake and `quietMax` others, and takes them off the list. */
  unwritten(urgentMax: number, quietMax: number): Watch[]
  readonly urgentCount: number
  readonly quietCount: number
}

export function createWatchBook(): WatchBook {
  const watches = new Map<string, Watch>()
  const open = new Set<Watch>()
  const urgent = new Set<Watch>()
  const quiet = new Set<Watch>()
  return {
    get: (key) => watches.get(key),
    add(watch) {
      watches.set(watchKey(watch), watch)
      if (watch.alert !== null) open.add(watch)
    },
    touch(watch, wasQuiet) {
      if (watch.alert === null) open.delete(watch)
      else open.add(watch)
      if (wasQuiet && isQuiet(watch.life)) {
        if (!urgent.has(watch)) quiet.add(watch)
        return
      }
      quiet.delete(watch)
      urgent.add(watch)
    },
    remove(watch) {
      watches.delete(watchKey(watch))
      for (const set of [open, urgent, quiet]) set.delete(watch)
    },
    all: () => watches.values(),
    open: () => open,
    unwritten(urgentMax, quietMax) {
      return [...take(urgent, urgentMax), ...take(quiet, quietMax)]
    },
    get urgentCount() {
      return urgent.size
    },
    get quietCount() {
      return quiet.size
    },
  }
}

function take(set: Set<Watch>, max: number): Watch[] {
  const taken: Watch[] = []
  for (const watch of set) {
    if (taken.length >= max) break
    taken.push(watch)
  }
  for (const watch of taken) set.delete(watch)
  return taken
}

/** Identifiers hold no control characters. */
export function watchKey(of: Pick<Watch, 'rule' | 'device' | 'property'>): string {
  return `${of.rule}\n${of.device}\n${of.property}`
}

export function alertKey(alert: AlertView): string {
  return watchKey({ rule: alert.rule, device: subjectOf(alert), property: alert.property })
}

/** The state as kept in the log: small, because thousands are written a second. */
interface Written {
  at: number
  seen: number
  value: number
  level?: AlertLevel
  stale?: true
  /** Beyond since, inside since. */
  clocks?: Partial<Record<AlertLevel, [number | null, number | null]>>
  basis?: string
  /** Absent: at the last observation. */
  calm?: number
  /** Of the ground: terms, received from, at, level. */
  on?: [string, number, number, AlertLevel | null]
  redo?: [number, number, number]
}

export function writeWatch({ rule, device, property, life, ...rest }: Watch): WatchState {
  const written: Written = { at: life.at, seen: rest.seenAt, value: rest.value }
  if (!isQuiet(life)) {
    const clocks = Object.entries(life.clocks).map(([level, clock]) => [
      level,
      [clock.beyondSince, clock.insideSince],
    ])
    if (life.level !== null) written.level = life.level
    if (rest.stale) written.stale = true
    written.clocks = Object.fromEntries(clocks)
    written.basis = life.basis
  }
  const { ground, calmSince, redo } = rest
  if (calmSince !== null) written.calm = calmSince
  if (ground !== undefined) {
    written.on = [ground.terms, ground.receivedFrom, ground.at, ground.level]
  }
  if (redo !== undefined) written.redo = [redo.from, redo.to, redo.seq]
  return { rule, device, property, state: JSON.stringify(written) }
}

/** `alert` is the open alert of the log, which decides whether one is open. */
export function readWatch(saved: WatchState, alert: AlertView | null): Watch {
  const { rule, device, property } = saved
  const written = JSON.parse(saved.state) as Written
  const clocks: Partial<Record<AlertLevel, LevelClock>> = {}
  for (const level of alertLevelSchema.options) {
    const pair = written.clocks?.[level]
    if (pair !== undefined) clocks[level] = { beyondSince: pair[0], insideSince: pair[1] }
  }
  const level = alert === null ? null : (written.level ?? alert.level)
  const life = { at: written.at, level, clocks, basis: written.basis ?? '' }
  const stale = alert !== null && written.stale === true
  const calmSince = isQuiet(life) ? (written.calm ?? life.at) : null
  const watch: Watch = {
    ...{ rule, device, property, life, value: written.value, seenAt: written.seen, stale, alert },
    calmSince,
  }
  if (written.on !== undefined) {
    const [terms, receivedFrom, at, groundLevel] = written.on
    watch.ground = { terms, receivedFrom, at, level: groundLevel }
  }
  if (written.redo !== undefined) {
    const [from, to, seq] = written.redo
    watch.redo = { from, to, seq }
  }
  return watch
}

/** An open alert whose watch is not in the log: it goes on from its last change. */
export function watchOfAlert(alert: AlertView): Watch {
  const at = Date.parse(alert.observedAt)
  return {
    rule: alert.rule,
    device: subjectOf(alert),
    property: alert.property,
    life: { at, level: alert.level, clocks: {}, basis: '' },
    value: alert.value ?? alert.bound,
    seenAt: at,
    stale: alert.state === 'stale',
    alert,
    calmSince: null,
  }
}
