/**
 * Waiting, in the two ways ingest waits: for something to do, and for a store to come back.
 * A stop ends every wait at once.
 */

import type { Cancel, Ports } from '../domain/ports.ts'

export interface Patience {
  /** Ends after this time. */
  sleep(delayMs: number): Promise<void>
  /** Ends after this time, or when the bell has rung since the last wait for it. */
  listen(delayMs: number): Promise<void>
  /** Somebody rang. */
  ring(): void
  /** Ends every wait, now and from now on. */
  stop(): void
}

export function createPatience({ timers }: Pick<Ports, 'timers'>): Patience {
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

/** First and longest wait for a store that can not be reached. */
export const faultWaitMs = { first: 100, longest: 5_000 }

export interface Setbacks {
  /** Takes note of a fault, waits, longer each time. */
  wait(error: unknown): Promise<void>
  /** It works again. */
  over(): void
}

/** Logs when the fault changes, not each time; counts each time. */
export function createSetbacks(
  { log, meter }: Pick<Ports, 'log' | 'meter'>,
  patience: Patience,
): Setbacks {
  const count = meter.counter(
    'bellwether_ingest_faults_total',
    'Times that a store could not be reached while a batch was stored; the batch is tried again.',
  )
  let told: string | undefined
  let waitMs = faultWaitMs.first
  return {
    async wait(error) {
      count()
      const text = error instanceof Error ? error.message : String(error)
      if (text !== told) {
        log.error(
          { error },
          'A batch could not be stored; nothing has moved and it is tried again.',
        )
        told = text
      }
      await patience.sleep(waitMs)
      waitMs = Math.min(waitMs * 2, faultWaitMs.longest)
    },
    over() {
      if (told === undefined) return
      log.info({}, 'Batches are stored again.')
      told = undefined
      waitMs = faultWaitMs.first
    },
  }
}
