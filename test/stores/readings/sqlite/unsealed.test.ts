import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeEntries, encodeEntries } from '../../../../stores/readings/log/log-codec.ts'
import { type Entry, Unsealed } from '../../../../stores/readings/log/recent-entries.ts'

function entry(series: number, observedAt: number, value = 1): Entry {
  return { series, observedAt, receivedAt: observedAt + 5, value, quality: 2, tests: value }
}

/** As SQLite hands it over: at any place in memory. */
function shifted(blob: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(blob.length + 3).subarray(3)
  bytes.set(blob)
  return bytes
}

function timesOf(unsealed: Unsealed, series: number): number[] {
  const points = unsealed.pointsOf(unsealed.ordinalsOf(series, unsealed.next))
  return [...points.observedAt.subarray(0, points.count)]
}

type Step =
  | { do: 'append'; series: number; time: number }
  | { do: 'drop'; share: number }
  | { do: 'reset'; next: number }

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      series: fc.integer({ min: 1, max: 4 }),
      time: fc.integer({ min: 0, max: 150 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('drop' as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('reset' as const),
      next: fc.integer({ min: 0, max: 1e15 }),
    }),
  },
)

describe('unsealed entries', () => {
  test('are found by series and time as in a plain list', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 400, size: 'max' }), (steps) => {
        const unsealed = new Unsealed()
        let base = 0
        let list: Entry[] = []
        for (const [value, step] of steps.entries()) {
          if (step.do === 'append') {
            const one = entry(step.series, step.time, value)
            // Looked for before, so that the index is built and kept while entries come and go.
            const known = list.findLastIndex(
              ({ series, observedAt }) => series === step.series && observedAt === step.time,
            )
            expect(unsealed.find(step.series, step.time)).toBe(known < 0 ? -1 : base + known)
            unsealed.append(one)
            list.push(one)
          } else if (step.do === 'drop') {
            const gone = Math.floor(step.share * list.length)
            base += gone
            list = list.slice(gone)
            unsealed.dropBefore(base)
          } else {
            base = step.next
            list = []
            unsealed.reset(base)
          }
        }
        expect([unsealed.base, unsealed.next]).toEqual([base, base + list.length])
        for (const [i, one] of list.entries()) expect(unsealed.at(base + i)).toEqual(one)
        for (let series = 1; series <= 5; series++) {
          const own = list.filter((one) => one.series === series)
          const times = [...new Set(own.map(({ observedAt }) => observedAt))].sort((a, b) => a - b)
          expect(timesOf(unsealed, series)).toEqual(times)
          const last = own.findLast(({ observedAt }) => observedAt === times.at(-1))
          const found = unsealed.latestOf(series)
          expect(found < 0 ? undefined : unsealed.at(found)).toEqual(last)
        }
      }),
      { numRuns: 150 },
    )
  })

  test('of one time the newest stands', () => {
    const unsealed = new Unsealed()
    for (const [time, value] of [
      [2, 1],
      [1, 2],
      [2, 3],
      [1, 4],
      [3, 5],
      [2, 6],
    ] as const) {
      unsealed.append(entry(1, time, value))
    }
    const points = unsealed.pointsOf(unsealed.ordinalsOf(1, unsealed.next))
    expect([...points.value.subarray(0, points.count)]).toEqual([4, 6, 5])
    const sooner = unsealed.pointsOf(unsealed.ordinalsOf(1, 3))
    expect([...sooner.value.subarray(0, sooner.count)]).toEqual([2, 3])
  })

  test('fill and give back blocks: hundreds of thousands come and go', () => {
    const unsealed = new Unsealed()
    unsealed.reset(2 ** 40 + 7)
    for (let i = 0; i < 300_000; i++) {
      unsealed.append(entry(1 + (i % 1_500), i))
      if (i % 1_000 === 0) unsealed.dropBefore(unsealed.next - 70_000)
    }
    expect(timesOf(unsealed, 3)).toEqual(
      Array.from({ length: 200 }, (_, i) => 2 + i * 1_500).filter(
        (i) => 2 ** 40 + 7 + i >= unsealed.base,
      ),
    )
    const copy = unsealed.entriesBetween(unsealed.base + 100, unsealed.next)
    expect(copy.observedAt.at(-1)).toBe(299_999)
    expect(copy.observedAt.at(0)).toBe(unsealed.at(unsealed.base + 100).observedAt)
  })

  test('go through the log bit for bit', () => {
    const anyEntry = fc.record({
      series: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
      observedAt: fc.double(),
      receivedAt: fc.double(),
      value: fc.double(),
      quality: fc.integer({ min: 0, max: 255 }),
      tests: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
    })
    fc.assert(
      fc.property(fc.array(anyEntry), (entries) => {
        const unsealed = new Unsealed()
        for (const one of entries) unsealed.append({ ...one, series: one.series % 1_000 })
        const row = encodeEntries(unsealed.entriesBetween(0, entries.length))
        expect(row.tests === null).toBe(entries.every(({ tests }) => tests === 0))
        const back = decodeEntries({
          entries: shifted(row.entries),
          tests: row.tests && shifted(row.tests),
        })
        expect([...back.tests]).toEqual(entries.map(({ tests }) => tests))
        expect([...back.value]).toEqual(entries.map(({ value }) => value))
        expect([...back.observedAt]).toEqual(entries.map(({ observedAt }) => observedAt))
        expect([...back.receivedAt]).toEqual(entries.map(({ receivedAt }) => receivedAt))
        expect([...back.series]).toEqual(entries.map(({ series }) => series % 1_000))
        expect([...back.quality]).toEqual(entries.map(({ quality }) => quality))
      }),
    )
    for (const [entries, tests] of [
      [30, null],
      [29, 3],
      [58, 4],
    ] as const) {
      const row = { entries: new Uint8Array(entries), tests: tests && new Uint8Array(tests) }
      expect(() => decodeEntries(row)).toThrow(/damaged/)
    }
  })
})
