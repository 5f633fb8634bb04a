import { expect, test } from 'vitest'
import { overallFlag, type QualityTest, type TestFlag, withTest } from '../../domain/quality.ts'
import type { Reading } from '../../domain/reading.ts'
import { createFlagChanges } from '../../operations/flag-changes.ts'

/** The reading of this second with these outcomes. */
function at(second: number, outcomes: Partial<Record<QualityTest, TestFlag>>): Reading {
  const tests = Object.entries(outcomes).reduce(
    (packed, [name, flag]) => withTest(packed, name as QualityTest, flag),
    0,
  )
  const observedAt = second * 1_000
  const key = { device: 'd', property: 'pm25' }
  return { ...key, observedAt, receivedAt: 9, value: 5, quality: overallFlag(tests), tests }
}
const good = { gross_range: 1, spike: 1 } as const
const unseen = { gross_range: 1 } as const

test('a flag that the next reading settles is no change, also when that comes in the next take', () => {
  const changes = createFlagChanges(() => true)
  const stored = [at(1, good), at(2, good), at(3, good)]
  const first = { readings: [at(1, good), at(2, unseen)], revised: [] }
  expect(changes.take(stored.slice(0, 2), first)).toEqual([])
  const then = { readings: [at(3, unseen)], revised: [at(2, good)] }
  expect(changes.take(stored.slice(2), then)).toEqual([])
  expect(changes.rest()).toEqual([])
  expect(changes.counts).toEqual({ looked: 3, changed: 0, byTest: new Map() })
})

test('the last reading of all keeps its spike outcome, whatever else changes of it', () => {
  const changes = createFlagChanges(() => true)
  changes.take([at(1, good)], { readings: [at(1, { gross_range: 3 })], revised: [] })
  expect(changes.rest()).toEqual([at(1, { gross_range: 3, spike: 1 })])
  expect(changes.counts).toEqual({ looked: 1, changed: 1, byTest: new Map([['gross_range', 1]]) })
})

test('readings around the period are neither counted nor returned', () => {
  const changes = createFlagChanges(({ observedAt }) => observedAt === 2_000)
  const suspect = { gross_range: 3, spike: 3 } as const
  const stored = [at(1, good), at(2, good), at(3, good)]
  const readings = [at(1, suspect), at(2, suspect), at(3, suspect)]
  expect(changes.take(stored, { readings, revised: [] })).toEqual([at(2, suspect)])
  expect(changes.rest()).toEqual([])
  expect(changes.counts.looked).toBe(1)
  expect(changes.counts.byTest).toEqual(
    new Map([
      ['gross_range', 1],
      ['spike', 1],
    ]),
  )
})
