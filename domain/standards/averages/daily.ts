/**
 * Figures of a civil day from its hourly means (GB 3095-2012 and -2026, table 4; HJ 663-2013 on ozone).
 *
 * - Daily mean: at least 20 valid hourly means of the natural day. Daily maximum of 1 h: the same 20, our choice
 *   where the texts are silent.
 * - Daily maximum of 8 h: of the moving means that lie wholly in the day, which are those ending at 08:00 … 24:00.
 *   At least 14 of these 17 must be valid; with fewer the maximum still counts when it is above the limit
 *   (confidence B: two secondary sources agree on the windows and the 14). EPA's 17 for ozone begin at 07:00 … 23:00
 *   (40 CFR 50 appendix U 3(a)), so the last of them ends at 07:00 of the next day.
 */

import type { Day } from '../../calendar.ts'
import { type Hours, hourMs, meanOf, validHour } from './clock-hour.ts'
import { eightHours, movingMean } from './moving-mean.ts'

/** Valid hourly means that a day needs. */
export const dayNeeds = 20

/** The valid hourly means of a day; null where there is none. */
export function hoursOfDay(hours: Hours, { from, to }: Day): (number | null)[] {
  return Array.from({ length: Math.round((to - from) / hourMs) }, (_, i) =>
    validHour(hours, from + i * hourMs),
  )
}

export function dailyMean(hours: Hours, day: Day, needs = dayNeeds): number | null {
  return meanOf(hoursOfDay(hours, day), needs)
}

export function dailyMax1h(hours: Hours, day: Day, needs = dayNeeds): number | null {
  const valid = hoursOfDay(hours, day).filter((value) => value !== null)
  return valid.length < Math.max(1, needs) ? null : Math.max(...valid)
}

/** What a daily maximum of 8 h asks for. */
export interface Max8hTerms {
  /** Valid moving means at least. */
  needs: number
  /** With fewer the maximum counts when it is above this; null: it never does. */
  limit: number | null
  /** Hours after the start of the day at which the first mean begins, and after its end at which the last one ends. */
  shift: number
}

/** HJ 663-2013, with the limit of grade 2 of GB 3095 (160 ug/m3). */
export const ozoneMax8h: Max8hTerms = { needs: 14, limit: 160, shift: 0 }

export function dailyMax8h(hours: Hours, day: Day, terms: Max8hTerms): number | null {
  const means: number[] = []
  const first = day.from + (terms.shift + eightHours.hours) * hourMs
  for (let to = first; to <= day.to + terms.shift * hourMs; to += hourMs) {
    const mean = movingMean(hours, to, eightHours)
    if (mean !== null) means.push(mean)
  }
  if (means.length === 0) return null
  const largest = Math.max(...means)
  if (means.length >= terms.needs) return largest
  return terms.limit !== null && largest > terms.limit ? largest : null
}
