/**
 * The embedded readings store on SQLite: one file, one writer, any number of readers in other threads or
 * processes. Layout, figures and limits are in docs/decisions/002-embedded-readings.md.
 */

import type { ReadingsReader, ReadingsWriter } from './readings.ts'
import { openReader } from './sqlite/reader.ts'
import { openWriter, type WriterOptions } from './sqlite/writer.ts'

/** `keepDays` 0 keeps readings forever. Throws `Fault` `store_too_new` or `store_unavailable`. */
export function openReadingsWriter(options: WriterOptions): ReadingsWriter {
  return openWriter(options)
}

/** May be opened before the writer ever ran. Throws as the writer does. */
export function openReadingsReader({ path }: { path: string }): ReadingsReader {
  return openReader(path)
}
