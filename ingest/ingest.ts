/**
 * From the journal to the stores, in batches, one after the other. The position in the journal moves in the
 * same transaction as the readings, and everything written before that is idempotent: a crash at any point
 * loses nothing and doubles nothing. A store that can not be reached is waited for; nothing is skipped.
 */

import type { Config } from '../config.ts'
import type { Bus, Ports } from '../domain/ports.ts'
import type { Judge } from '../domain/quarantine.ts'
import type { JournalReader } from '../stores/journal/journal.ts'
import type { ReadingsWriter } from '../stores/readings/readings.ts'
import type { Ledger } from '../stores/records/ledger.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import { judgeBatch } from './batch.ts'
import { createChores } from './chores.ts'
import { createIngestMeters } from './meters.ts'
import { createPatience, createSetbacks } from './patience.ts'
import { createStart } from './start.ts'
import { createStatusBook } from './status-book.ts'
import { createSureJudge } from './sure-judge.ts'

export interface IngestParts {
  config: Pick<Config, 'ingestBatchMessagesMax' | 'quarantineDays'>
  ports: Ports
  bus: Bus
  registry: RegistryView
  journal: JournalReader
  readings: ReadingsWriter
  ledger: Ledger
  judge: Judge
}

export interface Ingest {
  /** Settles what is in the journal, for at most `drainMs`, then ends. */
  stop(drainMs: number): Promise<void>
  /** The last uplink that is settled. */
  position(): number
}

/** How often the journal is looked at when no bell rings: soon after work, seldom after a while without. */
const lookEveryMs = { busy: 20, idle: 200, idleAfterMs: 1_000 }
/** After a small batch others may join the next one: one transaction for a handful is costly. */
const gatherMs = 20

export function startIngest(parts: IngestParts): Ingest {
  const { config, ports, bus, registry, journal, readings, ledger } = parts
  const { clock, log } = ports
  const judge = createSureJudge(parts.judge, ports)
  const meters = createIngestMeters(ports.meter)
  const patience = createPatience(ports)
  const setbacks = createSetbacks(ports, patience)
  const status = createStatusBook({ ledger, registry, clock })
  const chores = createChores({ ...parts, judge, meters, status })
  const findStart = createStart({ journal, readings, log })
  const batchMax = config.ingestBatchMessagesMax
  let position = 0
  let isPositionKnown = false
  let stopAt = Number.POSITIVE_INFINITY
  let lastWorkAt = clock.monotonic()

  /** One batch, the whole way. Nothing has moved unless it returns; then all of it has. */
  async function pass(): Promise<number> {
    if (!isPositionKnown) position = await findStart()
    isPositionKnown = true
    await registry.refresh()
    const startedAt = clock.monotonic()
    const uplinks = await journal.read(position, batchMax)
    const batch = judgeBatch(uplinks, judge)
    const last = batch.judged.at(-1)?.uplink
    if (last === undefined) return 0
    status.note(batch.judged)
    await ledger.quarantine(batch.refused)
    await status.settle()
    await readings.write(batch.readings, { seq: last.seq, quarantined: batch.quarantined })
    reportGap(position, last.seq, batch.judged.length)
    position = last.seq
    bus.ring('readings')
    meters.batch(batch, {
      seconds: (clock.monotonic() - startedAt) / 1_000,
      lagSeconds: Math.max(0, clock.now() - last.receivedAt) / 1_000,
    })
    return batch.judged.length
  }

  function reportGap(from: number, to: number, settled: number): void {
    const missing = to - from - settled
    if (missing === 0) return
    meters.gap(missing)
    log.error(
      { from, to, missing },
      'The journal could not give some uplinks; they are passed over.',
    )
  }

  async function rest(settled: number): Promise<void> {
    if (settled >= batchMax / 2) return
    if (settled > 0) {
      lastWorkAt = clock.monotonic()
      await patience.sleep(gatherMs)
      return
    }
    meters.idle()
    const { busy, idle, idleAfterMs } = lookEveryMs
    const isIdle = clock.monotonic() - lastWorkAt >= idleAfterMs
    if (isIdle) isPositionKnown = false
    await patience.listen(isIdle ? idle : busy)
  }

  async function run(): Promise<void> {
    while (clock.monotonic() < stopAt) {
      try {
        const settled = await pass()
        setbacks.over()
        await chores.afterBatch(settled)
        if (settled === 0 && stopAt < Number.POSITIVE_INFINITY) break
        await rest(settled)
      } catch (error) {
        await setbacks.wait(error)
        /** It may have been the answer that was lost: the store knows how far we are. */
        isPositionKnown = false
        if (stopAt < Number.POSITIVE_INFINITY) break
      }
    }
    await chores.atEnd()
  }

  const endBell = bus.onRing('journal', () => patience.ring())
  const running = run()
  return {
    async stop(drainMs) {
      stopAt = clock.monotonic() + drainMs
      patience.stop()
      endBell()
      await running
    },
    position: () => position,
  }
}
