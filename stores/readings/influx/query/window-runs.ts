/**
 * Windows as InfluxQL can make them: stretches of even windows from some origin. Civil days are even but for the days
 * of a change of clocks, so a year is a handful of stretches (months are a stretch or two each), and `tz()` with its differences between versions is not
 * needed.
 */

import { createCivilPeriods } from '../../../../domain/calendar.ts'
import type { AggregateQuery, Interval } from '../../readings.ts'

/** Windows of `everyMs` from `originMs` on; those that the interval cuts count only what lies inside. */
export interface WindowRun extends Interval {
  everyMs: number
  originMs: number
}

export function windowRuns(query: AggregateQuery, within: Interval): WindowRun[] {
  const { everyMs, originMs = 0, civil } = query
  if (civil === undefined) return [{ ...within, everyMs, originMs }]
  const periods = createCivilPeriods(civil)
  const runs: WindowRun[] = []
  for (let at = within.from; at < within.to; ) {
    const { from, to } = periods.periodOf(at)
    const last = runs.at(-1)
    if (last?.everyMs === to - from) last.to = Math.min(to, within.to)
    else runs.push({ from: at, to: Math.min(to, within.to), everyMs: to - from, originMs: from })
    at = to
  }
  return runs
}
