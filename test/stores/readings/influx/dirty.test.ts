/** Marks of hours that are to be summed up: as many as years of late data make. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createDirty } from '../../../../stores/readings/influx/file/dirty.ts'
import { openInfluxFile } from '../../../../stores/readings/influx/file/file.ts'
import { createSeriesRegister } from '../../../../stores/readings/influx/file/series-register.ts'

const hourMs = 3_600_000

test('a quarter of a million hours: the first is found, and what is too old goes', () => {
  const dir = mkdtempSync(join(tmpdir(), 'bw-dirty-'))
  const db = openInfluxFile(join(dir, 'influx.db'))
  onTestFinished(() => {
    db.close()
    rmSync(dir, { recursive: true })
  })
  const dirty = createDirty(db, createSeriesRegister())
  const hours = 250_000
  db.transaction(() => {
    for (let i = hours; i > 0; i--) dirty.mark('1h', (700 + i) * hourMs, 1)
  })()
  expect(dirty.first('1h')).toBe(701 * hourMs)
  expect(dirty.first('1d')).toBeUndefined()
  dirty.dropBefore(200_700 * hourMs)
  expect(dirty.first('1h')).toBe(200_700 * hourMs)
  dirty.settle('1h', [200_700 * hourMs], [1])
  expect(dirty.first('1h')).toBe(200_701 * hourMs)
})
