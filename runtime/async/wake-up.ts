/** Waiting, for a time or for a bell. A stop ends every wait at once. */

import type { Cancel, Ports } from '../../domain/ports.ts'

export interface WakeUp {
  /** Ends after this time. */
  sleep(delayMs: number): Promise<void>
  /** Ends after this time, or when the bell has rung since the last wait for it. */
  listen(delayMs: number): Promise<void>
  /** Somebody rang. */
  ring(): void
  /** Ends every wait, now and from now on. */
  stop(): void
}

export function createWakeUp({ timers }: Pick<Ports, 'timers'>): WakeUp {
  let rung = false
  let stopped = false
  let end: (() => void) | undefined
  let listening = false

  function wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      let cancel: Cancel = () => undefined
      end = () => {
        end = undefined
        cancel()
        resolve()
      }
      cancel = timers.after(delayMs, () => end?.())
    })
  }

  return {
    async sleep(delayMs) {
      if (!stopped) await wait(delayMs)
    },
    async listen(delayMs) {
      if (!stopped && !rung) {
        listening = true
        await wait(delayMs)
        listening = false
      }
      rung = false
    },
    ring() {
      rung = true
      if (listening) end?.()
    },
    stop() {
      stopped = true
      end?.()
    },
  }
}
