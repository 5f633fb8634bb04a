/**
 * From the journal to the stores, batch after batch. A crash at any point loses nothing and doubles nothing;
 * a store that can not be reached is waited for; nothing is skipped.
 */

import type { Config } from '../config.ts'
import type { Bus, Ports } from '../domain/ports.ts'
import type { QualityControl } from '../domain/quality-control.ts'
import type { Judge } from '../domain/quarantine.ts'
import type { JournalReader } from '../stores/journal/journal.ts'
import type { ReadingsWriter } from '../stores/readings/readings.ts'
import type { Ledger } from '../stores/records/ledger.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import { type Chores, createChores } from './chores.ts'
import { createFlaggedStore } from './flagged-store.ts'
import { createIngestMeters, type IngestMeters } from './meters.ts'
import { createPatience, type Patience } from './patience.ts'
import { createSetbacks } from './setbacks.ts'
import { type SettleParts, settleBatch } from './settle.ts'
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
  quality: QualityControl
}

export interface Ingest {
  /** Settles what is in the journal, for at most `drainMs`, then ends. */
  stop(drainMs: number): Promise<void>
  /** The last uplink that is settled. */
  position(): number
}

export function startIngest(parts: IngestParts): Ingest {
  const { config, ports, bus, registry, ledger } = parts
  const meters = createIngestMeters(ports.meter)
  const patience = createPatience(ports)
  const judge = createSureJudge(parts.judge, ports)
  const status = createStatusBook({ ledger, registry, clock: ports.clock })
  const store = createFlaggedStore({ ...parts, log: ports.log, meters })
  const chores = createChores({ ...parts, judge, meters, status, store })
  const batchMax = config.ingestBatchMessagesMax
  const work = { ...parts, judge, meters, status, store, batchMax }
  const loop: Loop = { position: 0, stopAt: Number.POSITIVE_INFINITY }

  const endBell = bus.onRing('journal', () => patience.ring())
  const running = run(loop, { work, chores, meters, patience, bus })
  return {
    async stop(drainMs) {
      loop.stopAt = ports.clock.monotonic() + drainMs
      patience.stop()
      endBell()
      await running
    },
    position: () => loop.position,
  }
}

interface Loop {
  position: number
  /** By the monotonic clock; infinite until a stop is asked for. */
  stopAt: number
}

interface LoopParts {
  work: SettleParts & Pick<IngestParts, 'readings'>
  chores: Chores
  meters: IngestMeters
  patience: Patience
  bus: Bus
}

async function run(loop: Loop, parts: LoopParts): Promise<void> {
  const { work, chores, patience, bus } = parts
  const { clock } = work.ports
  const findStart = createStart({ ...work, log: work.ports.log })
  const setbacks = createSetbacks(work.ports, patience)
  const rest = createRest(parts)
  const isStopping = () => loop.stopAt < Number.POSITIVE_INFINITY
  let isPositionKnown = false
  while (clock.monotonic() < loop.stopAt) {
    try {
      if (!isPositionKnown) loop.position = await findStart()
      const { uplinks, position } = await settleBatch(work, loop.position)
      loop.position = position
      setbacks.over()
      if (uplinks > 0) bus.ring('readings')
      await chores.afterBatch(uplinks)
      if (uplinks === 0 && isStopping()) break
      isPositionKnown = (await rest(uplinks)) === 'busy'
    } catch (error) {
      await setbacks.wait(error)
      /** It may have been the answer that was lost: the store knows how far we are. */
      isPositionKnown = false
      if (isStopping()) break
    }
  }
  await chores.atEnd()
}

/** How often the journal is looked at when no bell rings: soon after work, seldom after a while without. */
const lookEveryMs = { busy: 20, idle: 200, idleAfterMs: 1_000 }
/** After a small batch others may join the next one: one transaction for a handful is costly. */
const gatherMs = 20

/** The pause after a batch of so many uplinks; tells whether there was work of late. */
function createRest({ work, meters, patience }: LoopParts) {
  const { clock } = work.ports
  let lastWorkAt = clock.monotonic()
  return async (uplinks: number): Promise<'busy' | 'idle'> => {
    if (uplinks >= work.batchMax / 2) return 'busy'
    if (uplinks > 0) {
      lastWorkAt = clock.monotonic()
      await patience.sleep(gatherMs)
      return 'busy'
    }
    meters.idle()
    const isIdle = clock.monotonic() - lastWorkAt >= lookEveryMs.idleAfterMs
    await patience.listen(isIdle ? lookEveryMs.idle : lookEveryMs.busy)
    return isIdle ? 'idle' : 'busy'
  }
}
