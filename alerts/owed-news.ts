/**
 * Tells what could not be told when it happened: what a silence muted, once it is over or taken away; what an
 * endpoint missed that was switched off, once it is on again; what is open, to a new endpoint that asks for it.
 * What is owed to whom is in the alert log; this asks for it when the registry or a silence may have changed it.
 */

import type { Clock } from '../domain/ports.ts'
import type { AlertLog, OwedPlace } from '../stores/records/alert-log.ts'
import type { RegistryView } from '../stores/records/registry.ts'

/** The outbox owes what it gave up for an endpoint that was switched off; it does not ring. */
const lookAgainMs = 60_000

export interface OwedNewsParts {
  log: Pick<AlertLog, 'attend' | 'settle'>
  registry: RegistryView
  clock: Clock
  stopping(): boolean
  /** What cannot be told now is told at a later look; new alerts do not wait for it. */
  onFault(error: unknown): void
  /** New deliveries may be due. */
  onOutbox(): void
}

export interface OwedNews {
  /** Cheap when nothing can have changed. */
  look(): Promise<void>
}

export function createOwedNews(parts: OwedNewsParts): OwedNews {
  const { log, registry, clock } = parts
  let version = -1
  let lookedAt = Number.NEGATIVE_INFINITY
  let settledAt = Number.NEGATIVE_INFINITY

  /** Whether a silence has ended since the last look. */
  function anyEnded(now: number): boolean {
    return registry.all('silence').some(({ to }) => {
      const end = Date.parse(to)
      return lookedAt < end && end <= now
    })
  }

  async function attend(now: number): Promise<void> {
    const listeners = registry.all('webhook').map((webhook) => {
      const { secret, enabled, catchUp } = webhook
      return { webhook, secret, catchUp: enabled && catchUp === true }
    })
    await log.attend(listeners, now)
  }

  async function settle(now: number): Promise<void> {
    const audience = { webhooks: registry.all('webhook'), silences: registry.all('silence') }
    let place: OwedPlace | null = { alert: '', webhook: '' }
    while (place !== null && !parts.stopping()) place = await log.settle(audience, now, place)
    parts.onOutbox()
  }

  return {
    async look() {
      const now = clock.now()
      const isNew = registry.version !== version
      const since = now - settledAt
      const isDue = isNew || anyEnded(now) || since >= lookAgainMs || since < 0
      lookedAt = now
      if (!isDue || parts.stopping()) return
      const seen = registry.version
      try {
        if (isNew) await attend(now)
        await settle(now)
        version = seen
        settledAt = now
      } catch (error) {
        version = -1
        parts.onFault(error)
      }
    },
  }
}
