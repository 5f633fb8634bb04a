/** A pause for others: the embedded store reads without waiting for anything, so long work lets go between pages. */

import type { Timers } from '../../domain/ports.ts'

/** Comes back after the requests that are waiting now have had their turn. */
export function yieldTo(timers: Pick<Timers, 'soon'>): Promise<void> {
  return new Promise((resolve) => {
    timers.soon(resolve)
  })
}
