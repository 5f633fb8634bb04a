/**
 * Reads the rows of a CSV import (RFC 4180) as it arrives. Each line is read by itself, so that a quote that
 * is not closed costs its own row and none of those below; a cell can not hold a line break for that.
 */

import { parse } from 'csv-parse/sync'
import { Fault } from '../domain/errors.ts'
import { flatRow, type ImportRow, importColumns } from './import-row.ts'
import { lineMax, linesOf } from './import-text.ts'

export async function* csvRows(text: AsyncIterable<string>): AsyncGenerator<ImportRow> {
  let header: readonly string[] | undefined
  let line = 0
  for await (const content of linesOf(text)) {
    line += 1
    if (content === '') continue
    const cells = content === undefined ? undefined : cellsOf(content)
    if (header === undefined) header = checkHeader(cells ?? [])
    else if (content === undefined) yield { line, reason: `is longer than ${lineMax} characters` }
    else if (cells === undefined)
      yield { line, reason: 'has a quote that is not closed, or is misplaced' }
    else yield csvRow(header, cells, line)
  }
  if (header === undefined) {
    throw new Fault('bad_request', 'body: has no header row.', { field: 'body' })
  }
}

function cellsOf(line: string): string[] | undefined {
  // Only a quote needs the rules of CSV.
  if (!line.includes('"')) return line.split(',')
  try {
    const [cells] = parse(line)
    return cells
  } catch {
    // The library says what it expected at which byte; the line is what helps.
    return undefined
  }
}

function checkHeader(cells: readonly string[]): readonly string[] {
  const names = cells.map((cell) => cell.trim())
  const bad = names.find((name) => !importColumns.has(name) && !/^attribute\..+/.test(name))
  if (bad !== undefined) {
    throw new Fault(
      'bad_request',
      `header: "${bad.slice(0, 100)}" is not a column; there are ${[...importColumns].join(', ')}, attribute.<name>.`,
      { field: 'header' },
    )
  }
  if (new Set(names).size !== names.length) {
    throw new Fault('bad_request', 'header: names a column twice.', { field: 'header' })
  }
  if (!names.includes('site') && !names.includes('device')) {
    throw new Fault('bad_request', 'header: needs a column site or device.', { field: 'header' })
  }
  return names
}

function csvRow(header: readonly string[], record: readonly string[], line: number): ImportRow {
  if (record.length !== header.length) {
    return { line, reason: `has ${record.length} cells, the header has ${header.length}` }
  }
  const cells = new Map(header.map((name, i) => [name, record[i]?.trim() ?? '']))
  return flatRow(cells, line)
}
