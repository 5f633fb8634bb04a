/**
 * What summing up costs and brings: writing and disk at three paces of readings, then a year of minutes of one
 * series as charts ask for it. Run by `npx tsx test/bench/readings-windows.ts`.
 */

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { openReadingsReader, openReadingsWriter } from '../../stores/readings/sqlite.ts'
import {
  cpuUs,
  createLoad,
  inFreshDir,
  keyOf,
  loadStart,
  time,
  rowsOf,
  writtenBytes,
} from './readings-load.ts'

const dayMs = 86_400_000
const hourMs = 3_600_000
const limits = { newestEntriesKept: 0 }

/** Some thousand series of one pace, each with eight full chunks and something on top. */
async function pace(dir: string, everyMs: number): Promise<void> {
  const seriesCount = 1_000
  const path = join(dir, `pace-${everyMs}.db`)
  const writer = openReadingsWriter({ path, keepDays: 0, limits })
  const load = createLoad(seriesCount, everyMs)
  const total = seriesCount * 2_100
  const bytes = writtenBytes()
  let spentUs = 0
  for (let done = 0; done < total; done += 8_000) {
    const batch = load(8_000)
    const cpu = cpuUs()
    await writer.write(batch)
    await writer.tidy(0)
    spentUs += cpuUs() - cpu
  }
  while (await writer.tidy(0));
  const written = (writtenBytes() - bytes) / total
  await writer.close()
  console.log(
    `a reading every ${everyMs / 1_000} s: ${(spentUs / total).toFixed(2)} µs of CPU, ${Math.round(written)} bytes written and ${(statSync(path).size / total).toFixed(1)} bytes on disk per reading`,
  )
}

async function year(dir: string): Promise<void> {
  const path = join(dir, 'year.db')
  const writer = openReadingsWriter({ path, keepDays: 0, limits })
  const load = createLoad(1, 60_000)
  for (let i = 0; i < 55; i++) await writer.write(load(9_557))
  while (await writer.tidy(0));
  await writer.close()
  console.log(`a year of minutes of one series (525,635 points), ${statSync(path).size} bytes`)
  const reader = openReadingsReader({ path })
  const series = [keyOf(0)]
  const whole = { series, from: loadStart, to: loadStart + 366 * dayMs }
  const month = { series, from: loadStart + 100 * dayMs, to: loadStart + 131 * dayMs }
  const civil = { zone: 'Asia/Shanghai', hour: 0, unit: 'day' as const }
  const mean = { fn: 'mean' } as const
  const questions = {
    'a month, hourly means': { ...month, ...mean, everyMs: hourMs },
    'a month, natural days': { ...month, ...mean, everyMs: dayMs, civil },
    'a month, quarters of an hour': { ...month, ...mean, everyMs: hourMs / 4 },
    'the year, hourly means': { ...whole, ...mean, everyMs: hourMs },
    'the year, daily maxima in UTC': { ...whole, fn: 'max' as const, everyMs: dayMs },
    'the year, natural days': { ...whole, ...mean, everyMs: dayMs, civil },
    'the year, hydrological days': {
      ...whole,
      ...mean,
      everyMs: dayMs,
      civil: { ...civil, hour: 8 },
    },
    'the year, hourly means of flag 1': {
      ...whole,
      ...mean,
      everyMs: hourMs,
      quality: [1] as const,
    },
  }
  for (const [name, question] of Object.entries(questions)) {
    console.log(`  ${name.padEnd(34)} ${await time(() => rowsOf(reader.aggregate(question)), 30)}`)
  }
  await reader.close()
}

await inFreshDir(async (dir) => {
  for (const everyMs of [300_000, 60_000, 10_000]) await pace(dir, everyMs)
})
await inFreshDir(year)
