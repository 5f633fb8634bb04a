/** Readings as a city's devices send them, for the benchmarks of the readings store: same number, same reading. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Reading, SeriesKey } from '../../domain/reading.ts'

export const loadStart = Date.UTC(2026, 10, 21)
export const propertiesPerDevice = 4
const properties = ['pm25', 'pm10', 'temperature', 'humidity']

export function keyOf(series: number): SeriesKey {
  return {
    device: `device-${Math.floor(series / propertiesPerDevice)}`,
    property: properties[series % propertiesPerDevice]!,
  }
}

/** Makes batches in order of time: round by round over all series, `everyMs` apart. */
export function createLoad(seriesCount: number, everyMs: number, first = 0) {
  const keys = Array.from({ length: seriesCount }, (_, i) => keyOf(i))
  let next = first
  return (count: number): Reading[] =>
    Array.from({ length: count }, () => {
      const number = next++
      const series = number % seriesCount
      const round = Math.floor(number / seriesCount)
      const jitterMs = ((series >>> 2) * 7_919) % everyMs
      const observedAt = loadStart + round * everyMs + jitterMs
      const receivedAt = observedAt + 40 + ((number * 31) % 90)
      const value = Math.round((20 + 10 * Math.sin(number / 5_000) + (number % 7) / 10) * 10) / 10
      return { ...keys[series]!, observedAt, receivedAt, value, quality: 1, tests: 0b1_01_01_01 }
    })
}

export async function inFreshDir<Result>(run: (dir: string) => Promise<Result>): Promise<Result> {
  const dir = mkdtempSync(join(tmpdir(), 'bellwether-bench-'))
  try {
    return await run(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Bytes this process has handed to the system for writing: log, checkpoints, all. Linux only, else NaN. */
export function writtenBytes(): number {
  if (!existsSync('/proc/self/io')) return Number.NaN
  return Number(/wchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])
}

/** Processor time of this process in µs: steadier than the clock where others share the machine. */
export function cpuUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

export function quantiles(samples: readonly number[]): string {
  const sorted = [...samples].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN
  const show = (ms: number) => ms.toFixed(2).padStart(8)
  return `p50 ${show(at(0.5))} ms   p99 ${show(at(0.99))} ms   max ${show(at(1))} ms`
}

/** Runs it so often; how long it took, and how many rows the last one had. */
export async function time(run: () => Promise<number>, times: number): Promise<string> {
  const samples: number[] = []
  let rows = 0
  for (let i = 0; i < times; i++) {
    const begun = performance.now()
    rows = await run()
    samples.push(performance.now() - begun)
    // Others get their turn, as in a server.
    await new Promise((done) => setTimeout(done, 2))
  }
  return `${quantiles(samples)}   (${rows} rows)`
}

export async function rowsOf(
  pages: AsyncIterable<readonly unknown[]> | Iterable<readonly unknown[]>,
) {
  let rows = 0
  for await (const page of pages) rows += page.length
  return rows
}
