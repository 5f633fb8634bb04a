/** Trying again when the world is at fault: the work is kept and repeated until it is done or we stop. */

import type { Ports } from '../domain/ports.ts'

const firstDelayMs = 50
const longestDelayMs = 5_000

export interface Patience {
  /** Repeats `work` until it succeeds; null when stopped before. Logs the first failure and the recovery. */
  insist<Result>(what: string, work: () => Promise<Result>): Promise<{ result: Result } | null>
  /** Ends all waiting. */
  stop(): void
  readonly stopped: boolean
}

/** `count` is told of each failure, by what failed. */
export function createPatience(
  { timers, log }: Pick<Ports, 'timers' | 'log'>,
  count: (what: string) => void,
): Patience {
  let stopped = false
  const waiting = new Set<() => void>()

  function wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel()
        waiting.delete(done)
        resolve()
      }
      const cancel = timers.after(delayMs, done)
      waiting.add(done)
    })
  }

  return {
    async insist(what, work) {
      for (let delayMs = firstDelayMs, failures = 0; ; failures += 1) {
        try {
          const result = await work()
          if (failures > 0) log.info({ what, failures }, 'It works again.')
          return { result }
        } catch (error) {
          count(what)
          if (failures === 0) log.error({ what, error }, 'It failed and is tried again.')
        }
        if (stopped) return null
        await wait(delayMs)
        if (stopped) return null
        delayMs = Math.min(delayMs * 2, longestDelayMs)
      }
    },
    stop() {
      stopped = true
      for (const done of waiting) done()
    },
    get stopped() {
      return stopped
    },
  }
}
