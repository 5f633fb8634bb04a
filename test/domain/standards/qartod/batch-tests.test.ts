/** What each batch test promises beyond the shared vectors: edges, refusals, and what must never happen. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { batchTests } from '../../../../domain/standards/qartod/batch-tests.ts'

const named = (name: string) => {
  const found = batchTests.find((one) => one.name === name)
  if (found === undefined) throw new Error(`there is no test ${name}`)
  return found
}
const flags = (name: string, given: object) => named(name).run(named(name).form.parse(given))
const refusal = (name: string, given: object) => {
  const { error } = named(name).form.safeParse(given)
  return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
}

const minutes = (count: number) => Array.from({ length: count }, (_, i) => 60 * i)

describe('spike', () => {
  const x = [1, 1, 5, 1, 1]
  test('counts only what is strictly beyond', () => {
    expect(flags('spike', { x, suspect: 4 })).toEqual([2, 1, 1, 1, 2])
    expect(flags('spike', { x, suspect: 3.9 })).toEqual([2, 1, 3, 1, 2])
    expect(flags('spike', { x, fail: 3.9, method: 'differential' })).toEqual([2, 1, 4, 1, 2])
  })
  test('a step is none to the differential method', () => {
    const step = { x: [1, 1, 9, 9], suspect: 1 }
    expect(flags('spike', { ...step, method: 'differential' })).toEqual([2, 1, 1, 2])
    expect(flags('spike', step)).toEqual([2, 3, 3, 2])
  })
  test.each([
    [[], []],
    [[7], [2]],
    [
      [7, null],
      [2, 9],
    ],
  ])('%j gives %j', (few, expected) => {
    expect(flags('spike', { x: few, suspect: 1 })).toEqual(expected)
  })
})

describe('rate of change', () => {
  test('the first value after a missing one passes', () => {
    const given = { x: [0, null, 100, 200], t: minutes(4), threshold: '10/60' }
    expect(flags('rate_of_change', given)).toEqual([1, 9, 1, 3])
  })
  test('time texts and seconds mean the same, with their zones', () => {
    const given = { x: [0, 61, 122], threshold: 1 }
    const t = ['2026-01-01T00:00:00Z', '2026-01-01T08:01:00+08:00', '2026-01-01T00:02:00']
    expect(flags('rate_of_change', { ...given, t })).toEqual([1, 3, 3])
    expect(flags('rate_of_change', { ...given, t: minutes(3) })).toEqual([1, 3, 3])
  })
  test.each([
    [{ t: [0, 60] }, 't: must hold as many as x: 3, not 2'],
    [{ t: [0, 60, 60] }, 't.2: must be later than t.1'],
    [{ t: [0, '2026-02-30', 60] }, 't.1: "2026-02-30" is no time'],
    [{ t: [0, '2026-13-01', 60] }, 't.1: "2026-13-01" is no time'],
    [{ threshold: undefined }, 'threshold: is required, or threshold_per_s'],
    [{ threshold: '5/0' }, 'threshold: must be a number from 0 on'],
    [{ threshold: '5*15' }, 'threshold: must be a number from 0 on'],
    [{ threshold: -1 }, 'threshold: must be a number from 0 on'],
    [{ threshold: 1, threshold_per_s: '5/60' }, 'threshold: says 1, but threshold_per_s says'],
  ])('%j is refused: %s', (wrong, message) => {
    const given = { x: [1, 2, 3], t: minutes(3), threshold: 1, ...wrong }
    expect(refusal('rate_of_change', given)).toContain(message)
  })
})

describe('flat line', () => {
  const flat = { t: minutes(6), suspect_s: 120, fail_s: 240 }
  test('tolerance 0 never flags, and the least above it flags what stands still', () => {
    expect(flags('flat_line', { ...flat, x: [1, 1, 1, 1, 1, 1] })).toEqual([1, 1, 1, 1, 1, 1])
    const given = { ...flat, x: [1, 1, 1, 1, 1, 1], tolerance: 1e-9 }
    expect(flags('flat_line', given)).toEqual([1, 1, 3, 3, 4, 4])
  })
  test('missing values neither move nor break it', () => {
    const given = { ...flat, x: [1, null, 1, null, 1, 2], tolerance: 0.5 }
    expect(flags('flat_line', given)).toEqual([1, 9, 3, 9, 4, 1])
  })
  test('fewer than three values pass', () => {
    const given = { suspect_s: 1, tolerance: 9 }
    expect(flags('flat_line', { ...given, x: [1, 1], t: [0, 60] })).toEqual([1, 1])
    expect(flags('flat_line', { ...given, x: [], t: [] })).toEqual([])
  })
  test('a series shorter than the window passes', () => {
    const given = { x: [1, 1, 1], t: minutes(3), fail_s: 180, tolerance: 1 }
    expect(flags('flat_line', given)).toEqual([1, 1, 1])
  })
})

describe('attenuated signal', () => {
  test('all values together: population standard deviation, or range', () => {
    // Mean 5, squared distances 32 over 8 values: exactly 2.
    const x = [2, 4, 4, 4, 5, 5, 7, 9]
    expect(flags('attenuated_signal', { x, suspect: 2 })).toEqual(x.map(() => 1))
    expect(flags('attenuated_signal', { x, suspect: 2.01, fail: 1 })).toEqual(x.map(() => 3))
    const range = { x, suspect: 9, fail: 7.5, check_type: 'range' }
    expect(flags('attenuated_signal', range)).toEqual(x.map(() => 4))
    expect(flags('attenuated_signal', { x: [1, null], suspect: 1 })).toEqual([3, 9])
  })
  test('over a period that is open at its older end, as population standard deviation', () => {
    const given = { x: [0, 2, 2, 6], t: minutes(4), suspect: 1.1, test_period: 120 }
    // One value does not vary; 0 and 2 by 1, which a sample's √2 is not; two equal values; 2 and 6 by 2.
    expect(flags('attenuated_signal', given)).toEqual([3, 3, 3, 1])
    const range = { ...given, check_type: 'range', suspect: 2 }
    expect(flags('attenuated_signal', range)).toEqual([3, 1, 3, 1])
  })
  test('not before there are as many values as asked for', () => {
    const given = { x: [0, 0, null, 0], t: minutes(4), fail: 1, test_period: 600, method: 'range' }
    expect(flags('attenuated_signal', { ...given, min_obs: 3 })).toEqual([2, 2, 9, 4])
    expect(flags('attenuated_signal', { ...given, min_period: 150 })).toEqual([2, 4, 9, 4])
  })
  test('thresholds of 0 never flag, and least numbers of 0 ask for nothing', () => {
    const given = { x: [4, 4, 7], t: minutes(3), test_period: 90, suspect: 0.5, fail: 0 }
    expect(flags('attenuated_signal', given)).toEqual([3, 3, 1])
    expect(flags('attenuated_signal', { ...given, min_obs: 0 })).toEqual([3, 3, 1])
    expect(flags('attenuated_signal', { ...given, min_period: 0 })).toEqual([3, 3, 1])
  })
  test('a flat line after a spike is flat to the last bit', () => {
    const x = [...Array(50).fill(0.1), 1e15, ...Array(50).fill(0.1)]
    const given = { x, t: minutes(x.length), fail: 1e-12, test_period: 600 }
    expect(flags('attenuated_signal', given).slice(-40)).toEqual(Array(40).fill(4))
  })
  test.each([
    [{ test_period: 60 }, 't: is required with test_period'],
    [{ t: minutes(2), min_obs: 1, min_period: 1 }, 'min_period: cannot be given together'],
    [{ check_type: 'std', method: 'std' }, 'method: cannot be given together'],
    [{ suspect: undefined }, 'suspect: is required, or fail'],
  ])('%j is refused: %s', (wrong, message) => {
    expect(refusal('attenuated_signal', { x: [1, 2], suspect: 1, ...wrong })).toContain(message)
  })
})

describe('climatology', () => {
  const at = (t: string, member: object, x = 50) =>
    flags('climatology', { x: [x], t: [t], members: [{ vspan: [0, 10], ...member }] })[0]

  test.each([
    ['2026-02-28T23:59:59Z', 'month', 2],
    ['2026-03-01T07:59:59+08:00', 'month', 2],
    ['2024-12-30', 'week', 1],
    ['2027-01-03', 'weekofyear', 53],
    ['2026-01-01', 'week', 1],
    ['2024-12-31', 'dayofyear', 366],
    ['2026-03-01T23:00:00Z', 'dayofyear', 60],
    ['2026-11-23', 'dayofweek', 0],
    ['2026-11-22', 'dayofweek', 6],
    ['2026-12-31T12:00:00Z', 'quarter', 4],
    ['2026-12-31T12:00:00Z', 'year', 2026],
    ['2026-12-31T12:00:00Z', 'day', 31],
    ['2026-12-31T12:59:00Z', 'hour', 12],
  ])('%s is in the %s %i', (t, period, number) => {
    expect(at(t, { period, tspan: [number, number] })).toBe(3)
    expect(at(t, { period, tspan: [number + 1, number + 9] })).toBe(2)
  })
  test('a member with depths needs a depth, one without is for all', () => {
    const members = [
      { tspan: ['2026-01-01', '2026-12-31'], vspan: [0, 10] },
      { tspan: ['2026-01-01', '2026-12-31'], vspan: [0, 100], zspan: [5, 9] },
    ]
    const t = Array(3).fill('2026-05-01')
    const given = { x: [50, 50, 50], t, members }
    expect(flags('climatology', { ...given, z: [null, 5, 4] })).toEqual([3, 1, 3])
    expect(flags('climatology', given)).toEqual([3, 3, 3])
  })
  test.each([
    [{ tspan: [12, 2], period: 'month' }, 'members.0.tspan: must rise'],
    [{ tspan: ['a', 'b'] }, 'members.0.tspan: must hold two times'],
    [{ tspan: ['2026-01-01', '2026-02-01'], period: 'month' }, 'must hold two numbers'],
    [{ tspan: [1, 2], vspan: [2, 1] }, 'members.0.vspan: must rise'],
  ])('%j is refused: %s', (member, message) => {
    const given = { x: [1], t: [0], members: [{ vspan: [0, 1], ...member }] }
    expect(refusal('climatology', given)).toContain(message)
  })
})

test('a time gap is told beyond its length, strictly, and not of the first value', () => {
  const given = { t: [0, 60, 121, 400], suspect_s: 60, fail_s: 200 }
  expect(flags('time_gap', given)).toEqual([2, 1, 3, 4])
  expect(flags('time_gap', { ...given, x: [1, null, 1, 1] })).toEqual([2, 9, 3, 4])
})

test('a threshold of 0 is one: any change, gap or difference is beyond it', () => {
  const [x, t] = [[5, 5, 8], minutes(3)]
  expect(flags('time_gap', { t, suspect_s: 0, fail_s: 60 })).toEqual([2, 3, 3])
  expect(flags('rate_of_change', { x, t, threshold: 0 })).toEqual([1, 1, 3])
  expect(flags('spike', { x: [5, 5, 5, 8], suspect: 0 })).toEqual([2, 1, 3, 2])
  expect(flags('flat_line', { x, t, fail_s: 0, tolerance: 1 })).toEqual([4, 4, 4])
  const neighbours = [x, x, x]
  expect(flags('neighbour', { x: [5, 6, 8], neighbours, suspect: 0, ratio: 0 })).toEqual([1, 3, 1])
})

describe('neighbour agreement', () => {
  test('one broken neighbour does not accuse a sound sensor, and too few say nothing', () => {
    const neighbours = [
      [11, 12, null],
      [10, 10, 10],
      [900, 9, 11],
    ]
    const given = { x: [10, 60, 60], neighbours, suspect: 20 }
    expect(flags('neighbour', given)).toEqual([1, 3, 2])
    expect(flags('neighbour', { ...given, ratio: 5 })).toEqual([1, 1, 2])
    expect(flags('neighbour', { ...given, sites: 2 })).toEqual([1, 3, 3])
  })
  test('the lists must be as long as the values', () => {
    const given = { x: [1, 2], neighbours: [[1, 2], [1]], suspect: 1 }
    expect(refusal('neighbour', given)).toBe('neighbours.1: must hold as many as x: 2, not 1')
  })
})

test('spans that contradict each other and flags that do not exist are refused', () => {
  const x = [1]
  expect(refusal('gross_range', { x, fail_span: [0, 5], suspect_span: [1, 6] })).toContain(
    'suspect_span: must lie inside fail_span [0, 5]',
  )
  expect(refusal('gross_range', { x })).toContain('fail_span: is required, or suspect_span')
  expect(refusal('gross_range', { x, fail_span: [5, 0] })).toContain('fail_span: must rise')
  expect(refusal('aggregate', { flags: [[1, 5]] })).toContain('flags.0.1')
  expect(refusal('aggregate', { flags: [[1, 2], [1]] })).toContain('flags.1: must hold as many')
})

const value = fc.option(fc.integer({ min: -50, max: 50 }), { nil: null })
const values = fc.array(value, { minLength: 1, maxLength: 40 })
/** Good before suspect before fail; 2 and 9 do not depend on thresholds. */
const grave = (flag: number) => (flag === 3 || flag === 4 ? flag : 0)

describe('whatever the values', () => {
  const settings: [string, (n: number) => object][] = [
    ['gross_range', () => ({ suspect_span: [-10, 10], fail_span: [-20, 20] })],
    ['spike', () => ({ suspect: 5, fail: 20 })],
    ['rate_of_change', (n) => ({ t: minutes(n), threshold: '5/60', fail_threshold: '30/60' })],
    ['flat_line', (n) => ({ t: minutes(n), suspect_s: 60, fail_s: 180, tolerance: 3 })],
    ['attenuated_signal', (n) => ({ t: minutes(n), suspect: 9, fail: 3, test_period: 300 })],
    [
      'climatology',
      (n) => ({ t: minutes(n), members: [{ tspan: [0, 1e9], vspan: [-9, 9], fspan: [-30, 30] }] }),
    ],
    ['time_gap', (n) => ({ t: minutes(n), suspect_s: 30 })],
  ]
  test.each(settings)(
    '%s: one flag per value, and 9 exactly where one is missing',
    (name, more) => {
      fc.assert(
        fc.property(values, (x) => {
          const found = flags(name, { x, ...more(x.length) })
          expect(found.map((flag) => flag === 9)).toEqual(x.map((one) => one === null))
        }),
      )
    },
  )

  test.each(settings.filter(([name]) => !/gross|clima/.test(name)))(
    '%s: a constant shift changes nothing',
    (name, more) => {
      fc.assert(
        fc.property(values, fc.integer({ min: -1000, max: 1000 }), (x, shift) => {
          const shifted = x.map((one) => (one === null ? null : one + shift))
          expect(flags(name, { x: shifted, ...more(x.length) })).toEqual(
            flags(name, { x, ...more(x.length) }),
          )
        }),
      )
    },
  )

  const wide = fc.integer({ min: 1, max: 30 })
  test.each([
    [
      'gross_range',
      (_n: number, w: number) => ({ suspect_span: [-w, w], fail_span: [-2 * w, 2 * w] }),
    ],
    ['spike', (_n: number, w: number) => ({ suspect: w, fail: 2 * w })],
    [
      'rate_of_change',
      (n: number, w: number) => ({ t: minutes(n), threshold: w, fail_per_s: 2 * w }),
    ],
    [
      'climatology',
      (n: number, w: number) => ({ t: minutes(n), members: [{ tspan: [0, 1e9], vspan: [-w, w] }] }),
    ],
    [
      'flat_line',
      (n: number, w: number) => ({
        t: minutes(n),
        suspect_s: 60 * w,
        fail_s: 120 * w,
        tolerance: 3,
      }),
    ],
  ] as const)('%s: a wider limit never gives a graver flag', (name, more) => {
    fc.assert(
      fc.property(values, wide, wide, (x, width, wider) => {
        const narrow = flags(name, { x, ...more(x.length, width) })
        const relaxed = flags(name, { x, ...more(x.length, width + wider) })
        expect(relaxed.every((flag, i) => grave(flag) <= grave(narrow[i] ?? 0))).toBe(true)
      }),
    )
  })

  test('flat line and attenuated signal agree with the plain definition', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 9 }), (x, steps) => {
        const t = minutes(x.length)
        const rangeOf = (part: readonly (number | null)[]) => {
          const present = part.filter((one) => one !== null)
          return present.length === 0 ? null : Math.max(...present) - Math.min(...present)
        }
        const flat = x.map((one, i) => {
          if (one === null) return 9
          if (x.length < 3 || i < steps) return 1
          return (rangeOf(x.slice(i - steps, i + 1)) ?? 99) < 9 ? 4 : 1
        })
        expect(flags('flat_line', { x, t, fail_s: steps * 60, tolerance: 9 })).toEqual(flat)
        const weak = x.map((one, i) => {
          if (one === null) return 9
          return (rangeOf(x.slice(Math.max(0, i - steps + 1), i + 1)) ?? 99) < 9 ? 3 : 1
        })
        const given = { x, t, suspect: 9, test_period: steps * 60, check_type: 'range' }
        expect(flags('attenuated_signal', given)).toEqual(weak)
      }),
    )
  })
})
