/**
 * What is said of a site at one time comes in several readings, most often in one message. An index of the moment is
 * made when the last of those that are at hand is taken, or it would be made of new values and old ones.
 */

import type { Reading } from '../../domain/reading.ts'

export interface Messages {
  /** The readings that will be taken next, in their order; forgets those before. */
  expect(readings: readonly Reading[], siteOf: (reading: Reading) => string | undefined): void
  /** One reading is taken. `counts`: it has a value and is not bad. */
  take(site: string, at: number, counts: boolean): void
  /** Whether all that is said of the site at the time of the reading just taken is taken, and something counts. */
  isComplete(site: string, at: number): boolean
}

interface Message {
  toCome: number
  counts: boolean
}

export function createMessages(): Messages {
  const sites = new Map<string, Map<number, Message>>()
  /** Of one that nobody expected. */
  let counted = false
  return {
    expect(readings, siteOf) {
      sites.clear()
      for (const reading of readings) {
        const site = siteOf(reading)
        if (site === undefined) continue
        const times = sites.get(site) ?? new Map<number, Message>()
        sites.set(site, times)
        const message = times.get(reading.observedAt) ?? { toCome: 0, counts: false }
        message.toCome += 1
        times.set(reading.observedAt, message)
      }
    },
    take(site, at, counts) {
      counted = counts
      const message = sites.get(site)?.get(at)
      if (message === undefined) return
      message.toCome = Math.max(0, message.toCome - 1)
      message.counts ||= counts
    },
    isComplete(site, at) {
      const message = sites.get(site)?.get(at)
      return message === undefined ? counted : message.toCome === 0 && message.counts
    },
  }
}
