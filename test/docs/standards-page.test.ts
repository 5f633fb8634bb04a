/** docs/standards.md says what the code does: it is generated, and this test fails when it is out of date. */

import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { indexNames } from '../../domain/standards/definition.ts'
import { standardsPage } from './standards-page.ts'

const page = readFileSync(new URL('../../docs/standards.md', import.meta.url), 'utf8')

test('docs/standards.md is what the tables say (npm run docs writes it)', () => {
  expect(page).toBe(standardsPage())
})

test('it has a heading for each index, and every link within it leads somewhere', () => {
  const headings = new Set([...page.matchAll(/^#+ (.*)$/gm)].map((m) => anchorOf(m[1] ?? '')))
  for (const name of indexNames) expect(headings).toContain(name)
  for (const [, anchor] of page.matchAll(/\]\(#([^)]+)\)/g)) expect(headings).toContain(anchor)
  for (const [, file] of page.matchAll(/\]\(([a-z-]+\.md)\)/g)) {
    expect(existsSync(new URL(`../../docs/${file}`, import.meta.url)), file).toBe(true)
  }
})

test('no table is broken: every row has as many cells as its head', () => {
  const tables = page.split(/\n\n/).filter((part) => part.startsWith('|'))
  expect(tables.length).toBeGreaterThan(50)
  for (const table of tables) {
    const cells = table.split('\n').map((line) => line.replaceAll('\\|', '').split('|').length)
    expect(new Set(cells).size, table.slice(0, 200)).toBe(1)
  }
})

/** As GitHub makes them. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} -]/gu, '')
    .replaceAll(' ', '-')
}
