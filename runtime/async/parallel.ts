/** Several pieces of work at once, but not all. */

/** Ends when all are done; after the first failure nothing new is begun, and what runs is waited for. */
export async function inParallel<Item>(
  items: readonly Item[],
  atOnceMax: number,
  run: (item: Item) => Promise<void>,
): Promise<void> {
  let next = 0
  let failed = false
  async function work(): Promise<void> {
    for (let at = next++; at < items.length && !failed; at = next++) {
      const item = items[at]
      if (item === undefined) continue
      try {
        await run(item)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const workers = Array.from({ length: Math.min(atOnceMax, items.length) }, work)
  const ends = await Promise.allSettled(workers)
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}
