/** The embedded readings store keeps the contract, with usual limits and with tiny ones that seal all the time. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { WriterOptions } from '../../../stores/readings/sqlite/writer.ts'
import { openReadingsReader, openReadingsWriter } from '../../../stores/readings/sqlite.ts'
import { type ReadingsBackend, readingsConformance } from '../../conformance/readings.ts'

function backend(limits: WriterOptions['limits']): ReadingsBackend {
  return {
    async open({ keepDays }) {
      const dir = mkdtempSync(join(tmpdir(), 'bellwether-readings-'))
      const path = join(dir, 'readings.db')
      const options: WriterOptions = { path, keepDays, ...(limits && { limits }) }
      let writer = openReadingsWriter(options)
      const reader = openReadingsReader({ path })
      let open = true
      return {
        writer,
        reader,
        async reopenWriter() {
          await writer.close()
          writer = openReadingsWriter(options)
          return writer
        },
        async dispose() {
          if (!open) return
          open = false
          await writer.close()
          await reader.close()
          rmSync(dir, { recursive: true, force: true })
        },
      }
    },
  }
}

readingsConformance('SQLite', backend(undefined))

readingsConformance(
  'SQLite with tiny limits',
  backend({
    chunkPointsMax: 4,
    roundEntriesPerSeries: 1,
    roundEntriesMin: 8,
    roundEntriesMax: 64,
    newestEntriesKept: 6,
    stepSeries: 1,
    stepEntries: 3,
  }),
)
