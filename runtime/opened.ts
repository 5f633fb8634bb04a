/** What a role has opened: closed again when it stops, and also when it fails in the middle of its start. */

interface Closable {
  close(): void | Promise<void>
}

export interface Opened {
  /** Remembers it and gives it back. */
  keep<Thing extends Closable>(thing: Thing): Thing
  /** Closes all, what was opened last first, and whatever one of them says; throws what the first to fail threw. */
  close(): Promise<void>
}

export function createOpened(): Opened {
  const things: Closable[] = []
  return {
    keep(thing) {
      things.push(thing)
      return thing
    },
    async close() {
      const failures: unknown[] = []
      for (const thing of things.splice(0).reverse()) {
        try {
          await thing.close()
        } catch (error) {
          failures.push(error)
        }
      }
      if (failures.length > 0) throw failures[0]
    },
  }
}
