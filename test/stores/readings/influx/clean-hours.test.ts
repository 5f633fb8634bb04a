import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hourMs, stretchesOf } from '../../../../stores/readings/influx/query/clean-hours.ts'

const hours = (...starts: number[]) => new Set(starts.map((start) => start * hourMs))
const told = (from: number, to: number, starts: ReadonlySet<number>, knownFrom = -1e15) =>
  stretchesOf({ from: from * hourMs, to: to * hourMs }, { knownFrom, starts }).map((each) => [
    each.from / hourMs,
    each.to / hourMs,
    each.isClean,
  ])

describe('clean hours', () => {
  test('are whole hours inside of the interval', () => {
    expect(told(2, 9, hours())).toEqual([[2, 9, true]])
    expect(told(1.5, 9.25, hours())).toEqual([
      [1.5, 2, false],
      [2, 9, true],
      [9, 9.25, false],
    ])
    expect(told(1.25, 1.75, hours())).toEqual([[1.25, 1.75, false]])
    expect(told(1.25, 2.75, hours())).toEqual([[1.25, 2.75, false]])
    expect(told(-3.5, -1, hours())).toEqual([
      [-3.5, -3, false],
      [-3, -1, true],
    ])
  })

  test('end at dirty ones, and neighbours of these are one stretch', () => {
    expect(told(0, 10, hours(7, 3, 4))).toEqual([
      [0, 3, true],
      [3, 5, false],
      [5, 7, true],
      [7, 8, false],
      [8, 10, true],
    ])
    expect(told(0, 3, hours(0, 1, 2))).toEqual([[0, 3, false]])
    expect(told(0.5, 3, hours(0, 9))).toEqual([
      [0.5, 1, false],
      [1, 3, true],
    ])
  })

  test('are those of which something is known', () => {
    expect(told(0, 10, hours(2, 8), 5 * hourMs)).toEqual([
      [0, 5, false],
      [5, 8, true],
      [8, 9, false],
      [9, 10, true],
    ])
    expect(told(0, 4, hours(), 50 * hourMs)).toEqual([[0, 4, false]])
    expect(stretchesOf({ from: 0, to: 4 * hourMs }, undefined)).toEqual([
      { from: 0, to: 4 * hourMs, isClean: false },
    ])
  })

  test('are not looked for between very many dirty ones', () => {
    const every2nd = hours(...Array.from({ length: 20 }, (_, i) => 2 * i))
    expect(told(0, 40, every2nd)).toEqual([[0, 40, false]])
  })

  test('and the others cover any interval once, in order', () => {
    const time = fc.integer({ min: 20 * hourMs, max: 80 * hourMs })
    const starts = fc.array(fc.integer({ min: 20, max: 80 }), { maxLength: 8 })
    fc.assert(
      fc.property(time, time, time, starts, (a, b, knownFrom, dirty) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b) + 1]
        const marked = hours(...dirty)
        const stretches = stretchesOf({ from, to }, { knownFrom, starts: marked })
        expect(stretches[0]?.from).toBe(from)
        expect(stretches.at(-1)?.to).toBe(to)
        for (const [i, each] of stretches.entries()) {
          expect(each.to).toBeGreaterThan(each.from)
          if (i > 0) expect(each.from).toBe(stretches[i - 1]?.to)
          if (!each.isClean) continue
          expect(each.from).toBeGreaterThanOrEqual(knownFrom)
          expect([Math.abs(each.from % hourMs), Math.abs(each.to % hourMs)]).toEqual([0, 0])
          for (const start of marked) expect(start >= each.to || start < each.from).toBe(true)
        }
      }),
    )
  })
})
