/** A queue of things to do at moments to come: cheap for a hundred thousand of them, exact to one slot. */

export interface Wheel<Item> {
  add(atMs: number, item: Item): void
  /** Takes what is due up to `nowMs`, earliest slots first, at most `most` items. */
  take(nowMs: number, most: number): Item[]
  readonly size: number
}

/** `slotMs`: things within one slot come in the order they were added. */
export function createWheel<Item>(startMs: number, slotMs: number): Wheel<Item> {
  const slots = new Map<number, Item[]>()
  let at = Math.floor(startMs / slotMs)
  let size = 0
  return {
    get size() {
      return size
    },
    add(atMs, item) {
      const slot = Math.max(at, Math.floor(atMs / slotMs))
      const items = slots.get(slot)
      if (items === undefined) slots.set(slot, [item])
      else items.push(item)
      size++
    },
    take(nowMs, most) {
      const last = Math.floor(nowMs / slotMs)
      const due: Item[] = []
      while (at < last && due.length < most) {
        const items = slots.get(at) ?? []
        const taken = items.splice(0, most - due.length)
        for (const item of taken) due.push(item)
        if (items.length > 0) break
        slots.delete(at)
        at++
      }
      size -= due.length
      return due
    },
  }
}
