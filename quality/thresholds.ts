/**
 * The settings of the tests in the form in which they are compared: plain numbers, milliseconds, and infinity for
 * what is absent. Made once for each distinct set of settings and shared by all series that have it.
 */

import type { TestSettings } from '../domain/quality-plan.ts'
import { durationMs } from '../domain/text.ts'

export interface Span {
  low: number
  high: number
}

export interface MonthSpans {
  suspect: Span
  fail: Span
}

export interface NeighbourThresholds {
  withinKm: number
  sites: number
  ageMs: number
  suspect: number
  ratio: number
}

/** A threshold that is absent is infinite: nothing lies beyond it. `null` is for a test that is off. */
export interface Thresholds {
  gross: MonthSpans | null
  spike: { suspect: number; fail: number } | null
  /** Change per millisecond; changes within less than `perMs` count as if they had taken as long. */
  rate: { suspect: number; fail: number; perMs: number } | null
  flat: { suspectMs: number; failMs: number; tolerance: number; except: Span } | null
  attenuated: { overMs: number; suspect: number; fail: number } | null
  /** By month, January first. */
  climatology: readonly (MonthSpans | null)[] | null
  gapMs: number
  neighbour: NeighbourThresholds | null
  /** Most that is usual in an hour, how it grows with the time, and the shortest time that is taken for an interval. */
  amount: { suspect: number; exponent: number; leastMs: number } | null
  /** Broken numbers between 0 and this are another unit; 0 when that is not tested. */
  otherUnitBelow: number
  /** A value that comes in by more than this is a jump; infinite when no threshold tells. */
  jump: number
  /** More than this is so far that repeating it exactly gives it away. */
  leap: number
}

const everything: Span = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
const never = Number.POSITIVE_INFINITY

/** What is known of a device beside its settings. */
export interface Known {
  /** Tells a gap where the settings say nothing of one. */
  usualGapMs?: number
  /** How often it is expected to report; 0 when nobody knows. */
  everyMs?: number
  /** Its profile says in which unit it sends. */
  isDeclared?: boolean
}

export function thresholdsOf(
  tests: TestSettings,
  { usualGapMs = never, everyMs = 0, isDeclared = false }: Known = {},
): Thresholds {
  const { gross_range: gross, spike, rate_of_change: rate, time_gap: gap, neighbour } = tests
  return {
    gross: gross === null ? null : { suspect: span(gross?.suspect), fail: span(gross?.fail) },
    spike: pair(spike),
    rate: rateOf(rate),
    flat: flatOf(tests.flat_line),
    attenuated: attenuatedOf(tests.attenuated_signal),
    climatology: months(tests.climatology),
    gapMs: gap ? durationMs(gap.suspect) : gap === null ? never : usualGapMs,
    neighbour: neighbour ? { ...neighbour, ageMs: durationMs(neighbour.age) } : null,
    amount: tests.interval_amount ? { ...tests.interval_amount, leastMs: everyMs } : null,
    otherUnitBelow: isDeclared ? 0 : (tests.other_unit?.below ?? 0),
    jump: spike?.suspect ?? rate?.suspect ?? never,
    leap: spike?.fail ?? rate?.fail ?? never,
  }
}

function span(ends: readonly [number, number] | undefined): Span {
  return ends === undefined ? everything : { low: ends[0], high: ends[1] }
}

function pair(of: TestSettings['spike']): Thresholds['spike'] {
  return of ? { suspect: of.suspect ?? never, fail: of.fail ?? never } : null
}

function rateOf(of: TestSettings['rate_of_change']): Thresholds['rate'] {
  if (!of) return null
  const perMs = Math.max(1, durationMs(of.per))
  return { suspect: (of.suspect ?? never) / perMs, fail: (of.fail ?? never) / perMs, perMs }
}

function flatOf(of: TestSettings['flat_line']): Thresholds['flat'] {
  if (!of) return null
  const { suspect, fail, tolerance, except } = of
  return {
    suspectMs: suspect === undefined ? never : durationMs(suspect),
    failMs: fail === undefined ? never : durationMs(fail),
    tolerance,
    except: except === undefined ? nothing : span(except),
  }
}

const nothing: Span = { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY }

/** Strictly below a threshold is flagged here, so an absent one is minus infinity. */
function attenuatedOf(of: TestSettings['attenuated_signal']): Thresholds['attenuated'] {
  if (!of || durationMs(of.over) === 0) return null
  return { overMs: durationMs(of.over), suspect: of.suspect ?? -never, fail: of.fail ?? -never }
}

function months(of: TestSettings['climatology']): Thresholds['climatology'] {
  if (!of || of.length === 0) return null
  return Array.from({ length: 12 }, (_, i) => {
    const member = of.findLast((one) => one.months.includes(i + 1))
    if (member === undefined) return null
    return { suspect: span(member.suspect), fail: span(member.fail) }
  })
}
