/** Trying again when the world is at fault: the work is kept and repeated until it is done or we stop. */

import type { Ports } from '../../domain/ports.ts'

const firstDelayMs = 50
const longestDelayMs = 5_000

export interface Retry {
  /** Repeats `work` until it succeeds; null when stopped before. Logs the first failure and the recovery. */
  run<Result>(what: string, work: () => Promise<Result>): Promise<{ result: Result } | null>
  /** Ends all waiting. */
  stop(): void
  readonly stopped: boolean
}

/** `count` is told of each failure, by what failed. */
export function createRetry(
  { timers, log }: Pick<Ports, 'timers' | 'log'>,
  count: (what: string) => void,
): Retry {
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
    async run(what, work) {
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
