/**
 * The tests that a reading goes through, and how their outcomes are kept beside it: two bits a test, so that the
 * outcome of every test fits into one small whole number.
 *
 * Source: IOOS QARTOD (flags, tests 1–11); `sentinel` and `clock` are ours.
 */

import type { Quality } from './reading.ts'

/** The place of a test here is its place in the packed number: append only. */
export const qualityTests = [
  'gross_range',
  'spike',
  'rate_of_change',
  'flat_line',
  'attenuated_signal',
  'climatology',
  'time_gap',
  'neighbour',
  'sentinel',
  'clock',
] as const
export type QualityTest = (typeof qualityTests)[number]

/** Flag of one test: 1 pass, 2 not evaluated, 3 suspect, 4 fail. A missing value (9) is no matter of tests. */
export type TestFlag = Exclude<Quality, 9>

const flagOfCode = [2, 1, 3, 4] as const satisfies readonly TestFlag[]
const codeOfFlag: Readonly<Record<TestFlag, number>> = { 2: 0, 1: 1, 3: 2, 4: 3 }
const placeOf: Readonly<Record<QualityTest, number>> = Object.fromEntries(
  qualityTests.map((test, i) => [test, 2 * i]),
) as Record<QualityTest, number>

/** `packed` with the outcome of one test set; begin with 0, which says that no test was evaluated. */
export function withTest(packed: number, test: QualityTest, flag: TestFlag): number {
  const place = placeOf[test]
  return (packed & ~(3 << place)) | (codeOfFlag[flag] << place)
}

export function testFlag(packed: number, test: QualityTest): TestFlag {
  return flagOfCode[((packed >>> placeOf[test]) & 3) as 0 | 1 | 2 | 3]
}

/**
 * Tests that tell something about the stream and not about the value do not lower its flag: a flood that is reported
 * after a gap, or by a clock that is wrong, is still a flood.
 */
const informative: readonly QualityTest[] = ['time_gap', 'clock']

const telling = qualityTests
  .filter((test) => !informative.includes(test))
  .reduce((places, test) => places | (3 << placeOf[test]), 0)
/** Both bits of the time gap: no value for so long that this one cannot be judged by the last. */
const outOfSight = 3 << placeOf.time_gap
/** The upper bit of each test is set for suspect and fail, both for fail. */
const upper = qualityTests.reduce((places, test) => places | (2 << placeOf[test]), 0)

/**
 * The flag of a reading with a value from the outcomes of its tests: the worst of those evaluated, or 2 when
 * none was (QARTOD: fail > suspect > good > not evaluated). Asked for every reading, so without a loop.
 */
export function overallFlag(packed: number): Exclude<Quality, 9> {
  const told = packed & telling
  const doubts = told & upper
  if (doubts === 0) return told === 0 ? 2 : 1
  return (doubts & (told << 1)) === 0 ? 3 : 4
}

/**
 * The flag of a reading of a stream: as `overallFlag`, but never good while the last value before it is too long ago to
 * judge it by, which is told as a failed time gap.
 */
export function streamFlag(packed: number): Exclude<Quality, 9> {
  const flag = overallFlag(packed)
  return flag === 1 && (packed & outOfSight) === outOfSight ? 2 : flag
}
