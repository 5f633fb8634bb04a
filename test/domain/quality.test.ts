/** How outcomes of tests are packed, and what flag follows from them. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  overallFlag,
  type QualityTest,
  qualityTests,
  type TestFlag,
  testFlag,
  withTest,
} from '../../domain/quality.ts'

const outcomes = fc.array(
  fc.tuple(fc.constantFrom(...qualityTests), fc.constantFrom<TestFlag>(1, 2, 3, 4)),
  { maxLength: 20 },
)

function packed(all: readonly (readonly [QualityTest, TestFlag])[]): number {
  return all.reduce((sum, [name, flag]) => withTest(sum, name, flag), 0)
}

test('each test keeps its own outcome, the last one given', () => {
  fc.assert(
    fc.property(outcomes, (all) => {
      const last = new Map(all)
      for (const name of qualityTests) expect(testFlag(packed(all), name)).toBe(last.get(name) ?? 2)
    }),
  )
})

describe('the flag of a reading', () => {
  const order: readonly TestFlag[] = [2, 1, 3, 4]

  test('is the worst outcome of the tests that are about its value', () => {
    fc.assert(
      fc.property(outcomes, (all) => {
        const last = new Map(all)
        last.delete('time_gap')
        last.delete('clock')
        const worst = Math.max(0, ...[...last.values()].map((flag) => order.indexOf(flag)))
        expect(overallFlag(packed(all))).toBe(order[worst])
      }),
    )
  })

  test('is not lowered by a gap before it or by a wrong clock: a flood is still a flood', () => {
    const good = withTest(0, 'gross_range', 1)
    expect(overallFlag(withTest(withTest(good, 'time_gap', 3), 'clock', 4))).toBe(1)
    expect(overallFlag(withTest(good, 'spike', 3))).toBe(3)
    expect(overallFlag(0)).toBe(2)
  })
})
