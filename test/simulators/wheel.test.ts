import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createWheel } from '../../simulators/wheel.ts'

test('gives everything once, in order of slots, however often it is asked', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 200 }),
      fc.integer({ min: 1, max: 50 }),
      (times, most) => {
        const wheel = createWheel<number>(0, 10)
        for (const at of times) wheel.add(at, at)
        const taken: number[] = []
        for (let now = 0; now <= 6_000 || wheel.size > 0; now += 97) {
          const due = wheel.take(now, most)
          expect(due.length).toBeLessThanOrEqual(most)
          for (const at of due) expect(at).toBeLessThan(now)
          taken.push(...due)
        }
        const slots = taken.map((at) => Math.floor(at / 10))
        expect(slots).toEqual([...slots].sort((a, b) => a - b))
        expect([...taken].sort((a, b) => a - b)).toEqual([...times].sort((a, b) => a - b))
      },
    ),
  )
})

test('what is added late comes next', () => {
  const wheel = createWheel<string>(0, 10)
  expect(wheel.take(1_000, 10)).toEqual([])
  wheel.add(5, 'late')
  expect(wheel.take(1_020, 10)).toEqual(['late'])
  expect(wheel.size).toBe(0)
})
