/**
 * Circuit breaker: asks a store without depending on it. What takes too long or fails is left alone for a while, and the
 * caller goes on with what it has. Each fault is counted; the first of a row is logged, and so is the recovery.
 */

import type { Ports } from '../../domain/ports.ts'

const usualTimeoutMs = 2_000
const restMs = 10_000

export interface CircuitBreaker {
  /** True when `work` is done; false when it failed, took too long, or is not tried at the moment. */
  ask(work: () => Promise<void>): Promise<boolean>
  /** Whether it is worth asking now. */
  readonly isPassing: boolean
}

/** `what` names the questions in the log; `count` is told of each fault. */
export function createCircuitBreaker(
  { clock, timers, log }: Pick<Ports, 'clock' | 'timers' | 'log'>,
  { what, timeoutMs = usualTimeoutMs }: { what: string; timeoutMs?: number | undefined },
  count: () => void,
): CircuitBreaker {
  let trippedUntil = Number.NEGATIVE_INFINITY
  let isAsking = false
  let failures = 0

  function fail(error: unknown): void {
    trippedUntil = clock.monotonic() + restMs
    failures += 1
    count()
    if (failures > 1) return
    log.error({ what, error }, 'The past cannot be read; alerts goes on with what it has.')
  }

  function succeed(): void {
    if (failures > 0) log.info({ what, failures }, 'The past can be read again.')
    failures = 0
  }

  const isPassing = () => !isAsking && clock.monotonic() >= trippedUntil

  return {
    ask(work) {
      if (!isPassing()) return Promise.resolve(false)
      isAsking = true
      return new Promise((resolve) => {
        /** The first end counts: an answer that comes after the time is up is only of use to who asked. */
        function end(error?: unknown): void {
          if (isOver) return
          isOver = true
          isAsking = false
          cancel()
          if (error === undefined) succeed()
          else fail(error)
          resolve(error === undefined)
        }
        let isOver = false
        const cancel = timers.after(timeoutMs, () => end(new Error('No answer in time.')))
        work().then(
          () => end(),
          (error: unknown) => end(error ?? new Error('It failed.')),
        )
      })
    },
    get isPassing() {
      return isPassing()
    },
  }
}
