/** Waiting that a person can end. */

import type { Ports } from '../domain/ports.ts'

/** Resolves after `delayMs` or as soon as the signal aborts, whichever comes first. */
export function pause(
  delayMs: number,
  { timers, signal }: { timers: Ports['timers']; signal: AbortSignal },
): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve()
      return
    }
    const cancel = timers.after(delayMs, done)
    function done(): void {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done, { once: true })
  })
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
