/**
 * The disk of InfluxDB is full, has room again, and InfluxDB is restarted: what it then acknowledges it throws away at its
 * next restart. With a real server on a file system of a few megabytes.
 */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Reading } from '../../../domain/reading.ts'
import { rangeOf, reading, start } from '../../conformance/readings.ts'
import { findServer } from '../server.ts'
import { influxql, openInfluxStore } from './influx-store.ts'
import { startInfluxd1 } from './influxd.ts'

const found = findServer('influxd')
const mebibyte = 1_048_576

/** Undefined when this account may mount; else why not. */
function whyNoMount(): string | undefined {
  const dir = mkdtempSync(join(tmpdir(), 'bw-mount-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', dir], { stdio: 'pipe' })
    execFileSync('umount', [dir])
    return undefined
  } catch (error) {
    return `a small file system cannot be mounted here: ${(error as Error).message.split('\n')[0]}`
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

const reason = found.by === 'program' ? whyNoMount() : 'there is no influxd'

describe('a full disk of InfluxDB', () => {
  if (reason !== undefined) test.skip(`is not tried: ${reason}`, () => undefined)

  test.runIf(reason === undefined)(
    'what was stored since is written again after each restart that lost it, and let go when one did not',
    async () => {
      const { server, makeRoom } = await smallServer()
      const store = openInfluxStore(server)
      onTestFinished(() => store.dispose())
      const kept = join(dirname(store.options.path), 'influx-kept')
      const stored: Reading[] = []
      let seq = 0
      async function write(count: number): Promise<void> {
        const batch = Array.from({ length: count }, (_, i) =>
          reading(start + (seq * 10_000 + i) * 10, { device: `d-${i % 40}`, value: i / 10 }),
        )
        await store.writer.write(batch, { seq: seq + 1, quarantined: 0 })
        seq++
        for (const one of batch) stored.push(one)
      }
      const inInflux = async () => {
        const { results } = await influxql(server, store.bucket, 'SELECT count("pm25") FROM "air"')
        return Number(results[0]?.series?.[0]?.values[0]?.[1] ?? 0)
      }

      const fill = async () => {
        for (;;) await write(4_000)
      }
      await expect(fill()).rejects.toThrow(/no space left on device.*restart InfluxDB twice/)
      makeRoom()
      await restart()
      for (let i = 0; i < 3; i++) await write(700)
      expect(existsSync(kept)).toBe(true)
      store.writer = await store.reopenWriter()
      await write(300)

      // Twice, for it is lost again after each restart.
      for (let round = 0; round < 2; round++) {
        await restart()
        expect(await inInflux()).toBeLessThan(stored.length - 2_000)
        await write(100)
        expect(await inInflux()).toBe(stored.length)
      }
      const again = store.ports.notes.filter(({ sentence }) => sentence.includes('written again'))
      expect(again.length).toBeGreaterThanOrEqual(2)

      // As it should be done: twice, with nothing written in between.
      await restart()
      await restart()
      await write(50)
      expect(await inInflux()).toBe(stored.length)
      expect(existsSync(kept)).toBe(true)
      await restart()
      expect(await inInflux()).toBe(stored.length)
      await write(50)
      expect(existsSync(kept)).toBe(false)
      const series = await store.reader.series()
      expect(await rangeOf(store.reader, { series })).toHaveLength(stored.length)
      const progress = { seq, received: stored.length, stored: stored.length, duplicate: 0 }
      expect(await store.reader.progress()).toEqual({ ...progress, quarantined: 0 })

      async function restart(): Promise<void> {
        await server.killAndRestart?.()
      }
    },
  )

  test.runIf(reason === undefined)('an operator can say that it is well', async () => {
    const { server, makeRoom } = await smallServer()
    const store = openInfluxStore(server)
    onTestFinished(() => store.dispose())
    const kept = join(dirname(store.options.path), 'influx-kept')
    const fill = async () => {
      for (let n = 0; ; n++) {
        const batch = Array.from({ length: 4_000 }, (_, i) => reading(start + n * 4_000 + i))
        await store.writer.write(batch)
      }
    }
    await expect(fill()).rejects.toThrow('no space left on device')
    makeRoom()
    await server.killAndRestart?.()
    await server.killAndRestart?.()
    await store.writer.write([reading(start - 1)])
    expect(existsSync(kept)).toBe(true)
    writeFileSync(join(kept, 'confirmed'), '')
    await store.writer.write([reading(start - 2)])
    expect(existsSync(kept)).toBe(false)
    await store.writer.write([reading(start - 3)])
    expect(existsSync(kept)).toBe(false)
  })
})

async function smallServer() {
  const within = mkdtempSync(join(tmpdir(), 'bw-small-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'none', within])
  const ballast = join(within, 'ballast')
  writeFileSync(ballast, Buffer.alloc(3 * mebibyte))
  const server = await startInfluxd1(found.by === 'program' ? found.path : '', { within })
  onTestFinished(async () => {
    await server.stop()
    execFileSync('umount', [within])
    rmSync(within, { recursive: true, force: true })
  })
  return { server, makeRoom: () => rmSync(ballast) }
}
