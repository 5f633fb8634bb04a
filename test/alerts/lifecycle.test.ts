/** The lifecycle against a timeline of readings, against an independent model, and by its laws. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Criteria, criteriaOf } from '../../alerts/lifecycle/criteria.ts'
import {
  isQuiet,
  type LevelChange,
  type Lifecycle,
  observe,
} from '../../alerts/lifecycle/lifecycle.ts'
import { type AlertLevel, alertLevels, type Rule, ruleSchema } from '../../domain/rule.ts'
import { siteSchema } from '../../domain/site.ts'

function ruleOf(options: object): Rule {
  return ruleSchema.parse({
    id: 'stage',
    property: 'water_level',
    levels: { yellow: 9.3, orange: 10 },
    ...options,
  })
}

function criteria(options: object = {}): Criteria {
  const found = criteriaOf(ruleOf(options), undefined)
  if (found === null) throw new Error('no level')
  return found
}

/** Runs `[minute, value]` readings and tells each change as `minute type level`. */
function run(options: object, readings: [number, number][]): string[] {
  const told: string[] = []
  let watch: Lifecycle | null = null
  const c = criteria(options)
  for (const [minute, value] of readings) {
    const step = observe(c, watch, { observedAt: minute * 60_000, value })
    if (step === null) continue
    watch = step.next
    if (step.change) {
      told.push(`${minute} ${step.change.type.replace('alert.', '')} ${step.change.level}`)
    }
  }
  return told
}

describe('raising', () => {
  test('raiseAfter 0s raises on the first reading at the bound', () => {
    expect(run({}, [[0, 9.3]])).toEqual(['0 raised yellow'])
  })

  test('a jump raises the highest level at once', () => {
    expect(run({}, [[0, 11]])).toEqual(['0 raised orange'])
  })

  test('the signal must stand beyond for raiseAfter without a break', () => {
    const readings: [number, number][] = [
      [0, 9.5],
      [1, 9.5],
      [2, 9.2],
      [3, 9.5],
      [4, 9.5],
      [5, 9.5],
    ]
    expect(run({ raiseAfter: '2m' }, readings)).toEqual(['5 raised yellow'])
  })

  test('each level has a clock of its own', () => {
    const readings: [number, number][] = [
      [0, 9.5],
      [1, 10.5],
      [2, 10.5],
      [3, 10.5],
    ]
    expect(run({ raiseAfter: '2m' }, readings)).toEqual(['2 raised yellow', '3 escalated orange'])
  })

  test('below is mirrored', () => {
    const options = { direction: 'below', levels: { yellow: 3, red: 2 }, clearMargin: 0.5 }
    const readings: [number, number][] = [
      [0, 3.1],
      [1, 3],
      [2, 1.5],
      [3, 2.4],
      [4, 2.5],
      [5, 3.4],
      [6, 3.5],
    ]
    expect(run(options, readings)).toEqual([
      '1 raised yellow',
      '2 escalated red',
      '4 deescalated yellow',
      '6 resolved yellow',
    ])
  })
})

describe('clearing', () => {
  test('between margin and bound nothing is cleared', () => {
    const readings: [number, number][] = [
      [0, 9.4],
      [1, 9.25],
      [60, 9.21],
      [61, 9.2],
      [70, 9.2],
      [71, 9.2],
    ]
    expect(run({ clearMargin: 0.1, clearAfter: '10m' }, readings)).toEqual([
      '0 raised yellow',
      '71 resolved yellow',
    ])
  })

  test('the margin is a decimal margin', () => {
    const options = { levels: { yellow: 0.3 }, clearMargin: 0.1 }
    expect(
      run(options, [
        [0, 0.3],
        [1, 0.2],
      ]),
    ).toEqual(['0 raised yellow', '1 resolved yellow'])
  })

  test('one reading at the bound starts the clearing time again', () => {
    const readings: [number, number][] = [
      [0, 9.4],
      [1, 9],
      [8, 9.3],
      [9, 9],
      [18, 9],
      [19, 9],
    ]
    expect(run({ clearAfter: '10m' }, readings)).toEqual(['0 raised yellow', '19 resolved yellow'])
  })

  test('it goes down to the highest level that is not cleared', () => {
    const options = { levels: { blue: 8, yellow: 9, orange: 10, red: 11 }, clearAfter: '5m' }
    const readings: [number, number][] = [
      [0, 12],
      [1, 9.5],
      [6, 9.5],
      [7, 7],
      [12, 7],
    ]
    expect(run(options, readings)).toEqual([
      '0 raised red',
      '6 deescalated yellow',
      '12 resolved yellow',
    ])
  })

  test('without clearAfter and margin a drop below the bound ends it at once', () => {
    expect(
      run({}, [
        [0, 10],
        [1, 9.29],
      ]),
    ).toEqual(['0 raised orange', '1 resolved orange'])
  })

  test('it can rise again after the end', () => {
    expect(
      run({}, [
        [0, 9.4],
        [1, 9],
        [2, 9.4],
      ]),
    ).toEqual(['0 raised yellow', '1 resolved yellow', '2 raised yellow'])
  })
})

describe('time', () => {
  test('readings at or before the last one counted change nothing', () => {
    expect(
      run({}, [
        [5, 9],
        [4, 11],
        [5, 11],
        [6, 9],
      ]),
    ).toEqual([])
  })
})

describe('bounds', () => {
  const site = siteSchema.parse({
    id: 's',
    attributes: { warningLevel: 9.3, guaranteeLevel: 10.1, datum: 'Wusong', odd: 0.1 },
  })

  test('a bound may be a site attribute plus a number', () => {
    const rule = ruleOf({
      levels: {
        blue: { attribute: 'warningLevel', plus: -0.5 },
        yellow: { attribute: 'warningLevel' },
        orange: { attribute: 'guaranteeLevel' },
        red: 12,
      },
      clearMargin: 0.1,
    })
    expect(criteriaOf(rule, site)?.thresholds).toEqual([
      { level: 'blue', bound: 8.8, clear: 8.7 },
      { level: 'yellow', bound: 9.3, clear: 9.2 },
      { level: 'orange', bound: 10.1, clear: 10 },
      { level: 'red', bound: 12, clear: 11.9 },
    ])
  })

  test('sums are decimal: 0.1 + 0.2 is 0.3', () => {
    const rule = ruleOf({ levels: { red: { attribute: 'odd', plus: 0.2 } } })
    expect(criteriaOf(rule, site)?.thresholds[0]?.bound).toBe(0.3)
  })

  test('a level whose attribute is missing or no number does not exist there', () => {
    const rule = ruleOf({
      levels: { blue: { attribute: 'none' }, yellow: { attribute: 'datum' }, red: 12 },
    })
    expect(criteriaOf(rule, site)?.thresholds.map((t) => t.level)).toEqual(['red'])
    expect(criteriaOf(ruleOf({ levels: { blue: { attribute: 'none' } } }), site)).toBeNull()
    expect(criteriaOf(ruleOf({ levels: { blue: { attribute: 'odd' } } }), undefined)).toBeNull()
  })

  test('of equal bounds the more severe level counts', () => {
    const rule = ruleOf({
      levels: { yellow: { attribute: 'warningLevel' }, red: { attribute: 'warningLevel' } },
    })
    const found = criteriaOf(rule, site)
    if (found === null) throw new Error('no level')
    const up = observe(found, null, { observedAt: 1, value: 9.3 })
    expect(up?.change).toMatchObject({ type: 'alert.raised', level: 'red' })
    const down = observe(found, up?.next ?? null, { observedAt: 2, value: 9 })
    expect(down?.change).toMatchObject({ type: 'alert.resolved', level: 'red' })
  })
})

describe('a rule that is edited while an alert is open', () => {
  const open = observe(criteria({ raiseAfter: '0s' }), null, { observedAt: 0, value: 10.5 })!.next

  test('keeps the alert and judges it by the new bounds', () => {
    const raised = criteria({ levels: { yellow: 9.3, orange: 12 } })
    expect(observe(raised, open, { observedAt: 1, value: 10.5 })?.change).toMatchObject({
      type: 'alert.deescalated',
      level: 'yellow',
    })
  })

  test('measures no time against a bound that was not there', () => {
    const moved = criteria({ levels: { yellow: 9.3, orange: 10, red: 10.4 }, raiseAfter: '5m' })
    const first = observe(moved, open, { observedAt: 60_000, value: 10.5 })
    expect(first?.change).toBeNull()
    const second = observe(moved, first!.next, { observedAt: 360_000, value: 10.5 })
    expect(second?.change).toMatchObject({ type: 'alert.escalated', level: 'red' })
  })

  test('goes down from a level that is gone', () => {
    const without = criteria({ levels: { yellow: 9.3 } })
    expect(observe(without, open, { observedAt: 1, value: 10.5 })?.change).toMatchObject({
      type: 'alert.deescalated',
      level: 'yellow',
      previousLevel: 'orange',
    })
  })
})

// ---------------------------------------------------------------------------------------------------
// The model keeps every reading and looks back over all of them at each step.

interface Case {
  criteria: Criteria
  readings: { observedAt: number; value: number }[]
}

const cases: fc.Arbitrary<Case> = fc
  .record({
    direction: fc.constantFrom('above' as const, 'below' as const),
    levels: fc.subarray([...alertLevels], { minLength: 1 }),
    margin: fc.constantFrom(0, 1, 2),
    raiseAfter: fc.constantFrom('0s', '1s', '3s'),
    clearAfter: fc.constantFrom('0s', '2s', '4s'),
    readings: fc.array(
      fc.record({
        observedAt: fc.integer({ min: 0, max: 40 }).map((s) => s * 1_000),
        value: fc.integer({ min: -2, max: 14 }),
      }),
      { maxLength: 40 },
    ),
    inOrder: fc.boolean(),
  })
  .map(({ direction, levels, margin, raiseAfter, clearAfter, readings, inOrder }) => {
    const sign = direction === 'above' ? 1 : -1
    const bounds = levels.map((level, i) => [level, 6 + sign * i * 2])
    const rule = ruleOf({
      direction,
      levels: Object.fromEntries(bounds),
      clearMargin: margin,
      raiseAfter,
      clearAfter,
    })
    const found = criteriaOf(rule, undefined)
    if (found === null) throw new Error('no level')
    if (inOrder) readings.sort((a, b) => a.observedAt - b.observedAt)
    return { criteria: found, readings }
  })

function changesOf({ criteria: c, readings }: Case, from: Lifecycle | null = null) {
  let watch = from
  const changes: (LevelChange & { at: number })[] = []
  for (const reading of readings) {
    const step = observe(c, watch, reading)
    if (step === null) continue
    // The state must survive being written down after any step.
    watch = JSON.parse(JSON.stringify(step.next)) as Lifecycle
    if (step.change) changes.push({ ...step.change, at: reading.observedAt })
  }
  return { changes, watch }
}

function modelChanges({ criteria: c, readings }: Case): string[] {
  const sign = c.direction === 'above' ? 1 : -1
  const counted: { observedAt: number; value: number }[] = []
  const told: string[] = []
  let current: AlertLevel | null = null
  let openedAt = 0
  /** How long the newest run of readings for which `holds` lasts; -1 when the last one does not hold. */
  const lasts = (holds: (value: number) => boolean, since = 0): number => {
    let start = -1
    for (const reading of counted) {
      if (reading.observedAt < since) continue
      if (!holds(reading.value)) start = -1
      else if (start < 0) start = reading.observedAt
    }
    return start < 0 ? -1 : counted.at(-1)!.observedAt - start
  }
  for (const reading of readings) {
    if (counted.some((old) => old.observedAt >= reading.observedAt)) continue
    counted.push(reading)
    const reached = c.thresholds.filter(
      (t) => lasts((v) => sign * v >= sign * t.bound) >= c.raiseAfterMs,
    )
    const cleared = (level: AlertLevel) => {
      const t = c.thresholds.find((each) => each.level === level)!
      const inside = (v: number) => sign * v < sign * t.bound && sign * v <= sign * t.clear
      return lasts(inside, openedAt) >= c.clearAfterMs
    }
    const top = reached.at(-1)?.level
    const rank = (level: AlertLevel | null) => (level === null ? -1 : alertLevels.indexOf(level))
    if (top !== undefined && rank(top) > rank(current)) {
      told.push(`${reading.observedAt} ${current === null ? 'raised' : 'escalated'} ${top}`)
      if (current === null) openedAt = reading.observedAt
      current = top
    } else if (current !== null && cleared(current)) {
      const lower = c.thresholds.filter((t) => rank(t.level) < rank(current) && !cleared(t.level))
      const next: AlertLevel | null = lower.at(-1)?.level ?? null
      const what: string = next === null ? `resolved ${current}` : `deescalated ${next}`
      told.push(`${reading.observedAt} ${what}`)
      current = next
    }
  }
  return told
}

describe('laws', () => {
  test('it does what the model that remembers everything does', () => {
    fc.assert(
      fc.property(cases, (c) => {
        const told = changesOf(c).changes.map(
          (change) => `${change.at} ${change.type.replace('alert.', '')} ${change.level}`,
        )
        expect(told).toEqual(modelChanges(c))
      }),
      { numRuns: 2_000 },
    )
  })

  test('changes alternate legally: at most one alert is open, each change starts where the last ended', () => {
    fc.assert(
      fc.property(cases, (c) => {
        let level: AlertLevel | null = null
        let at = -1
        const rank = (l: AlertLevel) => alertLevels.indexOf(l)
        for (const change of changesOf(c).changes) {
          expect(change.at).toBeGreaterThan(at)
          at = change.at
          if (change.type === 'alert.raised') {
            expect(level).toBeNull()
            level = change.level
          } else if (change.type === 'alert.resolved') {
            expect(change.level).toBe(level)
            level = null
          } else {
            expect(change.previousLevel).toBe(level)
            const up = rank(change.level) - rank(change.previousLevel!)
            expect(up > 0).toBe(change.type === 'alert.escalated')
            level = change.level
          }
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('a replay from any earlier point adds nothing', () => {
    fc.assert(
      fc.property(cases, fc.nat(), (c, cut) => {
        const { watch } = changesOf(c)
        const again = changesOf({ ...c, readings: c.readings.slice(cut % 41) }, watch)
        expect(again.changes).toEqual([])
        expect(again.watch).toEqual(watch)
      }),
      { numRuns: 1_000 },
    )
  })

  test('each reading twice, or late ones mixed in, change nothing', () => {
    fc.assert(
      fc.property(cases, fc.array(fc.nat(), { maxLength: 20 }), (c, echoes) => {
        const readings = c.readings.flatMap((reading, i) => {
          const earlier = c.readings.slice(0, i + 1)
          return [reading, reading, ...echoes.map((n) => earlier[n % earlier.length]!)]
        })
        expect(changesOf({ ...c, readings }).changes).toEqual(changesOf(c).changes)
      }),
      { numRuns: 500 },
    )
  })

  test('a signal that only gets worse never goes down, one that only gets better never up', () => {
    fc.assert(
      fc.property(cases, (c) => {
        const sign = c.criteria.direction === 'above' ? 1 : -1
        const times = [...new Set(c.readings.map((r) => r.observedAt))].sort((a, b) => a - b)
        const values = c.readings.map((r) => r.value).sort((a, b) => sign * (a - b))
        const worse = times.map((observedAt, i) => ({ observedAt, value: values[i]! }))
        const up = changesOf({ ...c, readings: worse }).changes.map((change) => change.type)
        expect(up).not.toContain('alert.deescalated')
        expect(up).not.toContain('alert.resolved')
        values.reverse()
        const better = times.map((observedAt, i) => ({ observedAt, value: values[i]! }))
        const down = changesOf({ ...c, readings: better }).changes.map((change) => change.type)
        // Time may still carry a standing signal over raiseAfter, so only an immediate rule is strict.
        if (c.criteria.raiseAfterMs === 0) expect(down).not.toContain('alert.escalated')
      }),
      { numRuns: 500 },
    )
  })

  test('a quiet watch is nothing but the time of its last reading, and the state is small', () => {
    fc.assert(
      fc.property(cases, (c) => {
        const { watch } = changesOf(c)
        if (watch === null) return
        expect(JSON.stringify(watch).length).toBeLessThan(500)
        if (isQuiet(watch)) expect(watch).toMatchObject({ level: null, clocks: {} })
      }),
    )
  })
})
