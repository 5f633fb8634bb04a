/** Reads the rows of a CSV import as it arrives; a row that can not be read does not stop the others. */

import { pipeline, Readable } from 'node:stream'
import { type Info, parse } from 'csv-parse'
import { Fault } from '../domain/errors.ts'
import { flatRow, importColumns, type ImportRow, importRowMax } from './import-row.ts'

export async function* csvRows(text: AsyncIterable<string>): AsyncGenerator<ImportRow> {
  const broken: ImportRow[] = []
  const parser = parse({
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: importRowMax,
    skip_records_with_error: true,
    on_skip: (error) => {
      broken.push({ line: Number(error?.lines ?? 0), reason: 'is not readable as CSV' })
      return undefined
    },
  })
  // Errors of the source arrive through the parser, which is what is read below.
  pipeline(Readable.from(text), parser, () => undefined)
  let header: readonly string[] | undefined
  for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: Info }>) {
    yield* broken.splice(0)
    if (header === undefined) header = checkHeader(record)
    else yield csvRow(header, record, info.lines)
  }
  yield* broken.splice(0)
  if (header === undefined) {
    throw new Fault('bad_request', 'body: has no header row.', { field: 'body' })
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
