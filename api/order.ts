/** Runs work one after the other, in the order it was asked for. */

export function createOrder() {
  let last: Promise<unknown> = Promise.resolve()
  /** The work's own result or fault; a fault does not stop what comes after. */
  return function inOrder<Result>(run: () => Promise<Result>): Promise<Result> {
    const mine = last.then(run, run)
    last = mine.catch(() => undefined)
    return mine
  }
}
