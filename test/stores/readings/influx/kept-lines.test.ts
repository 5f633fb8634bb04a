/** Lines kept beside `influx.db`: over a crash in the middle of one, and within their room. */

import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { KeptLines, type Sample } from '../../../../stores/readings/influx/file/kept-lines.ts'

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'bw-kept-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return join(dir, 'influx-kept')
}

const all = (kept: KeptLines) => kept.files.flatMap((file) => kept.linesOf(file))

test('a batch that a crash cut is left out, and nothing is added to its file', () => {
  const dir = folder()
  const before = new KeptLines(dir, 1e9)
  const sample: Sample = ['d,1', 'pm25', 17]
  before.append('air,device=a pm25=1 1\nair,device=a pm25=2 2')
  before.note([sample])
  appendFileSync(join(dir, '1.lp'), 'air,device=a pm25=3 3\nair,device=a pm2')
  appendFileSync(join(dir, '1.samples'), '["d,1","pm')
  const after = new KeptLines(dir, 1e9)
  expect(all(after)).toEqual(['air,device=a pm25=1 1', 'air,device=a pm25=2 2'])
  after.append('air,device=a pm25=4 4')
  expect(all(after)).toEqual([
    ...['air,device=a pm25=1 1', 'air,device=a pm25=2 2', 'air,device=a pm25=4 4'],
  ])
  expect(after.files.map((file) => after.samplesOf(file))).toEqual([[sample], []])
})

test('the oldest goes when there is no room left, and all of it when it is let go', () => {
  const kept = new KeptLines(folder(), 40_000_000)
  const line = (n: number) => `air,device=${'x'.repeat(999_000)} pm25=${n} ${n}`
  let cut = 0
  for (let n = 1; n <= 60; n++) cut += kept.append(line(n))
  expect(kept.bytes).toBeLessThan(40_000_000)
  expect(cut).toBeGreaterThan(19_000_000)
  const left = all(kept)
  expect(left.at(-1)).toBe(line(60))
  expect(left.length).toBeGreaterThan(20)
  expect(kept.isConfirmed).toBe(false)
  kept.letGo()
  expect([kept.bytes, all(kept)]).toEqual([0, []])
})

test('an operator confirms with a file', () => {
  const dir = folder()
  const kept = new KeptLines(dir, 1e9)
  kept.append('air pm25=1 1')
  writeFileSync(join(dir, 'confirmed'), '')
  expect(kept.isConfirmed).toBe(true)
})
