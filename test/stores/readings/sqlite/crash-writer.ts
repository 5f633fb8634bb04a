/**
 * Run as a process of its own and killed: `crash-writer.ts <path>`. Writes batch after batch, each decided
 * by its number alone, with housekeeping all the time, and prints a number when its batch is written.
 */

import { writeSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import type { Reading } from '../../../../domain/reading.ts'
import { openReadingsWriter } from '../../../../stores/readings/sqlite.ts'

export const crashStart = Date.UTC(2026, 10, 21)
export const crashDevices = 25

/** One new reading of each device, one of the batch before once more, one late. */
export function crashBatch(seq: number): Reading[] {
  const at = crashStart + seq * 60_000
  const batch: Reading[] = Array.from({ length: crashDevices }, (_, i) => ({
    ...{ device: `d-${i}`, property: 'pm25', observedAt: at, receivedAt: at + 10 },
    ...{ value: seq + i / 10, quality: 1 },
  }))
  const first = batch[0]
  if (first === undefined) return batch
  batch.push({ ...first, observedAt: at - 60_000, value: -seq })
  batch.push({ ...first, observedAt: at - 30_000 * (seq % 7) - 15_000 })
  return batch
}

export const crashLimits = {
  chunkPointsMax: 16,
  roundEntriesPerSeries: 1,
  roundEntriesMin: 200,
  roundEntriesMax: 200,
  newestEntriesKept: 60,
  stepSeries: 4,
  stepEntries: 30,
}

async function run(path: string): Promise<void> {
  const writer = openReadingsWriter({ path, keepDays: 0, limits: crashLimits })
  for (let { seq } = await writer.progress(); ; ) {
    seq++
    await writer.write(crashBatch(seq), { seq, quarantined: seq % 3 })
    writeSync(1, `${seq}\n`)
    await writer.tidy(crashStart)
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await run(process.argv[2] ?? '')
