/**
 * Counters (`rain_total`, `meter_volume`, `energy`): readings of a register that goes on growing. What counts is what
 * it grew by from one reading to the next.
 *
 * - It fell: the device began again at zero, so it grew by what it shows now.
 * - It fell from the last hundredth of its wheels to the first: it ran over. Registers have a whole number of decimal
 *   digits, so how many there are is known then: the next power of ten, from four digits on.
 * - It fell by no more than a hundredth: water that flowed back, or a correction; it counts against the rest.
 * - Below zero it is a balance of both directions, and the plain difference counts.
 */

const rolloverLeast = 10_000
const wheelShare = 0.01
const backShare = 0.01

/** What a counter grew by between two readings that follow each other, in its unit. */
export function increment(before: number, now: number): number {
  const difference = now - before
  if (difference >= 0 || now < 0 || before <= 0) return difference
  if (-difference <= before * backShare) return difference
  const full = 10 ** Math.ceil(Math.log10(before))
  const ranOver =
    full >= rolloverLeast && before >= full * (1 - wheelShare) && now <= full * wheelShare
  return ranOver ? full - before + now : now
}
