import { expect, test } from 'vitest'
import { qualityTests } from '../../domain/quality.ts'
import { reasonOf } from '../../domain/quality-reasons.ts'

test.each(qualityTests)('%s has a sentence for suspect and for fail in both languages', (name) => {
  for (const flag of [3, 4] as const) {
    const { en, zh } = reasonOf(name, flag)
    expect(en).toMatch(/^[A-Z].*\.$/)
    expect(zh).toMatch(/^\p{Script=Han}.*。$/u)
  }
})
