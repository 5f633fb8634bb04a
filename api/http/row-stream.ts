/**
 * Rows as a stream of bytes that is made only as fast as the client takes it, so that a million rows need no
 * more memory than a page. When the client goes away the source is ended and read no further.
 */

import { Readable } from 'node:stream'
import type { Timers } from '../../domain/ports.ts'
import { yieldTo } from '../../runtime/async/yield.ts'

const chunkCharacters = 65_536

export interface RowStreamOptions<Row> {
  pages: AsyncIterable<readonly Row[]>
  header: string
  line: (row: Row) => string
  /** Rows at most. */
  limit: number
  timers: Pick<Timers, 'soon'>
}

export function rowStream<Row>(options: RowStreamOptions<Row>): Readable {
  return Readable.from(chunks(options), { objectMode: false, highWaterMark: chunkCharacters })
}

async function* chunks<Row>(options: RowStreamOptions<Row>): AsyncGenerator<Buffer> {
  const { pages, header, line, limit, timers } = options
  let text = header
  let rows = 0
  for await (const page of pages) {
    for (const row of page) {
      if (rows === limit) break
      rows += 1
      text += line(row)
      if (text.length >= chunkCharacters) {
        yield Buffer.from(text, 'utf8')
        text = ''
      }
    }
    if (rows === limit) break
    await yieldTo(timers)
  }
  if (text !== '') yield Buffer.from(text, 'utf8')
}
