/** One piece of work at a time, in the order asked for. */

export interface Turns {
  take<Result>(run: () => Promise<Result>): Promise<Result>
  /** When all that was asked for has ended. */
  ended(): Promise<void>
}

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return {
    take(run) {
      const turn = last.then(run, run)
      last = turn
      return turn
    },
    async ended() {
      await last.catch(() => undefined)
    },
  }
}
