/** Faults of the world while a batch is stored: counted each time, logged when they change, waited out. */

import type { Ports } from '../domain/ports.ts'
import type { Patience } from './patience.ts'

/** First and longest wait for a store that can not be reached. */
const faultWaitMs = { first: 100, longest: 5_000 }

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
