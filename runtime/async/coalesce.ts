/** Looking into a store again and again: one look at a time, and trouble is told once until it is over. */

/** `tell` hears of the first failure of a row of them. Calling during a look causes one more. */
export function coalesced(look: () => Promise<void>, tell: (error: unknown) => void): () => void {
  let running = false
  let again = false
  let troubled = false
  async function run(): Promise<void> {
    do {
      again = false
      try {
        await look()
        troubled = false
      } catch (error) {
        if (!troubled) tell(error)
        troubled = true
      }
    } while (again)
    running = false
  }
  return () => {
    again = running
    if (running) return
    running = true
    void run()
  }
}
