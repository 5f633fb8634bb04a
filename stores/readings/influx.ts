/**
 * The readings store on InfluxDB 1.x, 2.x or 3.x Core, with a small file beside it for position, counts and the newest
 * readings. How, why and how fast is in docs/decisions/008-influxdb.md.
 */

import type {
  InfluxReaderOptions,
  InfluxReadingsWriter,
  InfluxWriterOptions,
} from './influx/options.ts'
import { openReader } from './influx/query/reader.ts'
import { openWriter } from './influx/write/writer.ts'
import type { ReadingsReader } from './readings.ts'

/** Opens at once; whether InfluxDB is there shows when it is needed. Throws `Fault` `store_too_new` or `store_unavailable`. */
export function openInfluxWriter(options: InfluxWriterOptions): InfluxReadingsWriter {
  return openWriter(options)
}

/** May be opened before the writer ever ran. Throws as the writer does. */
export function openInfluxReader(options: InfluxReaderOptions): ReadingsReader {
  return openReader(options)
}
