/** The city's calendar: units of time, the hour of its day and the season. The city lives in UTC+8 without summer time. */

export const secondMs = 1_000
export const minuteMs = 60_000
export const hourMs = 3_600_000
export const dayMs = 86_400_000

const zoneMs = 8 * hourMs

/** Hours since local midnight, 0 up to 24. */
export function hourOfDay(atMs: number): number {
  const local = atMs + zoneMs
  return (local - Math.floor(local / dayMs) * dayMs) / hourMs
}

/** Whole local days since 1970. */
export function dayNumber(atMs: number): number {
  return Math.floor((atMs + zoneMs) / dayMs)
}

/** When the hydrological day that holds this moment began: 08:00 local time, which is midnight UTC. */
export function hydroDayStart(atMs: number): number {
  return Math.floor(atMs / dayMs) * dayMs
}

/** −1 in mid January, 1 in mid July. */
export function summer(atMs: number): number {
  const days = atMs / dayMs - 14.5
  return -Math.cos((2 * Math.PI * days) / 365.2425)
}

/** A bump of the day: 1 at `peakHour`, near 0 some `widthHours` away; wraps round midnight. */
export function bumpOfDay(atMs: number, peakHour: number, widthHours: number): number {
  const apart = Math.abs(hourOfDay(atMs) - peakHour)
  const distance = Math.min(apart, 24 - apart) / widthHours
  return Math.exp(-distance * distance)
}
