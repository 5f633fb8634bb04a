/**
 * Who may send now: a few requests at a time to one endpoint, one while its last answer was a failure, and a
 * bound on all together. Without the second rule many dead endpoints would hold all slots until they time out.
 */

export interface Slots {
  /** True when the endpoint has a free slot, which is then taken. */
  take(webhook: string): boolean
  give(webhook: string, good: boolean): void
  anyFree(): boolean
  /** Endpoints without a free slot. */
  full(): string[]
}

export function createSlots(perWebhookMax: number, allMax: number): Slots {
  const taken = new Map<string, number>()
  const failing = new Set<string>()
  let all = 0

  function isFull(webhook: string): boolean {
    return (taken.get(webhook) ?? 0) >= (failing.has(webhook) ? 1 : perWebhookMax)
  }

  return {
    take(webhook) {
      if (all >= allMax || isFull(webhook)) return false
      taken.set(webhook, (taken.get(webhook) ?? 0) + 1)
      all += 1
      return true
    },
    give(webhook, good) {
      const left = (taken.get(webhook) ?? 1) - 1
      if (left === 0) taken.delete(webhook)
      else taken.set(webhook, left)
      all -= 1
      if (good) failing.delete(webhook)
      else failing.add(webhook)
    },
    anyFree: () => all < allMax,
    full: () => [...taken.keys()].filter(isFull),
  }
}
