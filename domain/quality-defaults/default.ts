/** One default of quality control: the thresholds of a property, and why they are what they are. */

import type { TestSettings } from '../quality-plan.ts'

export interface QualityDefault {
  tests: TestSettings
  /** Where the numbers come from, for people. All are our own choice (confidence C): no standard in force sets them. */
  why: string
}

export type QualityDefaults = Readonly<Record<string, QualityDefault>>
