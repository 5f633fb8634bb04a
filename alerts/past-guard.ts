/**
 * Asks the readings store without depending on it: what takes too long or fails is left alone for a while, and
 * alerts goes on with what it has. Each fault is counted; the first of a row is logged, and so is the recovery.
 */

import type { Ports } from '../domain/ports.ts'

const usualPatienceMs = 2_000
const restMs = 10_000

export interface PastGuard {
  /** True when `work` is done; false when it failed, took too long, or is not tried at the moment. */
  ask(work: () => Promise<void>): Promise<boolean>
  /** Whether it is worth asking now. */
  readonly isOpen: boolean
}

/** `what` names the questions in the log; `count` is told of each fault. */
export function createPastGuard(
  { clock, timers, log }: Pick<Ports, 'clock' | 'timers' | 'log'>,
  { what, patienceMs = usualPatienceMs }: { what: string; patienceMs?: number | undefined },
  count: () => void,
): PastGuard {
  let closedUntil = Number.NEGATIVE_INFINITY
  let isAsking = false
  let failures = 0

  function fail(error: unknown): void {
    closedUntil = clock.monotonic() + restMs
    failures += 1
    count()
    if (failures > 1) return
    log.error({ what, error }, 'The past can not be read; alerts goes on with what it has.')
  }

  function succeed(): void {
    if (failures > 0) log.info({ what, failures }, 'The past can be read again.')
    failures = 0
  }

  const isOpen = () => !isAsking && clock.monotonic() >= closedUntil

  return {
    ask(work) {
      if (!isOpen()) return Promise.resolve(false)
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
        const cancel = timers.after(patienceMs, () => end(new Error('No answer in time.')))
        work().then(
          () => end(),
          (error: unknown) => end(error ?? new Error('It failed.')),
        )
      })
    },
    get isOpen() {
      return isOpen()
    },
  }
}
