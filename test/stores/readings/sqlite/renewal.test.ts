/** Roll-ups that a version before kinds of quantities wrote: never believed, and made anew by housekeeping. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createPoints } from '../../../../stores/readings/log/points.ts'
import { levels, rollUp } from '../../../../stores/readings/windows/roll-up.ts'
import { encodeRollUp } from '../../../../stores/readings/sqlite/roll-up-codec.ts'
import { decode } from '../../../../stores/readings/sqlite/chunk-table.ts'
import { openReadingsReader, openReadingsWriter } from '../../../../stores/readings/sqlite.ts'
import { openSqlite } from '../../../../stores/sqlite.ts'
import { allOf, always, minute, reading, start, tidyAll } from '../../../conformance/readings.ts'

const hour = 60 * 60_000
const limits = {
  chunkPointsMax: 120,
  roundEntriesMin: 1,
  roundEntriesMax: 1,
  newestEntriesKept: 0,
}
const expected = {
  rainfall: { fn: 'sum', values: [0.5, ...Array.from({ length: 19 }, () => 30)] },
  rain_total: { fn: 'increase', values: [null, ...Array.from({ length: 19 }, () => 30)] },
  noise: { fn: 'mean', values: Array.from({ length: 19 }, () => expect.closeTo(66.99, 2)) },
  pm25: { fn: 'mean', values: Array.from({ length: 19 }, (_, i) => 29.5 + 60 * i) },
} as const

async function oldStore() {
  const dir = mkdtempSync(join(tmpdir(), 'bellwether-renewal-'))
  const path = join(dir, 'readings.db')
  const options = { path, keepDays: 0, limits }
  const first = openReadingsWriter(options)
  const values = {
    rainfall: () => 0.5,
    rain_total: (i: number) => i / 2,
    noise: (i: number) => (i % 2 === 0 ? 40 : 70),
    pm25: (i: number) => i,
  }
  for (const [property, at] of Object.entries(values)) {
    await first.write(
      Array.from({ length: 1_200 }, (_, i) =>
        reading(start + i * minute, { property, value: at(i) }),
      ),
    )
  }
  // The newest batch stays in the log.
  await first.write([reading(start, { property: 'pm10' })])
  await tidyAll(first)
  await first.close()
  const db = openSqlite(path)
  onTestFinished(() => {
    db.close()
    rmSync(dir, { recursive: true, force: true })
  })
  // As the version before wrote them: of all alike, from the beginning of the hour on.
  type Row = { series: number; start: number; until: number; points: Uint8Array }
  for (const row of db.prepare<[], Row>('select series, start, until, points from chunk').all()) {
    const points = decode(row)
    for (const level of levels) {
      const windows = rollUp(points.count > 0 ? points : createPoints(0), level)
      db.prepare(`update chunk set ${level.column} = ? where series = ? and start = ?`).run(
        windows === undefined ? null : encodeRollUp(windows, level),
        ...[row.series, row.start],
      )
    }
  }
  db.exec('update state set roll_up_forms = 0')
  return { options, db }
}

test('answers are right before and after they are made anew, by which points need not be read', async () => {
  const { options, db } = await oldStore()
  const reader = openReadingsReader(options)
  onTestFinished(() => reader.close())
  async function check(): Promise<void> {
    for (const [property, { fn, values }] of Object.entries(expected)) {
      const series = [{ device: 'air-1', property }]
      const query = { series, ...always, from: start - 1, to: start + 19 * hour }
      const windows = await allOf(reader.aggregate({ ...query, everyMs: hour, fn }))
      expect(
        windows.map(({ value }) => value),
        property,
      ).toEqual(values)
    }
  }
  const forms = db.prepare<[], { property: string; forms: string }>(`
    select property, group_concat(distinct hex(substr(by_hour, 4, 1))) as forms
    from chunk join series on chunk.series = series.id group by property order by property`)
  expect(new Set(forms.all().map((row) => row.forms))).toEqual(new Set(['00']))
  await check()

  const writer = openReadingsWriter(options)
  onTestFinished(() => writer.close())
  await tidyAll(writer)
  expect(forms.all()).toEqual([
    { property: 'noise', forms: '03' },
    { property: 'pm25', forms: '00' },
    { property: 'rain_total', forms: '02' },
    { property: 'rainfall', forms: '01' },
  ])
  await check()
  expect(db.prepare('select roll_up_forms from state').pluck().get()).toBe(1)
})
