/**
 * Quality control and storing as one step: each reading is stored with the flag that its tests give it, and flags of
 * earlier readings that change by it change in the same transaction.
 *
 * What could not be stored was not seen: after a failed write the tests forget all and learn from the store again, so
 * that the batch is judged the same way when it is tried again.
 */

import type { Log } from '../domain/ports.ts'
import type { Checked, QualityControl } from '../quality/contract.ts'
import type { Reading } from '../domain/reading.ts'
import type { Advance, ReadingsWriter, WriteResult } from '../stores/readings/readings.ts'
import type { IngestMeters } from './meters.ts'

export interface FlaggedStore {
  /** As `ReadingsWriter.write`. Throws when a store cannot be reached; nothing has moved then. */
  write(batch: readonly Reading[], advance?: Advance): Promise<WriteResult>
}

export function createFlaggedStore(parts: {
  quality: QualityControl
  readings: ReadingsWriter
  log: Log
  meters: IngestMeters
}): FlaggedStore {
  const { quality, readings, log, meters } = parts

  /** A mistake of ours in a test costs flags, never readings. */
  function checked(batch: readonly Reading[]): Checked {
    try {
      return quality.check(batch)
    } catch (error) {
      quality.reset()
      meters.untested(batch.length)
      log.error(
        { error, readings: batch.length },
        'Quality control failed; readings are stored without its tests.',
      )
      return { readings: batch, revised: [] }
    }
  }

  async function store(
    { readings: batch, revised }: Checked,
    advance?: Advance,
  ): Promise<WriteResult> {
    if (advance === undefined) {
      const written = await readings.write(batch)
      if (revised.length > 0) await readings.revise(revised)
      return written
    }
    return readings.write(batch, revised.length > 0 ? { ...advance, revised } : advance)
  }

  return {
    async write(batch, advance) {
      await quality.prepare(batch)
      const outcome = checked(batch)
      try {
        const written = await store(outcome, advance)
        meters.flags(outcome)
        return written
      } catch (error) {
        quality.reset()
        throw error
      }
    },
  }
}
