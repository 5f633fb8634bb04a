/**
 * Items by id, and all of them in the order of their ids. The list is made when it is asked for and then
 * kept; after a few changes it is merged, not sorted again. Lists handed out before stay as they were.
 */

export interface SortedTable<Item> {
  get(id: string): Item | undefined
  set(id: string, item: Item): void
  delete(id: string): void
  clear(): void
  /** In the order of their ids, by UTF-16 code unit: the order of `<` on strings. */
  all(): readonly Item[]
}

interface Entry<Item> {
  id: string
  item: Item
}

export function createSortedTable<Item>(): SortedTable<Item> {
  const items = new Map<string, Item>()
  let entries: readonly Entry<Item>[] = []
  let list: readonly Item[] = []
  let changed = new Set<string>()

  function takeOver(): void {
    const fresh: Entry<Item>[] = []
    for (const id of changed) {
      const item = items.get(id)
      if (item !== undefined) fresh.push({ id, item })
    }
    fresh.sort((a, b) => (a.id < b.id ? -1 : 1))
    const kept = entries.filter((entry) => !changed.has(entry.id))
    entries = merged(kept, fresh)
    list = entries.map((entry) => entry.item)
    changed = new Set()
  }

  return {
    get: (id) => items.get(id),
    set(id, item) {
      items.set(id, item)
      changed.add(id)
    },
    delete(id) {
      if (items.delete(id)) changed.add(id)
    },
    clear() {
      for (const id of items.keys()) changed.add(id)
      items.clear()
    },
    all() {
      if (changed.size > 0) takeOver()
      return list
    },
  }
}

function merged<Item>(
  a: readonly Entry<Item>[],
  b: readonly Entry<Item>[],
): readonly Entry<Item>[] {
  if (a.length === 0) return b
  const result: Entry<Item>[] = []
  let next = 0
  for (const entry of a) {
    for (let other = b[next]; other !== undefined && other.id < entry.id; other = b[++next]) {
      result.push(other)
    }
    result.push(entry)
  }
  return result.concat(b.slice(next))
}
