/**
 * A look into the readings store for parts that seldom need one: what a series has said before we began to
 * listen. A reader keeps a good deal in memory, so it is opened when asked and closed after a while unused.
 */

import type { Timers } from '../../domain/ports.ts'
import type { ReadingsReader } from './readings.ts'

export type Past = Pick<ReadingsReader, 'range' | 'aggregate'>

export interface PastParts {
  open(): ReadingsReader
  timers: Timers
  /** Closed after so long without a question. */
  idleMs: number
}

export function createPast({
  open,
  timers,
  idleMs,
}: PastParts): Past & Pick<ReadingsReader, 'progress'> & { close(): Promise<void> } {
  let reader: ReadingsReader | undefined
  let asking = 0
  let cancel: (() => void) | undefined

  async function close(): Promise<void> {
    cancel?.()
    const idle = reader
    reader = undefined
    await idle?.close()
  }

  function hold(): ReadingsReader {
    cancel?.()
    reader ??= open()
    asking += 1
    return reader
  }

  function release(): void {
    asking -= 1
    if (asking > 0) return
    cancel = timers.after(idleMs, () => {
      void close()
    })
  }

  async function* ask<Row>(
    question: (reader: ReadingsReader) => AsyncIterable<Row> | Iterable<Row>,
  ): AsyncGenerator<Row> {
    const held = hold()
    try {
      yield* question(held)
    } finally {
      release()
    }
  }

  return {
    range: (query) => ask((reader) => reader.range(query)),
    aggregate: (query) => ask((reader) => reader.aggregate(query)),
    async progress() {
      const held = hold()
      try {
        return await held.progress()
      } finally {
        release()
      }
    },
    close,
  }
}
