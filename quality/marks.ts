/**
 * Outcomes of one test as bits of the packed number of `domain/quality.ts`. A reading's outcomes are the marks of
 * its tests joined with `|`; a test that was not evaluated adds 0.
 */

import { type QualityTest, qualityTests, withTest } from '../domain/quality.ts'

export interface Marks {
  readonly pass: number
  readonly suspect: number
  readonly fail: number
}

export function marksOf(test: QualityTest): Marks {
  return {
    pass: withTest(0, test, 1),
    suspect: withTest(0, test, 3),
    fail: withTest(0, test, 4),
  }
}

/** The mark of how far beyond its thresholds something is; thresholds themselves are still good. */
export function beyond(size: number, suspect: number, fail: number, marks: Marks): number {
  if (size > fail) return marks.fail
  return size > suspect ? marks.suspect : marks.pass
}

/** Bits that are set in suspect and failed outcomes, of all tests. */
export const doubt = qualityTests.reduce(
  (all, test) => all | (withTest(0, test, 3) & withTest(0, test, 4)),
  0,
)
