/** docs/quality.md says what the code does: it is generated, and this test fails when it is out of date. */

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { qualityPage } from './quality-page.ts'

test('docs/quality.md is what the evaluation found (npm run docs writes it)', () => {
  const page = readFileSync(new URL('../../docs/quality.md', import.meta.url), 'utf8')
  expect(page).toBe(qualityPage())
})
