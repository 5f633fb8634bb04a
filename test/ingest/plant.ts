/** Ingest with its real stores in a temporary folder: what goes in is journaled, what comes out is read back. */

import { Registry as Meters } from 'prom-client'
import { countReadings } from '../../payload/count-readings.ts'
import type { Bell, Bus, Log, Ports } from '../../domain/ports.ts'
import type { QualityControl } from '../../quality/contract.ts'
import type { Judge } from '../../domain/quarantine.ts'
import type { Reading } from '../../domain/reading.ts'
import type { UplinkDraft, UplinkKind } from '../../domain/uplink.ts'
import { type Ingest, type IngestParts, startIngest } from '../../ingest/ingest.ts'
import { createJudge } from '../../payload/validate.ts'
import { createQualityControl } from '../../quality/quality-control.ts'
import type { StoreRefusals } from '../../ingest/store-refusals.ts'
import type { JournalReader, JournalWriter } from '../../stores/journal/journal.ts'
import { openJournalReader, openJournalWriter } from '../../stores/journal/sqlite.ts'
import type { ReadingsReader, ReadingsWriter } from '../../stores/readings/readings.ts'
import { openReadingsReader, openReadingsWriter } from '../../stores/readings/sqlite.ts'
import type { Ledger } from '../../stores/records/ledger.ts'
import { openLedger } from '../../stores/records/sqlite-ledger.ts'
import { systemPorts } from '../../runtime/system.ts'
import { receivedAt } from '../payload/decoders/uplinks.ts'
import { type DeviceForm, registryWith, type TestRegistry } from './registry.ts'

export interface Stores {
  journal: JournalReader
  readings: ReadingsWriter
  ledger: Ledger
  judge: Judge
  quality: QualityControl
  refusals?: StoreRefusals
}

export interface Plant {
  registry: TestRegistry
  /** Of the running ingest. */
  stores: Stores
  reader: ReadingsReader
  bus: Bus
  /** Sentences logged as errors, with their fields. */
  errors: { sentence: string; fields: Readonly<Record<string, unknown>> }[]
  /** What keeps batches from being stored, as told; null when nothing does any more. */
  troubles: (string | null)[]
  /** Journals one message, or with `group` the last so many; the bell is not rung. */
  send(
    kind: UplinkKind,
    payload: unknown,
    more?: Partial<UplinkDraft> & { group?: number },
  ): Promise<void>
  /** Journals what is left of a group. */
  commit(): Promise<void>
  /** Starts ingest, or starts it again with its stores opened anew. `wrap` may put something in between. */
  start(wrap?: (stores: Stores) => Partial<Stores>, batchMax?: number): void
  /** Waits until everything journaled is settled. */
  settled(): Promise<void>
  /** Ends ingest without giving it time to finish anything, as a crash does. */
  crash(): Promise<void>
  stop(): Promise<void>
  /** Everything stored, by device, property and time. */
  stored(): Promise<Reading[]>
  /** All that was announced at admission. */
  announced: number
  /** The clock of ingest. */
  now: number
  /** The newest position of the journal. */
  readonly head: number
  /** Lets the journal drop what is behind this position. */
  trim(consumedSeq: number): void
  balance(): Promise<{ received: number; settled: number; inFlight: number }>
  close(): Promise<void>
}

export async function createPlant(devices: readonly DeviceForm[]): Promise<Plant> {
  const registry = await registryWith(devices)
  const { dir } = registry
  const errors: Plant['errors'] = []
  const bus = createBells()
  const writer = openJournalWriter({
    dir: `${dir}/journal`,
    segmentBytesMax: 1 << 20,
    bytesMax: 1 << 30,
    log: testPorts(errors).log,
  })
  const reader = openReadingsReader({ path: `${dir}/readings.db` })
  let ingest: Ingest | undefined
  let opened: Stores | undefined

  function open(): Stores {
    return {
      journal: openJournalReader({ dir: `${dir}/journal`, onDamage: () => undefined }),
      readings: openReadingsWriter({ path: `${dir}/readings.db`, keepDays: 0 }),
      ledger: openLedger({ path: `${dir}/ledger.db`, messagesPerDeviceMax: 1_000 }),
      judge: createJudge({
        registry: registry.view,
        payloadBytesMax: 65_536,
        readingAgeDaysMax: 7,
        readingAheadSecondsMax: 300,
      }),
      quality: createQualityControl({ registry: registry.view, past: reader, enabled: true }),
    }
  }

  async function end(drainMs: number): Promise<void> {
    await ingest?.stop(drainMs)
    ingest = undefined
    opened?.journal.close()
    await Promise.all([opened?.readings.close(), opened?.ledger.close()])
    opened = undefined
  }

  const plant: Plant = {
    registry,
    reader,
    bus,
    errors,
    troubles: [],
    announced: 0,
    now: receivedAt + 1_000,
    get head() {
      return writer.head
    },
    trim: (consumedSeq) => writer.trim(consumedSeq),
    get stores() {
      if (opened === undefined) throw new Error('Ingest is not running.')
      return opened
    },
    async send(kind, payload, { group = 1, ...more } = {}) {
      const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
      const bytes = payload instanceof Uint8Array ? payload : Buffer.from(text)
      const readings = countReadings(kind, bytes)
      const draft = { kind, device: 'air-1', receivedAt, payload: bytes, readings, ...more }
      writer.append(draft)
      if (writer.pending >= group) await commit(writer)
      plant.announced += draft.readings
    },
    commit: () => commit(writer),
    start(wrap = () => ({}), batchMax = 100) {
      opened = open()
      const config: IngestParts['config'] = { ingestBatchMessagesMax: batchMax, quarantineDays: 30 }
      const stores = { ...opened, ...wrap(opened) }
      const ports = testPorts(errors, () => plant.now)
      const onTrouble = (trouble: { reason: string } | null) => {
        plant.troubles.push(trouble?.reason ?? null)
      }
      ingest = startIngest({ config, ports, bus, registry: registry.view, ...stores, onTrouble })
    },
    async settled() {
      for (let tries = 0; tries < 1_000; tries++) {
        const { seq, ahead } = await reader.progress()
        if (seq >= writer.head && ahead === undefined) return
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      throw new Error(`Not settled: ${(await reader.progress()).seq} of ${writer.head}.`)
    },
    crash: () => end(0),
    stop: () => end(5_000),
    async stored() {
      const series = await reader.series()
      const everything = { from: 0, to: 8.64e15, series }
      const readings: Reading[] = []
      for await (const page of reader.range(everything)) readings.push(...page)
      return readings.sort(
        (a, b) =>
          a.device.localeCompare(b.device) ||
          a.property.localeCompare(b.property) ||
          a.observedAt - b.observedAt,
      )
    },
    async balance() {
      const { seq, ahead, received, stored, duplicate, quarantined } = await reader.progress()
      const journal = openJournalReader({ dir: `${dir}/journal`, onDamage: () => undefined })
      const { readings } = await journal.backlog(seq, ahead)
      journal.close()
      return { received, settled: stored + duplicate + quarantined, inFlight: readings }
    },
    async close() {
      await end(0)
      writer.close()
      await reader.close()
      await registry.close()
    },
  }
  return plant
}

function commit(writer: JournalWriter): Promise<void> {
  return new Promise((resolve, reject) => {
    writer.commit((fault) => (fault === null ? resolve() : reject(fault)))
  })
}

function testPorts(errors: Plant['errors'], now = () => receivedAt): Ports {
  const silent = () => undefined
  const log: Log = {
    debug: silent,
    info: silent,
    warn: silent,
    error: (fields, sentence) => errors.push({ sentence, fields }),
  }
  const system = systemPorts('silent', 'test', new Meters())
  return { ...system, log, clock: { ...system.clock, now } }
}

function createBells(): Bus {
  const listeners = new Map<Bell, Set<() => void>>()
  return {
    ring(bell) {
      for (const run of listeners.get(bell) ?? []) run()
    },
    onRing(bell, run) {
      const all = listeners.get(bell) ?? new Set()
      listeners.set(bell, all.add(run))
      return () => all.delete(run)
    },
  }
}
