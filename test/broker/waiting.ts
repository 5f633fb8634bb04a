/** Waiting for what other processes and sockets do. */

/** Waits until `probe` is true; fails the test when it never is. */
export async function until(probe: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let i = 0; i < 1_000; i++) {
    if (await probe()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`waited in vain for ${what}`)
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
