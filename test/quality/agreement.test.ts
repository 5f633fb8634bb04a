/**
 * The streaming tests against the batch tests of QARTOD on the same values: what is flagged on the stream is flagged by
 * QARTOD at least as badly, whatever the series.
 */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type QualityTest, testFlag, withTest } from '../../domain/quality.ts'
import type { TestSettings } from '../../domain/quality-plan.ts'
import type { Quality } from '../../domain/reading.ts'
import { flatLine as flatLineBatch } from '../../domain/standards/qartod/flat-line.ts'
import { rateOfChange as rateBatch } from '../../domain/standards/qartod/rate-of-change.ts'
import { spike as spikeBatch } from '../../domain/standards/qartod/spike.ts'
import { createAttenuatedSignal } from '../../quality/attenuated-signal.ts'
import { createSeriesTable } from '../../quality/series-table.ts'
import { spikeMark } from '../../quality/spike.ts'
import { thresholdsOf } from '../../quality/thresholds.ts'
import { advance, passOver, settle } from '../../quality/track.ts'

const value = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double({ min: -100, max: 100, noNaN: true }),
  fc.constant(null),
)
const series = fc.array(value, { minLength: 3, maxLength: 60 })
const intervalS = 60

/** Outcomes of one test on values a minute apart. */
function streamed(name: QualityTest, values: readonly (number | null)[], tests: TestSettings) {
  const { view, add } = createSeriesTable()
  const row = add()
  const thresholds = thresholdsOf({ spike: null, ...tests })
  const attenuated = createAttenuatedSignal()
  return values.map((x, i): Quality => {
    const observedAt = i * intervalS * 1_000
    if (x === null) {
      passOver(view, row, observedAt)
      return 9
    }
    const point = { observedAt, receivedAt: observedAt, value: x }
    const marks = advance(view, row, point, { thresholds, attenuated })
    settle(view, row, point, marks)
    return testFlag(marks, name)
  })
}

/** No flag on the stream is worse than that of the batch. */
function expectNoWorse(stream: readonly Quality[], batch: readonly Quality[]): void {
  const worse = stream.filter((flag, i) => flag !== 9 && flag >= 3 && flag > (batch[i] ?? 0))
  expect(worse).toEqual([])
}

const times = (values: readonly unknown[]) => values.map((_, i) => i * intervalS)

test('spike', () => {
  fc.assert(
    fc.property(series, fc.double({ min: 0.1, max: 50, noNaN: true }), (x, suspect) => {
      const fail = suspect * 2
      const marks = x.map((at, i): Quality => {
        const [before, after] = [x[i - 1] ?? null, x[i + 1] ?? null]
        if (at === null) return 9
        if (before === null || after === null) return 2
        return testFlag(spikeMark(before, at, after, { suspect, fail }), 'spike')
      })
      expectNoWorse(marks, spikeBatch.run({ x, suspect, fail, method: 'average' }))
    }),
  )
})

test('rate of change, and where one value follows another within the threshold both agree', () => {
  fc.assert(
    fc.property(series, fc.double({ min: 0.1, max: 50, noNaN: true }), (x, suspect) => {
      const fail = suspect * 2
      const stream = streamed('rate_of_change', x, { rate_of_change: { suspect, fail, per: '1m' } })
      /** QARTOD lets any value pass after a missing one; here it is judged against the last that was measured. */
      const measured = x.flatMap((value, i) => (value === null ? [] : [{ value, i }]))
      const form = rateBatch.form.parse({
        x: measured.map(({ value }) => value),
        t: measured.map(({ i }) => i * intervalS),
        threshold: suspect / intervalS,
        fail_threshold: fail / intervalS,
      })
      const slack = rateBatch.run({ ...form, threshold: (suspect / intervalS) * (1 - 1e-9) })
      expectNoWorse(
        measured.map(({ i }) => (stream[i] === 4 ? 3 : (stream[i] ?? 9))),
        slack,
      )
    }),
  )
})

test('flat line', () => {
  fc.assert(
    fc.property(
      series,
      fc.integer({ min: 2, max: 12 }),
      fc.double({ min: 0.1, max: 5, noNaN: true }),
      (x, steps, tolerance) => {
        const [suspect, fail] = [`${steps * intervalS}s`, `${2 * steps * intervalS}s`]
        const stream = streamed('flat_line', x, { flat_line: { suspect, fail, tolerance } })
        const form = flatLineBatch.form.parse({
          ...{ x, t: times(x), tolerance },
          suspect_s: steps * intervalS,
          fail_s: 2 * steps * intervalS,
        })
        expectNoWorse(stream, flatLineBatch.run(form))
      },
    ),
  )
})

test('a value that stands exactly still is found as QARTOD finds it', () => {
  const x = [5, 6, 7, ...Array.from({ length: 30 }, () => 8)]
  const stream = streamed('flat_line', x, {
    flat_line: { suspect: '10m', fail: '20m', tolerance: 0.5 },
  })
  const form = flatLineBatch.form.parse({
    x,
    t: times(x),
    tolerance: 0.5,
    suspect_s: 600,
    fail_s: 1_200,
  })
  expect(stream).toEqual(flatLineBatch.run(form))
})

test('marks of different tests do not meet', () => {
  expect(withTest(withTest(0, 'spike', 4), 'flat_line', 3)).not.toBe(withTest(0, 'spike', 4))
})
