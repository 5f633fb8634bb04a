/**
 * Reads the rows of a CSV import (RFC 4180, and what spreadsheets make of it: `;` or tabs, a first line `sep=;`, headers
 * in any case). Each line is read by itself, so that a quote that is not closed costs its own row and none of those
 * below; a cell cannot hold a line break for that.
 */

import { parse } from 'csv-parse/sync'
import { Fault } from '../../domain/errors.ts'
import { attributePrefix, flatRow, type ImportRow, importColumns } from './import-row.ts'
import { lineMax, linesOf } from './import-text.ts'

type Separator = ',' | ';' | '\t'
const separators: readonly Separator[] = [',', ';', '\t']

interface Header {
  names: readonly string[]
  separator: Separator
}

export function* csvRows(
  text: Iterable<string>,
  numbers: ReadonlySet<string>,
): Generator<ImportRow> {
  let header: Header | undefined
  let declared: Separator | undefined
  let line = 0
  for (const content of linesOf(text)) {
    line += 1
    if (content !== undefined && /^[,;\t ]*$/.test(content)) continue
    if (header !== undefined) {
      yield rowOf(content, line, header, numbers)
      continue
    }
    const said = line === 1 ? /^"?sep=([,;\t])"?$/i.exec(content ?? '')?.[1] : undefined
    if (said === undefined) header = headerOf(content ?? '', declared)
    else declared = said as Separator
  }
  if (header === undefined) {
    throw new Fault('bad_request', 'body: has no header row.', { field: 'body' })
  }
}

function cellsOf(line: string, separator: Separator): string[] | undefined {
  // Only a quote needs the rules of CSV.
  if (!line.includes('"')) return line.split(separator)
  try {
    const [cells] = parse(line, { delimiter: separator })
    return cells
  } catch {
    // The library says what it expected at which byte; the line is what helps.
    return undefined
  }
}

/** Of the separators the one that makes most columns that are known. */
function headerOf(line: string, declared: Separator | undefined): Header {
  const tried = (declared === undefined ? separators : [declared]).map((separator) => {
    const names = (cellsOf(line, separator) ?? []).map(nameOf)
    return { separator, names, known: names.filter(isColumn).length }
  })
  const [best] = tried.sort((a, b) => b.known - a.known || b.names.length - a.names.length)
  const { names, separator } = best ?? { names: [], separator: ',' }
  checkNames(names)
  return { names, separator }
}

/** The name of an attribute keeps its case. */
function nameOf(cell: string): string {
  const name = cell.trim()
  const lower = name.toLowerCase()
  if (!lower.startsWith(attributePrefix)) return lower
  return attributePrefix + name.slice(attributePrefix.length)
}

function isColumn(name: string): boolean {
  return importColumns.has(name) || /^attribute\..+/.test(name)
}

function checkNames(names: readonly string[]): void {
  const bad = names.find((name) => !isColumn(name))
  if (bad !== undefined) {
    throw new Fault(
      'bad_request',
      `header: "${bad.slice(0, 100)}" is not a column; there are ${[...importColumns].join(', ')}, attribute.<name>, separated by "," ";" or tabs.`,
      { field: 'header' },
    )
  }
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) {
    throw new Fault('bad_request', `header: names the column "${twice}" twice; leave out one.`, {
      field: 'header',
    })
  }
  if (!names.includes('site') && !names.includes('device')) {
    throw new Fault('bad_request', 'header: needs a column site or device.', { field: 'header' })
  }
}

function rowOf(
  content: string | undefined,
  line: number,
  { names, separator }: Header,
  numbers: ReadonlySet<string>,
): ImportRow {
  if (content === undefined) return { line, reason: `is longer than ${lineMax} characters` }
  const cells = cellsOf(content, separator)
  if (cells === undefined)
    return { line, reason: 'has a quote that is not closed, or is misplaced' }
  if (cells.length !== names.length) {
    return { line, reason: `has ${cells.length} cells, the header has ${names.length}` }
  }
  const row = new Map(names.map((name, i) => [name, cells[i]?.trim() ?? '']))
  return flatRow(row, line, { decimalComma: separator !== ',', numbers })
}
