/** Killed at any moment, the store stands at one batch or the next; and readers never see a hole. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Reading } from '../../../../domain/reading.ts'
import { openReadingsReader, openReadingsWriter } from '../../../../stores/readings/sqlite.ts'
import { allOf, always, tidyAll } from '../../../conformance/readings.ts'
import { crashBatch, crashDevices, crashLimits, crashStart } from './crash-writer.ts'

const script = fileURLToPath(new URL('./crash-writer.ts', import.meta.url))

/** A writer in a process of its own. */
function startWriter(path: string) {
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', script, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let told = 0
  let rest = ''
  const waiting: { seq: number; done: () => void }[] = []
  child.stdout?.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop() ?? ''
    told = Number(lines.at(-1) ?? told)
    for (const { done } of waiting.filter(({ seq }) => told >= seq)) done()
  })
  return {
    reached: (seq: number) =>
      new Promise<void>((done) => (told >= seq ? done() : waiting.push({ seq, done }))),
    /** Returns the last batch it told of. */
    async kill(): Promise<number> {
      const gone = once(child, 'close')
      child.kill('SIGKILL')
      await gone
      return told
    },
  }
}

/** What must be there after `seq` batches: readings by series and time, and how many were new. */
function expectedAfter(seq: number) {
  const readings = new Map<string, Reading>()
  let received = 0
  let quarantined = 0
  for (let i = 1; i <= seq; i++) {
    for (const one of crashBatch(i)) {
      readings.set(`${one.device} ${one.observedAt}`, one)
      received++
    }
    quarantined += i % 3
  }
  const stored = readings.size
  const progress = { seq, received: received + quarantined, stored, quarantined }
  return { readings, progress: { ...progress, duplicate: received - stored } }
}

/** Hours by device and start. */
function windowsOf(readings: readonly Reading[], fn: 'max' | 'count'): Map<string, number> {
  const windows = new Map<string, number>()
  for (const { device, observedAt, value } of readings) {
    const key = `${device} ${Math.floor(observedAt / 3_600_000) * 3_600_000}`
    const known = windows.get(key)
    if (fn === 'count') windows.set(key, (known ?? 0) + 1)
    else windows.set(key, Math.max(known ?? Number.NEGATIVE_INFINITY, value ?? 0))
  }
  return windows
}

function freshPath(): string {
  const dir = mkdtempSync(join(tmpdir(), 'bellwether-readings-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return join(dir, 'readings.db')
}

const series = Array.from({ length: crashDevices }, (_, i) => ({
  device: `d-${i}`,
  property: 'pm25',
}))

describe('a crash', () => {
  test('at any moment loses nothing told of, doubles nothing, counts right', async () => {
    const path = freshPath()
    let before = 0
    for (const more of [3, 40, 170]) {
      const writer = startWriter(path)
      await writer.reached(before + more)
      const told = await writer.kill()

      const reader = openReadingsReader({ path })
      const progress = await reader.progress()
      // The last batch may be written and not told of.
      expect([told, told + 1]).toContain(progress.seq)
      const expected = expectedAfter(progress.seq)
      expect(progress).toEqual(expected.progress)
      const read = await allOf(reader.range({ series, ...always }))
      expect(new Map(read.map((one) => [`${one.device} ${one.observedAt}`, one]))).toEqual(
        expected.readings,
      )
      expect(read).toHaveLength(expected.readings.size)
      for (const fn of ['max', 'count'] as const) {
        const windows = await allOf(reader.aggregate({ series, ...always, everyMs: 3_600_000, fn }))
        const wanted = windowsOf([...expected.readings.values()], fn)
        expect(new Map(windows.map((one) => [`${one.device} ${one.from}`, one.value]))).toEqual(
          wanted,
        )
      }
      await reader.close()
      before = progress.seq
    }

    const writer = openReadingsWriter({ path, keepDays: 0, limits: crashLimits })
    expect(await writer.write(crashBatch(before))).toMatchObject({ stored: 0 })
    await tidyAll(writer, crashStart)
    expect(await writer.write(crashBatch(1))).toMatchObject({ stored: 0 })
    await writer.close()
  })

  test('and a reader in another process never sees a hole or a half batch meanwhile', async () => {
    const path = freshPath()
    const writer = startWriter(path)
    const reader = openReadingsReader({ path })
    await writer.reached(1)
    for (let round = 0; round < 150; round++) {
      const { seq } = await reader.progress()
      const from = crashStart + 60_000
      const to = crashStart + seq * 60_000 + 1
      const other = series[1 + (round % (crashDevices - 1))]!
      const read = await allOf(reader.range({ series: [other], from, to }))
      expect(read.map(({ value }) => value).slice(0, seq)).toEqual(
        Array.from({ length: seq }, (_, i) => i + 1 + Number(other.device.slice(2)) / 10),
      )
      const newest = await allOf(reader.latest())
      expect(newest).toHaveLength(crashDevices)
      expect(new Set(newest.map(({ observedAt }) => observedAt)).size).toBe(1)
      await new Promise((soon) => setTimeout(soon, 2))
    }
    await writer.kill()
    await reader.close()
  })
})

describe('starting', () => {
  test('several processes may make the same new file at once', async () => {
    const path = freshPath()
    const writers = Array.from({ length: 3 }, () => startWriter(path))
    const reader = openReadingsReader({ path })
    await Promise.all(writers.map((writer) => writer.reached(5)))
    for (const writer of writers) await writer.kill()
    const { received, stored, duplicate, quarantined } = await reader.progress()
    expect(received).toBe(stored + duplicate + quarantined)
    expect(await reader.series()).toHaveLength(crashDevices)
    await reader.close()
  })
})
