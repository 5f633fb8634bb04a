/**
 * "No value" is one thing, however it is said: by null, by a number that stands for it, or by nothing. The value after
 * it is judged against the last that was measured, live, late, after a restart and in a second look alike.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { testFlag } from '../../domain/quality.ts'
import type { Quality, Reading } from '../../domain/reading.ts'
import { reevaluate } from '../../operations/reevaluation.ts'
import { openReadingsReader, openReadingsWriter } from '../../stores/readings/sqlite.ts'
import { minuteMs, openStream, reading, start } from './stream.ts'

/** What stands where no value is: nothing at all for undefined. */
const ways = { null: null, sentinel: 999.9, silence: undefined } as const
type Way = keyof typeof ways
const wayNames = Object.keys(ways) as Way[]

/** `_` is no value; readings come every so many minutes. */
type Story = readonly (number | '_')[]

function told(story: Story, way: Way, everyMinutes: number, more: Partial<Reading>): Reading[] {
  return story.flatMap((value, i) => {
    const said = value === '_' ? ways[way] : value
    return said === undefined ? [] : [reading(i * everyMinutes, said, more)]
  })
}

/** Flags of what was measured. */
function measured(readings: readonly Reading[]): Quality[] {
  return readings
    .filter(({ value, tests = 0 }) => value !== null && testFlag(tests, 'sentinel') !== 4)
    .map(({ quality }) => quality)
}

async function plant() {
  const dir = mkdtempSync(join(tmpdir(), 'bellwether-no-value-'))
  const path = join(dir, 'readings.db')
  const writer = openReadingsWriter({ path, keepDays: 0 })
  const reader = openReadingsReader({ path })
  const stream = await openStream({}, reader)
  let seq = 0
  onTestFinished(async () => {
    await stream.close()
    await Promise.all([writer.close(), reader.close()])
    rmSync(dir, { recursive: true, force: true })
  })
  return {
    stream,
    reader,
    writer,
    async store(readings: readonly Reading[]) {
      await stream.quality.prepare(readings)
      const { readings: judged, revised } = stream.quality.check(readings)
      await writer.write(judged, { seq: ++seq, quarantined: 0, revised })
    },
    async stored(property: string) {
      const all: Reading[] = []
      const query = { series: [{ device: 'd-1', property }], from: 0, to: 8.64e15 }
      for await (const page of reader.range(query)) all.push(...page)
      return all
    },
  }
}

interface Case {
  property: string
  everyMinutes: number
  story: Story
  flags: Quality[]
}

const many = (count: number): '_'[] => Array.from({ length: count }, () => '_')

const cases: Case[] = [
  {
    property: 'water_level',
    everyMinutes: 10,
    story: [4.2, 4.21, '_', 71, 4.22, 4.21],
    flags: [1, 1, 4, 1, 1],
  },
  {
    property: 'temperature',
    everyMinutes: 5,
    story: [11.4, '_', '_', 38, 11.6],
    flags: [1, 4, 1],
  },
  { property: 'pm25', everyMinutes: 60, story: [41, 43, '_', 990, 44], flags: [1, 1, 3, 1] },
  {
    property: 'water_level',
    everyMinutes: 10,
    story: [4.2, 4.21, ...many(11), 71, 4.22],
    flags: [1, 1, 4, 1],
  },
  /** Longer than the longest gap: not evaluated, until the next reading tells. */
  {
    property: 'water_level',
    everyMinutes: 10,
    story: [4.2, 4.21, ...many(30), 71],
    flags: [1, 1, 2],
  },
  {
    property: 'water_level',
    everyMinutes: 10,
    story: [4.2, 4.21, ...many(30), 71, 4.22, 4.23],
    flags: [1, 1, 4, 1, 1],
  },
  {
    property: 'water_level',
    everyMinutes: 10,
    story: [4.2, 4.21, ...many(30), 6.9, 6.8],
    flags: [1, 1, 1, 1],
  },
]

describe.each(wayNames)('said by %s', (way) => {
  test.each(cases)('$property $story', async ({ property, everyMinutes, story, flags }) => {
    const here = await plant()
    for (const one of told(story, way, everyMinutes, { property })) await here.store([one])
    expect(measured(await here.stored(property))).toEqual(flags)
  })

  test.each(cases)('late: $property $story', async ({ property, everyMinutes, story, flags }) => {
    const here = await plant()
    const live = reading(10_000, 4.2, { property })
    await here.store([live])
    const backlog = told(story, way, everyMinutes, { property })
    for (const [i, one] of backlog.entries()) {
      await here.store([{ ...one, receivedAt: live.receivedAt + 1_000 * (i + 1) }])
    }
    expect(measured((await here.stored(property)).slice(0, -1))).toEqual(flags)
  })

  test.each(cases)(
    'across restarts: $property $story',
    async ({ property, everyMinutes, story, flags }) => {
      const here = await plant()
      for (const one of told(story, way, everyMinutes, { property })) {
        here.stream.restart()
        await here.store([one])
      }
      expect(measured(await here.stored(property))).toEqual(flags)
    },
  )

  test.each(cases)(
    'in a second look: $property $story',
    async ({ property, everyMinutes, story, flags }) => {
      const here = await plant()
      const readings = told(story, way, everyMinutes, { property })
      await here.writer.write(readings)
      here.stream.restart()
      await reevaluate(
        {
          view: here.stream.town.view,
          reader: here.reader,
          quality: () => here.stream.quality,
          write: async (batch) => here.writer.revise(batch),
        },
        { from: start, to: start + 20_000 * minuteMs },
      )
      const last = (await here.stored(property)).at(-1)
      expect(last?.observedAt).toBe(readings.at(-1)?.observedAt)
      expect(measured(await here.stored(property))).toEqual(flags)
    },
  )
})

test('whatever the series, all ways to say "no value" give the same flags', async () => {
  const value = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 300, max: 360 }).map((tenths) => tenths / 10) },
    { weight: 2, arbitrary: fc.integer({ min: 15_000, max: 42_000 }).map((tenths) => tenths / 10) },
    { weight: 3, arbitrary: fc.constant('_' as const) },
  )
  const stories = fc.uniqueArray(fc.tuple(value, fc.nat()), {
    minLength: 3,
    maxLength: 40,
    selector: ([one, nth]) => (one === '_' ? nth : one),
  })
  await fc.assert(
    fc.asyncProperty(stories, fc.constantFrom(5, 60, 200), async (members, everyMinutes) => {
      /** A sentinel is told by its jump, so something must have been measured. */
      const story = [29, ...members.map(([one]) => one)]
      const flags: Quality[][] = []
      for (const way of wayNames) {
        const stream = await openStream()
        const readings = told(story, way, everyMinutes, { property: 'pm25' })
        const all = stream.quality.check(readings)
        const byTime = new Map(all.readings.map((one) => [one.observedAt, one]))
        for (const one of all.revised) byTime.set(one.observedAt, one)
        flags.push(
          readings.flatMap(({ observedAt, value: sent }) => {
            const isValue = sent !== null && sent !== ways.sentinel
            return isValue ? [byTime.get(observedAt)?.quality ?? 9] : []
          }),
        )
        await stream.close()
      }
      expect(flags[1]).toEqual(flags[0])
      expect(flags[2]).toEqual(flags[0])
    }),
    { numRuns: 60 },
  )
})

test('a newest value that is corrected to "no value" is forgotten', async () => {
  const stream = await openStream()
  onTestFinished(() => stream.close())
  const level = { property: 'water_level' }
  const flags = stream.flags([
    reading(0, 2, level),
    reading(1, 45, level),
    reading(1, null, level),
    reading(2, 2.1, level),
    reading(3, 2.1, level),
  ])
  expect(flags.slice(3)).toEqual([1, 1])
})
