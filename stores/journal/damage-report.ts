/** Tells what is broken once, however often a reader comes past it. */

import type { JournalDamage } from './journal.ts'

/** So many reports are remembered; after that the oldest may be told again. */
const rememberedMax = 10_000

export function createDamageReport(
  tell: (damage: JournalDamage) => void,
): (damage: JournalDamage) => void {
  const told = new Set<string>()
  return (damage) => {
    const key = `${damage.from}-${damage.to}`
    if (told.has(key)) return
    if (told.size >= rememberedMax) for (const oldest of told) if (told.delete(oldest)) break
    told.add(key)
    tell(damage)
  }
}

/** Positions in rising order as ranges. */
export function rangesOf(positions: readonly number[]): { from: number; to: number }[] {
  const ranges: { from: number; to: number }[] = []
  for (const position of positions) {
    const last = ranges.at(-1)
    if (last !== undefined && last.to + 1 === position) last.to = position
    else ranges.push({ from: position, to: position })
  }
  return ranges
}
