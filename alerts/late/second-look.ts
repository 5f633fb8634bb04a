/**
 * A second look at one rule on one series: readings have come late, or in the place of others, so what followed is gone
 * through again over the stored readings, in the order of their moments.
 *
 * It begins where all is settled: after the end of the alert before, or at an observation inside every bound with
 * nothing open; and it ends where what was found before is right again, or at the last observation. How far back it goes
 * to find a beginning is bounded: what was open or on its way for longer counts from there on.
 */

import type { AlertChange } from '../../domain/alert.ts'
import type { Reading } from '../../domain/reading.ts'
import { momentOf } from '../../domain/reading.ts'
import type { AlertLog } from '../../stores/records/alert-log.ts'
import type { Past } from '../windows/window-buffers.ts'
import { isCalm, isQuiet, type Lifecycle, type Observation } from '../lifecycle/lifecycle.ts'
import type { SeriesRule } from '../rules/rule-lookup.ts'
import { type DatedChange, inOrder, Timeline } from './timeline.ts'
import type { Ground, Redo, Watch } from '../lifecycle/watch.ts'

/** Before the late reading; as long as a window may be. */
const reachDaysMax = 31
const dayMs = 86_400_000
const firstSpanMs = 3_600_000
const spanGrowth = 8

export interface LookParts {
  log: Pick<AlertLog, 'levels' | 'get'>
  past: Past
  /** How far ahead of its receipt a reading may be. */
  aheadMs: number
  /** Lets others have the thread; called between pages. */
  breathe(): Promise<void>
}

export interface Look {
  watch: Watch
  series: SeriesRule
  redo: Redo
  ground: Ground
  timeline: Timeline
  /** What happened is complete after this moment. */
  from: number
  happened: DatedChange[]
  /** The alert that was open at `from`, or null. */
  open: string | null
  /** From here on all is as it was found before; null when it goes on to the last observation. */
  rightAgainAt: number | null
  /** All since was inside every bound; null while something is open or on its way. */
  calmSince: number | null
}

interface Beginning {
  at: number
  life: Lifecycle
  open: string | null
}

interface Place {
  /** The state there follows from the record. */
  floor: Beginning
  /** Nothing before needs to be gone through, but to find out which clocks run. */
  anchor: number
  /** Changes of level that stand, after the floor. */
  recorded: readonly AlertChange[]
  /** The alert at the first late reading, as on record. */
  openThen: AlertChange | null
}

/** Null when what came late is of a time that stands as it is. Throws what the stores throw. */
export async function lookAgain(
  parts: LookParts,
  series: SeriesRule,
  { watch, lastAt }: { watch: Watch; lastAt: number },
): Promise<Look | null> {
  const { ground, redo } = watch
  if (ground === undefined || redo === undefined || redo.to <= ground.at) return null
  const windowMs = series.window?.reachMs ?? 0
  const end = Math.max(lastAt, redo.to)
  const from = Math.max(redo.from, ground.at)
  const place = await placeOf(parts.log, { watch, series, ground }, from)
  for (let spanMs = firstSpanMs; ; spanMs *= spanGrowth) {
    const farthest = from - reachDaysMax * dayMs
    const at = Math.max(place.floor.at, place.anchor - spanMs, farthest)
    const until = Math.min(end, redo.to + windowMs + spanMs)
    const begin = beginningAt(at, place, series, at === farthest)
    const walk = { watch, series, redo, ground, lastAt, until, place, begin, at }
    const found = await goThrough(parts, walk, windowMs)
    if (found !== null && (found.rightAgainAt !== null || until >= end)) return found
  }
}

/** Null when the state there has to be found first. */
function beginningAt(
  at: number,
  { floor, anchor, openThen }: Place,
  { criteria }: SeriesRule,
  isFarthest: boolean,
): Beginning | null {
  if (at === floor.at) return floor
  if (!isFarthest) return null
  const isOpen = openThen !== null && at >= anchor
  const level = isOpen ? openThen.level : null
  const life = { at, level, clocks: {}, basis: criteria.basis }
  return { at, life, open: isOpen ? openThen.alert : null }
}

async function placeOf(
  log: LookParts['log'],
  { watch, series, ground }: { watch: Watch; series: SeriesRule; ground: Ground },
  from: number,
): Promise<Place> {
  const all = await log.levels(watch, from)
  const openThen = openBefore(all[0], from)
  let anchor = from
  let known = all
  if (openThen !== null) {
    const alert = await log.get(openThen.alert)
    anchor = Math.max(ground.at, Date.parse(alert?.raisedAt ?? openThen.view.raisedAt))
    known = await log.levels(watch, Math.min(from, anchor))
  }
  const { basis } = series.criteria
  const grounded = { at: ground.at, level: ground.level, clocks: {}, basis }
  let floor: Beginning = {
    at: ground.at,
    life: grounded,
    open: ground.level === null ? null : (openThen?.alert ?? null),
  }
  const recorded = standing(known, ground.at)
  const ended = recorded.findLast(
    ({ type, observedAt }) => type === 'alert.resolved' && observedAt < anchor,
  )
  if (ended !== undefined) {
    const { observedAt: at } = ended
    floor = { at, life: { at, level: null, clocks: {}, basis }, open: null }
  }
  return { floor, anchor, recorded: standing(recorded, floor.at), openThen }
}

function openBefore(first: AlertChange | undefined, from: number): AlertChange | null {
  if (first === undefined || first.observedAt >= from) return null
  return first.type === 'alert.resolved' ? null : first
}

/** Those that readings caused after this moment. An end by an edit alone has no moment of a reading; it is part of the ground. */
export function standing(changes: readonly AlertChange[], after: number): AlertChange[] {
  return changes.filter(
    ({ observedAt, view }) =>
      observedAt > Math.floor(after) && Date.parse(view.observedAt) === observedAt,
  )
}

interface Walk extends Pick<Look, 'watch' | 'series' | 'redo' | 'ground'> {
  place: Place
  begin: Beginning | null
  at: number
  until: number
  lastAt: number
}

/** Null when no settled beginning was found. */
async function goThrough(parts: LookParts, walk: Walk, windowMs: number): Promise<Look | null> {
  const { watch, series, redo, ground, place, begin, at, until } = walk
  const { basis } = series.criteria
  const life = begin?.life ?? { at, level: null, clocks: {}, basis }
  const timeline = new Timeline(series, { life, receivedFrom: ground.receivedFrom })
  const look: Look = {
    ...{ watch, series, redo, ground, timeline, from: at, happened: [], open: begin?.open ?? null },
    ...{ rightAgainAt: null, calmSince: isQuiet(life) ? at : null },
  }
  let isSettled = begin !== null
  const isRight = rightAgain(look, place, { after: redo.to + windowMs, before: walk.lastAt })
  for await (const readings of readingsOf(parts, walk, windowMs)) {
    for (const reading of readings) {
      if (momentOf(reading) > until) return isSettled ? look : null
      const seen = timeline.read(reading)
      if (seen === null) continue
      advance(look, seen)
      if (!isSettled) {
        isSettled = isSettledAt(look, seen, place.anchor)
      } else if (isRight(seen)) {
        look.rightAgainAt = seen.observedAt
        return look
      }
    }
    await parts.breathe()
  }
  return isSettled ? look : null
}

function readingsOf(
  { past, aheadMs }: LookParts,
  { watch, at, until }: Walk,
  windowMs: number,
): AsyncGenerator<readonly Reading[]> {
  const series = [{ device: watch.device, property: watch.property }]
  const from = Math.max(0, Math.floor(at - windowMs))
  const to = Math.ceil(until) + aheadMs + 1
  return inOrder(past.range({ series, from, to, quality: [1, 2], tests: false }), aheadMs)
}

/** One observation more. */
export function advance(look: Look, seen: Observation): void {
  const { timeline, happened } = look
  const change = timeline.take(seen)
  if (change !== null) happened.push(change)
  if (!isQuiet(timeline.life)) look.calmSince = null
  else look.calmSince ??= seen.observedAt
}

/** Inside every bound with nothing open: whatever was before, here nothing is on its way. */
function isSettledAt(look: Look, seen: Observation, anchor: number): boolean {
  const { timeline, series } = look
  if (seen.observedAt >= anchor || !isQuiet(timeline.life)) return false
  if (!isCalm(series.criteria, seen.value)) return false
  look.from = seen.observedAt
  look.happened = []
  return true
}

/** The same state as was found before, at an observation that nothing late has changed. */
function rightAgain(
  { timeline, series }: Look,
  { recorded, openThen, floor }: Place,
  { after, before }: { after: number; before: number },
): (seen: Observation) => boolean {
  let next = 0
  let isOpen = floor.open !== null || openThen !== null
  return ({ observedAt, value }) => {
    if (observedAt <= after || observedAt >= before) return false
    for (; (recorded[next]?.observedAt ?? Number.POSITIVE_INFINITY) <= observedAt; next += 1) {
      isOpen = recorded[next]?.type !== 'alert.resolved'
    }
    return !isOpen && isQuiet(timeline.life) && isCalm(series.criteria, value)
  }
}
