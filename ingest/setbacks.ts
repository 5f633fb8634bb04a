/** Faults of the world while a batch is stored: counted each time, logged when they change, waited out. */

import type { Ports } from '../domain/ports.ts'
import type { WakeUp } from '../runtime/async/wake-up.ts'

/** First and longest wait for a store that cannot be reached. */
const faultWaitMs = { first: 100, longest: 5_000 }

export interface Setbacks {
  /** Takes note of a fault, waits, longer each time. */
  wait(error: unknown): Promise<void>
  /** It works again. */
  over(): void
}

export interface SetbackParts {
  /** `since`: the first of these faults; ISO 8601, UTC. */
  onTrouble(trouble: { since: string; reason: string } | null): void
}

/** Logs and tells when the fault changes, not each time; counts each time. */
export function createSetbacks({
  log,
  meter,
  clock,
  wakeUp,
  onTrouble,
}: Pick<Ports, 'log' | 'meter' | 'clock'> & SetbackParts & { wakeUp: WakeUp }): Setbacks {
  const count = meter.counter(
    'bellwether_ingest_faults_total',
    'Times that a store could not be reached while a batch was stored; the batch is tried again.',
  )
  let told: string | undefined
  let since = ''
  let waitMs = faultWaitMs.first
  return {
    async wait(error) {
      count()
      const text = error instanceof Error ? error.message : String(error)
      if (text !== told) {
        if (told === undefined) since = new Date(clock.now()).toISOString()
        log.error(
          { error },
          'A batch could not be stored; nothing has moved and it is tried again.',
        )
        told = text
        onTrouble({ since, reason: text })
      }
      await wakeUp.sleep(waitMs)
      waitMs = Math.min(waitMs * 2, faultWaitMs.longest)
    },
    over() {
      if (told === undefined) return
      log.info({}, 'Batches are stored again.')
      told = undefined
      onTrouble(null)
      waitMs = faultWaitMs.first
    },
  }
}
