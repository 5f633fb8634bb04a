/**
 * The outbox loop: takes deliveries that are due, sends them, and records what came of each.
 *
 * - Of one alert at one endpoint the next delivery goes out only when the one before is done: the log gives
 *   out only the first. Everything else runs side by side.
 * - An endpoint has a few slots, and only one while its last answer was a failure; so a slow or dead one
 *   delays no other.
 * - An attempt that was under way at a crash is not on record, and is made again with the same id.
 */

import type { Config } from '../../config.ts'
import type { Bus, Ports } from '../../domain/ports.ts'
import { redacted } from '../../domain/webhook-mask.ts'
import type { AlertLog, DueDelivery } from '../../stores/records/alert-log.ts'
import type { RegistryView } from '../../stores/records/registry.ts'
import type { AlertMeters } from '../meters.ts'
import { createRetry } from '../../runtime/async/retry.ts'
import { nextOf, retryAfterMs } from './schedule.ts'
import { createSlots } from './slots.ts'
import type { Answer, Sender } from './webhook.ts'

export interface NotifierParts {
  config: Pick<Config, 'webhookConcurrencyMax'>
  ports: Ports
  bus: Bus
  log: AlertLog
  registry: RegistryView
  sender: Sender
  meters: AlertMeters
  disableWebhook?: ((id: string) => Promise<void>) | undefined
}

export interface Notifier {
  /** Deliveries may be due. */
  kick(): void
  stop(): Promise<void>
}

/** Requests under way to all endpoints together. */
const requestsMax = 256
const batchMax = 64
/** The outbox is looked at this often even when nobody rings: acknowledgements of another process. */
const lookAgainMs = 1_000
/** Finished deliveries are history that somebody may ask for; after this they are removed. */
const keptMs = 90 * 24 * 3_600_000
const pruneEveryMs = 600_000
const pruneMax = 2_000
/** How long a stop waits for answers under way. */
const graceMs = 3_000

export function startNotifier(parts: NotifierParts): Notifier {
  const { ports, bus, log, registry, sender, meters } = parts
  const { clock, timers } = ports
  const retry = createRetry(ports, meters.fault)
  const slots = createSlots(parts.config.webhookConcurrencyMax, requestsMax)
  const underWay = new Map<string, Promise<void>>()
  let wanted = false
  let running: Promise<void> | null = null
  let cancelTimer = () => {}

  function kick(): void {
    wanted = true
    running ??= run()
  }

  async function run(): Promise<void> {
    cancelTimer()
    while (wanted && !retry.stopped) {
      wanted = false
      await retry.run('outbox', sendDue)
    }
    running = null
    if (retry.stopped) return
    const waitMs = nextAt === null ? lookAgainMs : Math.max(1, nextAt - clock.now())
    cancelTimer = timers.after(Math.min(waitMs, lookAgainMs), kick)
  }

  /** When the next delivery that is not due yet will be. */
  let nextAt: number | null = null

  async function sendDue(): Promise<void> {
    await registry.refresh()
    for (let started = -1; started !== 0 && slots.anyFree(); ) {
      started = 0
      const limit = batchMax + underWay.size
      for (const delivery of await log.due(clock.now(), limit, slots.full())) {
        if (underWay.has(delivery.id) || !slots.take(delivery.webhook)) continue
        started += 1
        underWay.set(delivery.id, attempt(delivery))
      }
    }
    const oldest = await log.nextDueAt()
    const now = clock.now()
    meters.outboxAge(oldest === null ? 0 : Math.max(0, now - oldest) / 1_000)
    // What is overdue waits for a free slot, and whoever frees one kicks.
    nextAt = oldest === null || oldest <= now ? null : oldest
  }

  async function attempt(delivery: DueDelivery): Promise<void> {
    const at = clock.now()
    const startedAt = clock.monotonic()
    let good = false
    try {
      const answer = await ask(delivery, at)
      if (retry.stopped && answer.status === null) return
      const durationMs = Math.round(clock.monotonic() - startedAt)
      meters.answered(durationMs / 1_000)
      good = await settle(delivery, answer, { at, durationMs })
    } catch (error) {
      ports.log.error({ error, delivery: delivery.id }, 'A delivery could not be attempted.')
    } finally {
      underWay.delete(delivery.id)
      slots.give(delivery.webhook, good)
      kick()
    }
  }

  async function ask(delivery: DueDelivery, now: number): Promise<Verdict> {
    const webhook = registry.get('webhook', delivery.webhook)
    if (webhook === undefined) return refused('The endpoint was removed.')
    // A test is asked for by a person, who may want to know before switching it on.
    if (!webhook.enabled && delivery.alert !== null) {
      return { ...refused('The endpoint is switched off.'), missed: true }
    }
    const { url, secret } = webhook
    const { messageId: id, body } = delivery
    const answer = await sender.send({ url, secret, id, body, now })
    return { ...answer, answer: redacted(answer.answer, webhook) }
  }

  async function settle(
    delivery: DueDelivery,
    answer: Verdict,
    { at, durationMs }: { at: number; durationMs: number },
  ): Promise<boolean> {
    const now = clock.now()
    const outcome = { status: answer.status, retryAfterMs: retryAfterMs(answer.retryAfter, now) }
    const chance = { attempts: delivery.attempts + 1, now, fraction: ports.random.fraction() }
    const next = answer.final ? givenUp : nextOf(outcome, chance)
    const record = { at, status: answer.status, answer: answer.answer, durationMs }
    const { state, nextAttemptAt, gone } = next
    const missed = gone || answer.missed === true
    // First, so that what waits behind this delivery finds it switched off.
    if (gone) await disable(delivery.webhook)
    await retry.run('attempt', () =>
      log.attempted(delivery.id, record, { state, nextAttemptAt, missed }),
    )
    meters.delivered(state === 'pending' ? 'retry' : state)
    bus.ring('alerts')
    return state === 'delivered'
  }

  async function disable(webhook: string): Promise<void> {
    ports.log.warn({ webhook }, 'An endpoint answered 410 Gone and is switched off.')
    try {
      await parts.disableWebhook?.(webhook)
    } catch (error) {
      ports.log.error({ webhook, error }, 'An endpoint that is gone could not be switched off.')
    }
  }

  async function prune(): Promise<void> {
    await retry.run('prune', () => log.prune(clock.now() - keptMs, pruneMax))
  }

  const cancels = [
    bus.onRing('alerts', kick),
    timers.every(pruneEveryMs, () => void prune()),
    () => cancelTimer(),
  ]
  kick()
  return {
    kick,
    async stop() {
      retry.stop()
      for (const cancel of cancels) cancel()
      await running
      let waited = () => {}
      const grace = new Promise<void>((resolve) => {
        waited = timers.after(graceMs, resolve)
      })
      await Promise.race([Promise.all(underWay.values()), grace])
      waited()
      await sender.close()
      await Promise.all(underWay.values())
    },
  }
}

/**
 * `final`: decided without asking the endpoint, so asking again would not help. `missed`: the endpoint may be switched
 * on again, and is owed what it did not hear.
 */
type Verdict = Answer & { final?: true; missed?: true }

function refused(answer: string): Verdict {
  return { status: null, answer, retryAfter: undefined, final: true }
}

const givenUp = { state: 'failed', nextAttemptAt: null, gone: false } as const
