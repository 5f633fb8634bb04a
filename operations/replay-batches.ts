/**
 * Settles uplinks again, as ingest does and by the registry as it is now, into a store that is built anew. Devices are
 * not told to have been seen, and nothing is rung: that happened when the uplinks came.
 */

import type { Ports } from '../domain/ports.ts'
import type { QualityControl } from '../quality/contract.ts'
import type { Judge, RefusalCode } from '../domain/quarantine.ts'
import type { Uplink } from '../domain/uplink.ts'
import type { ReadingsWriter } from '../stores/readings/readings.ts'
import type { Ledger } from '../stores/records/ledger.ts'
import { type Batch, judgeBatch } from '../ingest/batch.ts'
import { createFlaggedStore } from '../ingest/flagged-store.ts'
import { createIngestMeters } from '../ingest/meters.ts'
import { createSureJudge } from '../payload/guarded-validator.ts'

export interface ReplayParts {
  ports: Pick<Ports, 'clock' | 'log' | 'meter'>
  judge: Judge
  quality: QualityControl
  readings: ReadingsWriter
  /** Takes refused messages that it does not know; null when they are only counted. */
  ledger: Pick<Ledger, 'quarantine'> | null
}

export interface ReplayCounts {
  uplinks: number
  stored: number
  duplicate: number
  quarantined: number
  /** Refused readings by code and device. */
  refused: Map<RefusalCode, Map<string, number>>
}

export interface Replay {
  readonly counts: ReplayCounts
  /** Stores the readings of these uplinks and moves the position to the last of them. Throws as a store does. */
  settle(uplinks: readonly Uplink[]): Promise<void>
}

/** Devices that are listed of a code; a gateway can name any number that do not exist. */
const devicesMax = 10_000

export function createReplay(parts: ReplayParts): Replay {
  const { ports, readings, ledger } = parts
  const judge = createSureJudge(parts.judge, ports)
  const meters = createIngestMeters(ports.meter)
  const store = createFlaggedStore({ ...parts, log: ports.log, meters })
  const counts: ReplayCounts = {
    uplinks: 0,
    stored: 0,
    duplicate: 0,
    quarantined: 0,
    refused: new Map(),
  }

  async function settle(batch: Batch, seq: number): Promise<void> {
    await ledger?.quarantine(batch.refused)
    const { stored, duplicate } = await store.write(batch.readings, {
      seq,
      quarantined: batch.quarantined,
    })
    counts.uplinks += batch.judged.length
    counts.stored += stored
    counts.duplicate += duplicate
    counts.quarantined += batch.quarantined
    for (const { refused } of batch.refused) {
      for (const { code, device } of refused) note(counts.refused, code, device)
    }
    await readings.tidy(ports.clock.now())
  }

  return {
    counts,
    async settle(uplinks) {
      for (let from = 0; from < uplinks.length; ) {
        const batch = judgeBatch(uplinks.slice(from), judge)
        const last = batch.judged.at(-1)?.uplink
        if (last === undefined) return
        await settle(batch, last.seq)
        from += batch.judged.length
      }
    },
  }
}

function note(refused: ReplayCounts['refused'], code: RefusalCode, device: string): void {
  const devices = refused.get(code) ?? new Map<string, number>()
  refused.set(code, devices)
  const name = devices.size < devicesMax || devices.has(device) ? device : ''
  devices.set(name, (devices.get(name) ?? 0) + 1)
}
