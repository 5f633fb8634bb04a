/**
 * Work that comes again and again, each kind by itself: one round at a time, the next when its time has come, and soon
 * after a failure. A round that lasts longer than its period is followed by one more, never by several.
 */

import type { Cancel, Ports } from '../../domain/ports.ts'

export interface RoundPlan {
  /** As it stands in the log. */
  what: string
  everyMs: number
  run: () => Promise<void>
}

export interface Rounds {
  /** Begins at once. The answer asks for a round now, or after the one under way. */
  begin(plan: RoundPlan): () => void
  /** No round begins any more; comes back when none is under way, or waits for a store that does not answer. */
  stop(): Promise<void>
}

const retryMs = 10_000
const stopWithinMs = 1_000

/** @param isTold whether a failure is known to whoever reads the log */
export function createRounds(
  { timers, log }: Pick<Ports, 'timers' | 'log'>,
  isTold: (error: unknown) => boolean,
): Rounds {
  const endings: Cancel[] = []
  const underWay = new Set<Promise<void>>()
  let isStopped = false

  function begin({ what, everyMs, run }: RoundPlan): () => void {
    let isRunning = false
    let again = false
    let isTroubled = false
    let cancelRetry: Cancel = () => undefined

    async function rounds(): Promise<void> {
      do {
        again = false
        try {
          await run()
          isTroubled = false
        } catch (error) {
          if (!isTroubled && !isTold(error)) {
            log.warn({ what, error }, 'Boards are not up to date; trying again.')
          }
          isTroubled = true
          again = false
          cancelRetry()
          cancelRetry = timers.after(Math.min(retryMs, everyMs), ask)
        }
      } while (again && !isStopped)
      isRunning = false
    }

    function ask(): void {
      again = isRunning
      if (isRunning || isStopped) return
      isRunning = true
      const work = rounds()
      underWay.add(work)
      void work.finally(() => underWay.delete(work))
    }

    endings.push(timers.every(everyMs, ask), () => cancelRetry())
    ask()
    return ask
  }

  return {
    begin,
    async stop() {
      isStopped = true
      for (const end of endings) end()
      await new Promise<void>((resolve) => {
        const cancel = timers.after(stopWithinMs, resolve)
        void Promise.all(underWay).then(() => {
          cancel()
          resolve()
        })
      })
    },
  }
}
