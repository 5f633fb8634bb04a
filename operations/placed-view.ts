/**
 * The registry with its devices where they stood at a moment, for a second look at what was judged then. Everything else
 * is as it is now.
 */

import type { RegistryView } from '../stores/records/registry.ts'

export interface PlacedView {
  view: RegistryView
  /** Devices stand where they stood at this moment, milliseconds since 1970 UTC; moments must rise. */
  goTo(at: number): void
  /** The next moment after this one at which one of the devices moved; ∞ when none does. */
  nextMove(at: number): number
}

export function createPlacedView(now: RegistryView, devices: Iterable<string>): PlacedView {
  const moves = [...devices].flatMap((id) =>
    (now.placements(id) ?? []).flatMap(({ from }) => (Number.isFinite(from) ? [from] : [])),
  )
  moves.sort((a, b) => a - b)
  let moment = Number.NEGATIVE_INFINITY
  let passed = 0

  return {
    view: {
      ...now,
      // Whoever has learned where a device stands looks again after each move.
      get version() {
        return now.version + passed
      },
      device(id) {
        const device = now.device(id)
        if (device === undefined || now.placements(id) === undefined) return device
        return { ...device, site: now.siteAt(id, moment) }
      },
    },
    goTo(at) {
      moment = at
      while (passed < moves.length && (moves[passed] ?? 0) <= at) passed += 1
    },
    nextMove: (at) => moves.find((move) => move > at) ?? Number.POSITIVE_INFINITY,
  }
}
