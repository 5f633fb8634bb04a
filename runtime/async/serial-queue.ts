/** Runs work one after the other, in the order asked for. */

export interface SerialQueue {
  /** The work's own result or fault; a fault does not stop what comes after. */
  run<Result>(work: () => Promise<Result>): Promise<Result>
  /** When all that was asked for has ended. */
  idle(): Promise<void>
}

export function createSerialQueue(): SerialQueue {
  let last: Promise<unknown> = Promise.resolve()
  return {
    run(work) {
      const own = last.then(work, work)
      last = own.catch(() => undefined)
      return own
    },
    async idle() {
      await last
    },
  }
}
