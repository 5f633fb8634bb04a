/** A readings store in a folder that goes away with the test. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openReadingsReader } from '../../stores/readings/sqlite.ts'

export function tempStore() {
  const dir = mkdtempSync(join(tmpdir(), 'bellwether-server-'))
  const path = join(dir, 'readings.db')
  const reader = openReadingsReader({ path })
  onTestFinished(async () => {
    await reader.close()
    rmSync(dir, { recursive: true, force: true })
  })
  return { dir, path, reader }
}
