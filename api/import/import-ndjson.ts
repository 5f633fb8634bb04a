/** Reads the lines of an NDJSON import as it arrives; a line that cannot be read does not stop the others. */

import { attributePrefix, clearMark, flatRow, type ImportRow, importColumns } from './import-row.ts'
import { lineMax, linesOf } from './import-text.ts'

/** Lines `{"site": {…}}`, `{"device": {…}}`, both in one, or flat with the names of the CSV columns; null clears. */
export function* ndjsonRows(
  text: Iterable<string>,
  numbers: ReadonlySet<string>,
): Generator<ImportRow> {
  let line = 0
  for (const content of linesOf(text)) {
    line += 1
    if (content === undefined) yield { line, reason: `is longer than ${lineMax} characters` }
    else if (content.trim() !== '') yield jsonRow(content, line, numbers)
  }
}

function jsonRow(content: string, line: number, numbers: ReadonlySet<string>): ImportRow {
  let value: unknown
  try {
    value = JSON.parse(content)
  } catch {
    // What is wrong in it is for the sender to find; the line is told.
    return { line, reason: 'is not valid JSON' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { line, reason: 'is not a JSON object' }
  }
  const fields = new Map<string, unknown>(Object.entries(value))
  const nested = [fields.get('site'), fields.get('device')].some((part) => typeof part === 'object')
  const known = nested ? new Set(['site', 'device']) : importColumns
  const bad = [...fields.keys()].find(
    (name) => !known.has(name) && (nested || !name.startsWith(attributePrefix)),
  )
  if (bad !== undefined) return { line, reason: `${bad.slice(0, 100)}: is not a known field` }
  if (nested) return { line, ...Object.fromEntries(fields) }
  const cells = new Map([...fields].map(([name, part]) => [name, cellOf(part)]))
  return flatRow(cells, line, { decimalComma: false, numbers })
}

function cellOf(value: unknown): string {
  if (value === null) return clearMark
  return typeof value === 'string' ? value.trim() : JSON.stringify(value)
}
