/**
 * The life of an alert of one rule on one series, as a pure step: criteria, state and an observation give
 * the next state and at most one change.
 *
 * Each level has its own hysteresis. It is *reached* when the signal has stood at or beyond its bound for
 * `raiseAfter`, and *cleared* when it has stood inside by the margin for `clearAfter`, both without a break
 * and in observed time; between margin and bound neither clock runs. The alert goes up to the highest level
 * reached, and when its own level is cleared, down to the highest one that is not, or ends.
 * An observation at or before the last one counted changes nothing here: readings that come late are seen to by a
 * second look at the past (`second-look.ts`), by this same step over all readings in the order of their time.
 */

import type { AlertLevel } from '../../domain/rule.ts'
import type { Criteria, Threshold } from './criteria.ts'

export interface Observation {
  /** Milliseconds since 1970 UTC. */
  observedAt: number
  value: number
}

/** Since when the signal stands beyond, or inside by the margin; null when it does not. */
export interface LevelClock {
  beyondSince: number | null
  insideSince: number | null
}

export interface Lifecycle {
  /** The last observation counted, milliseconds since 1970 UTC. */
  at: number
  /** Level of the open alert, or null. */
  level: AlertLevel | null
  clocks: Readonly<Partial<Record<AlertLevel, LevelClock>>>
  /** `Criteria.basis` that the clocks belong to. */
  basis: string
}

export interface LevelChange {
  type: 'alert.raised' | 'alert.escalated' | 'alert.deescalated' | 'alert.resolved'
  /** After the change; of a resolved alert, the level it had. */
  level: AlertLevel
  previousLevel: AlertLevel | null
  /** Of `level`; null when that level has been taken out of the rule meanwhile. */
  bound: number | null
}

export interface Step {
  next: Lifecycle
  change: LevelChange | null
}

/** Null when the observation does not count because it is not newer than the last. */
export function observe(
  criteria: Criteria,
  previous: Lifecycle | null,
  { observedAt, value }: Observation,
): Step | null {
  if (previous !== null && observedAt <= previous.at) return null
  const level = previous?.level ?? null
  const known = previous?.basis === criteria.basis ? previous.clocks : {}
  const clocks: Partial<Record<AlertLevel, LevelClock>> = {}
  for (const threshold of criteria.thresholds) {
    const clock = known[threshold.level]
    const beyond = isBeyond(criteria, threshold, value)
    // Standing inside matters only to an open alert; a quiet watch has no clocks to keep.
    const inside = level !== null && !beyond && isInside(criteria, threshold, value)
    if (!beyond && !inside) continue
    clocks[threshold.level] = {
      beyondSince: beyond ? (clock?.beyondSince ?? observedAt) : null,
      insideSince: inside ? (clock?.insideSince ?? observedAt) : null,
    }
  }
  const watch: Lifecycle = { at: observedAt, level, clocks, basis: criteria.basis }
  const change = changeOf(criteria, watch)
  if (change === null) return { next: watch, change }
  return { next: { ...watch, ...settled(watch, change) }, change }
}

/** After the end nothing stands inside any more. */
function settled(watch: Lifecycle, change: LevelChange): Pick<Lifecycle, 'level' | 'clocks'> {
  if (change.type !== 'alert.resolved') return { level: change.level, clocks: watch.clocks }
  const beyond = Object.entries(watch.clocks).filter(([, clock]) => clock.beyondSince !== null)
  return { level: null, clocks: Object.fromEntries(beyond) }
}

function changeOf(criteria: Criteria, watch: Lifecycle): LevelChange | null {
  const { thresholds } = criteria
  const current = watch.level
  const highest = thresholds.findLast((t) => isReached(criteria, watch, t))
  if (highest !== undefined && severity(highest.level) > severity(current)) {
    const type = current === null ? 'alert.raised' : 'alert.escalated'
    return { type, level: highest.level, previousLevel: current, bound: highest.bound }
  }
  if (current === null) return null
  const own = thresholds.find((t) => t.level === current)
  if (own !== undefined && !isCleared(criteria, watch, own)) return null
  const lower = thresholds.findLast(
    (t) => severity(t.level) < severity(current) && !isCleared(criteria, watch, t),
  )
  if (lower !== undefined) {
    const { level, bound } = lower
    return { type: 'alert.deescalated', level, previousLevel: current, bound }
  }
  return {
    type: 'alert.resolved',
    level: current,
    previousLevel: null,
    bound: own?.bound ?? null,
  }
}

/** Whether the value keeps an alert of this level where it is, or drives it up. */
export function holdsLevel(criteria: Criteria, level: AlertLevel, value: number): boolean {
  const own = criteria.thresholds.find((threshold) => threshold.level === level)
  return own !== undefined && isBeyond(criteria, own, value)
}

/** Inside every bound. */
export function isCalm(criteria: Criteria, value: number): boolean {
  return !criteria.thresholds.some((threshold) => isBeyond(criteria, threshold, value))
}

function isBeyond({ direction }: Criteria, { bound }: Threshold, value: number): boolean {
  return direction === 'above' ? value >= bound : value <= bound
}

function isInside({ direction }: Criteria, { clear }: Threshold, value: number): boolean {
  return direction === 'above' ? value <= clear : value >= clear
}

function isReached({ raiseAfterMs }: Criteria, watch: Lifecycle, { level }: Threshold): boolean {
  const since = watch.clocks[level]?.beyondSince ?? null
  return since !== null && watch.at - since >= raiseAfterMs
}

function isCleared({ clearAfterMs }: Criteria, watch: Lifecycle, { level }: Threshold): boolean {
  const since = watch.clocks[level]?.insideSince ?? null
  return since !== null && watch.at - since >= clearAfterMs
}

const order: Readonly<Record<AlertLevel, number>> = { blue: 1, yellow: 2, orange: 3, red: 4 }

function severity(level: AlertLevel | null): number {
  return level === null ? 0 : order[level]
}

/** Nothing open and nothing on its way: only the time of the last observation matters. */
export function isQuiet(watch: Lifecycle): boolean {
  return watch.level === null && Object.keys(watch.clocks).length === 0
}
