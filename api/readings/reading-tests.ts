/** How the outcomes of the quality tests are told with a reading: by name, and with a reason where one found something. */

import { z } from 'zod'
import { qualityTests, testFlag } from '../../domain/quality.ts'
import { reasonOf } from '../../domain/quality-reasons.ts'
import type { Reading } from '../../domain/reading.ts'
import type { RegistryView } from '../../stores/records/registry.ts'
import { readingForm, readingJson } from '../json-forms.ts'

const outcomeForm = z.union([
  z.literal(1),
  z.strictObject({
    flag: z.literal([3, 4]),
    reason: z.strictObject({ en: z.string(), zh: z.string() }),
  }),
])
type Outcome = z.infer<typeof outcomeForm>

const testsForm = z.partialRecord(z.enum(qualityTests), outcomeForm).meta({
  description:
    'Tests that were evaluated: 1 passed; 3 suspect and 4 failed come with the reason (QARTOD)',
})

export const testedReadingForm = z
  .strictObject({ ...readingForm.shape, tests: testsForm })
  .meta({ id: 'ReadingWithTests' })

export function testedReadingJson(
  view: RegistryView,
  reading: Reading,
): z.infer<typeof testedReadingForm> {
  const tests: Partial<Record<(typeof qualityTests)[number], Outcome>> = {}
  for (const test of qualityTests) {
    const flag = testFlag(reading.tests ?? 0, test)
    if (flag === 1) tests[test] = 1
    else if (flag !== 2) tests[test] = { flag, reason: reasonOf(test, flag) }
  }
  return { ...readingJson(view, reading), tests }
}

/** `gross_range=1 spike=3`, the tests that were evaluated. */
export function testsText(tests: number): string {
  return qualityTests
    .map((test) => ({ test, flag: testFlag(tests, test) }))
    .filter(({ flag }) => flag !== 2)
    .map(({ test, flag }) => `${test}=${flag}`)
    .join(' ')
}
