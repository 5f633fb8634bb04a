/**
 * What ingest does between batches: housekeeping of the readings store, retries from quarantine, expiry, the
 * status of devices. A chore that fails is counted, logged when its fault changes, and done later; it never
 * holds up a batch.
 */

import type { Config } from '../config.ts'
import type { Bus, Ports } from '../domain/ports.ts'
import type { Judge } from '../domain/quarantine.ts'
import type { ReadingsWriter } from '../stores/readings/readings.ts'
import type { Ledger } from '../stores/records/ledger.ts'
import type { Lanes } from './lanes.ts'
import type { IngestMeters } from './meters.ts'
import { answerRetries } from './retries.ts'
import type { StatusBook } from './status-book.ts'
import type { StoreRefusals } from './store-refusals.ts'

export interface ChoreParts {
  config: Pick<Config, 'quarantineDays'>
  ports: Ports
  bus: Bus
  readings: ReadingsWriter
  ledger: Ledger
  judge: Judge
  meters: IngestMeters
  lanes: Lanes
  /** Told by the readings store what it refuses. */
  refusals?: Pick<StoreRefusals, 'during'>
}

export interface Chores {
  /** A bounded amount of what is due. */
  afterBatch(settled: number): Promise<void>
  /** What must not be left when the program ends. */
  atEnd(): Promise<void>
}

const tidyEveryBatches = 8
const tidyEveryMs = 1_000
const retriesEveryMs = 250
/** Often, so that each time there is little to drop. */
const expireEveryMs = 3_600_000
const dayMs = 86_400_000

export function createChores(parts: ChoreParts): Chores {
  const { config, ports, bus, readings, ledger, lanes } = parts
  const { clock } = ports
  const attempt = createAttempts(parts)
  let batches = 0
  let tidyDue = true
  let tidiedAt = 0
  let retriedAt = 0
  let expireAt = 0

  async function tidy(now: number): Promise<Outcome> {
    const due = tidyDue || batches >= tidyEveryBatches || now - tidiedAt >= tidyEveryMs
    if (!due) return 'not due'
    batches = 0
    tidiedAt = now
    tidyDue = false
    tidyDue = await readings.tidy(clock.now())
    return 'done'
  }

  /** Somebody waits for the answer, so an idle ingest looks each time it is woken. */
  async function retry(now: number, settled: number): Promise<Outcome> {
    if (settled > 0 && now - retriedAt < retriesEveryMs) return 'not due'
    retriedAt = now
    const { store } = lanes.front
    const stored = await answerRetries({ ...parts, clock, store })
    if (stored > 0) bus.ring('readings')
    return 'done'
  }

  async function expire(now: number): Promise<Outcome> {
    if (now < expireAt) return 'not due'
    expireAt = now + expireEveryMs
    await ledger.expire(clock.now() - config.quarantineDays * dayMs)
    return 'done'
  }

  async function status(run: (book: StatusBook) => Promise<void>): Promise<Outcome> {
    await run(lanes.front.status)
    if (lanes.behind !== undefined) await run(lanes.behind.status)
    return 'done'
  }

  return {
    async afterBatch(settled) {
      const now = clock.monotonic()
      if (settled > 0) batches++
      await attempt('tidy', () => tidy(now))
      await attempt('retries', () => retry(now, settled))
      await attempt('expiry', () => expire(now))
      await attempt('status', () => status((book) => book.flushIfDue()))
    },
    atEnd: () => attempt('status', () => status((book) => book.flush())),
  }
}

type Outcome = 'done' | 'not due'

function createAttempts({ ports, meters }: Pick<ChoreParts, 'ports' | 'meters'>) {
  const told = new Map<string, string>()
  return async (chore: string, run: () => Promise<Outcome>): Promise<void> => {
    try {
      if ((await run()) === 'done') told.delete(chore)
    } catch (error) {
      meters.choreFault(chore)
      const text = error instanceof Error ? error.message : String(error)
      if (told.get(chore) === text) return
      told.set(chore, text)
      ports.log.error({ error, chore }, 'A chore between batches failed; it will be done later.')
    }
  }
}
