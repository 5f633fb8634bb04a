/**
 * From the journal to the stores, batch after batch. A crash at any point loses nothing and doubles nothing;
 * a store that cannot be reached is waited for, and then live uplinks go first; nothing is skipped.
 */

import type { Config } from '../config.ts'
import type { Bus, Ports } from '../domain/ports.ts'
import type { QualityControl } from '../quality/contract.ts'
import type { Judge } from '../domain/quarantine.ts'
import type { JournalReader } from '../stores/journal/journal.ts'
import type { ReadingsWriter } from '../stores/readings/readings.ts'
import type { Ledger } from '../stores/records/ledger.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import { createCatchUp } from './catch-up.ts'
import { type Chores, createChores } from './chores.ts'
import { createLanes, type Lanes } from './lanes.ts'
import { createIngestMeters } from './meters.ts'
import { createWakeUp, type WakeUp } from '../runtime/async/wake-up.ts'
import { createSetbacks, type SetbackParts } from './setbacks.ts'
import { type SettleParts, settleTurn } from './settle.ts'
import { createStart } from './start.ts'
import type { StoreRefusals } from './store-refusals.ts'
import { createSureJudge } from '../payload/guarded-validator.ts'
import { createTurns, type Place } from './turns.ts'

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
  /** Told of what is about to be written, for readings that the store may refuse. */
  refusals?: Pick<StoreRefusals, 'expect' | 'during'>
  /** Told when batches cannot be stored, when the reason changes, and (null) when they are again. */
  onTrouble: SetbackParts['onTrouble']
}

export interface Ingest {
  /** Settles what is in the journal, for at most `drainMs`, then ends. */
  stop(drainMs: number): Promise<void>
  /** Everything up to this uplink is settled. */
  position(): number
}

export function startIngest(parts: IngestParts): Ingest {
  const { config, ports, bus } = parts
  const { clock, log } = ports
  const meters = createIngestMeters(ports.meter)
  const wakeUp = createWakeUp(ports)
  const judge = createSureJudge(parts.judge, ports)
  const lanes = createLanes({ ...parts, clock, log, meters })
  const chores = createChores({ ...parts, judge, meters, lanes })
  const batchMax = config.ingestBatchMessagesMax
  const loop: Loop = { place: { seq: 0 }, stopAt: Number.POSITIVE_INFINITY }

  const endBell = bus.onRing('journal', () => wakeUp.ring())
  const work = { ...parts, judge, meters }
  const running = run(loop, { work, lanes, chores, wakeUp, batchMax })
  return {
    async stop(drainMs) {
      loop.stopAt = ports.clock.monotonic() + drainMs
      wakeUp.stop()
      endBell()
      await running
    },
    position: () => loop.place.seq,
  }
}

interface Loop {
  place: Place
  /** By the monotonic clock; infinite until a stop is asked for. */
  stopAt: number
}

interface LoopParts {
  work: IngestParts & SettleParts
  lanes: Lanes
  chores: Chores
  wakeUp: WakeUp
  batchMax: number
}

async function run(loop: Loop, parts: LoopParts): Promise<void> {
  const { work, chores, wakeUp } = parts
  const { clock } = work.ports
  const take = createTaking(loop, parts)
  const setbacks = createSetbacks({ ...work.ports, ...work, wakeUp })
  const rest = createRest(parts)
  const isStopping = () => loop.stopAt < Number.POSITIVE_INFINITY
  let isPlaceKnown = false
  while (clock.monotonic() < loop.stopAt) {
    try {
      if (!isPlaceKnown) await take.bearings()
      const uplinks = await take.turn()
      setbacks.over()
      if (uplinks > 0) work.bus.ring('readings')
      await chores.afterBatch(uplinks)
      if (uplinks === 0 && isStopping()) break
      const hasBacklog = uplinks > 0 && loop.place.ahead !== undefined
      isPlaceKnown = hasBacklog || (await rest(uplinks)) === 'busy'
    } catch (error) {
      await setbacks.wait(error)
      /** It may have been the answer that was lost: the store knows how far we are. */
      isPlaceKnown = false
      if (isStopping()) break
    }
  }
  await chores.atEnd()
}

/** Finds out where we are, and settles one turn after the other, each in its lane. */
function createTaking(loop: Loop, { work, lanes, batchMax }: LoopParts) {
  const { journal, meters } = work
  const { clock, log } = work.ports
  const catchUp = createCatchUp({ journal, clock, log })
  const findStart = createStart({ ...work, log })
  const turns = createTurns({ journal, clock, batchMax })

  async function bearings(): Promise<void> {
    loop.place = await findStart()
    await catchUp.at(loop.place)
    const { ahead } = loop.place
    if (ahead === undefined && lanes.behind !== undefined) lanes.begin()
    if (ahead === undefined || lanes.behind !== undefined) return
    const [first] = await journal.read(ahead.from, 1)
    lanes.split(first?.receivedAt ?? 0, false)
  }

  /** Returns how many uplinks were settled. */
  async function turn(): Promise<number> {
    const next = await turns.next(loop.place)
    if (next.begins) lanes.split(next.uplinks[0]?.receivedAt ?? 0, true)
    const lane = next.side === 'behind' ? (lanes.behind ?? lanes.front) : lanes.front
    const startedAt = clock.monotonic()
    const { uplinks, place } = await settleTurn(work, next, lane)
    turns.took(next, clock.monotonic() - startedAt)
    if (place === undefined) return 0
    loop.place = place
    await catchUp.at(place)
    if (next.begins) log.info({ ...place }, 'Ingest is behind: the newest uplinks go first.')
    if (place.ahead === undefined && lanes.behind !== undefined) {
      lanes.join()
      meters.caughtUp()
      log.info({ position: place.seq }, 'The backlog is settled.')
    }
    return uplinks
  }

  return { bearings, turn }
}

/** How often the journal is looked at when no bell rings: soon after work, seldom after a while without. */
const lookEveryMs = { busy: 20, idle: 200, idleAfterMs: 1_000 }
/** After a small batch others may join the next one: one transaction for a handful is costly. */
const gatherMs = 20

/** The pause after a batch of so many uplinks; tells whether there was work of late. */
function createRest({ work, wakeUp, batchMax }: LoopParts) {
  const { clock } = work.ports
  let lastWorkAt = clock.monotonic()
  return async (uplinks: number): Promise<'busy' | 'idle'> => {
    if (uplinks >= batchMax / 2) return 'busy'
    if (uplinks > 0) {
      lastWorkAt = clock.monotonic()
      await wakeUp.sleep(gatherMs)
      return 'busy'
    }
    work.meters.idle()
    const isIdle = clock.monotonic() - lastWorkAt >= lookEveryMs.idleAfterMs
    await wakeUp.listen(isIdle ? lookEveryMs.idle : lookEveryMs.busy)
    return isIdle ? 'idle' : 'busy'
  }
}
