/**
 * One reader of server-sent events (WHATWG HTML §9.2), who may be slow.
 *
 * What is written and not yet taken is bounded: while the connection does not drain, readings wait in a short
 * queue whose oldest fall out (a `dropped` event tells how many), and alerts are not queued at all: they are
 * read from the alert log again, from the place this reader has reached, so none is ever left out.
 */

import type { ServerResponse } from 'node:http'
import type { AlertChange } from '../../domain/alert.ts'
import type { Reading } from '../../domain/reading.ts'
import { alertChangeJson } from '../json-forms.ts'

const readingsQueuedMax = 10_000
const readingsPerWrite = 500
const alertsPerRead = 100

export interface EventClientParts {
  response: ServerResponse
  /** Place in the alert log after which this reader wants to know. */
  alertPosition: number
  renderReading: (reading: Reading) => string
  wantsAlert: (change: AlertChange) => boolean
  changesAfter: (
    position: number,
    limit: number,
  ) => Promise<readonly { position: number; change: AlertChange }[]>
  /** Told of readings that fell out. */
  onDropped: (count: number) => void
}

export interface EventClient {
  /** Queues readings this reader wants. */
  offer(readings: readonly Reading[]): void
  /** Says that readings were missed that nobody can name. */
  missed(): void
  /** Writes all alerts up to the head of the log, as far as the reader takes them. */
  pumpAlerts(head: number): Promise<void>
  /** An event that may be lost, or a comment; nothing while the reader is slow. */
  say(text: string): void
  readonly blocked: boolean
}

export function eventText(event: string, data: unknown, id?: number): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`
}

export function createEventClient(parts: EventClientParts): EventClient {
  const { response, renderReading, wantsAlert, changesAfter, onDropped } = parts
  const queue: Reading[] = []
  let position = parts.alertPosition
  let head = position
  let dropped = 0
  let blocked = false
  let pumping: Promise<void> | undefined

  response.on('drain', () => {
    blocked = false
    flush()
    if (position < head) pumpAlerts(head).catch((error: Error) => response.destroy(error))
  })

  function write(text: string): void {
    if (!response.write(text)) blocked = true
  }

  function flush(): void {
    if (dropped > 0 && !blocked) {
      write(eventText('dropped', { readings: dropped }))
      dropped = 0
    }
    while (queue.length > 0 && !blocked) {
      write(queue.splice(0, readingsPerWrite).map(renderReading).join(''))
    }
  }

  async function pump(): Promise<void> {
    while (position < head && !blocked && !response.destroyed) {
      const page = await changesAfter(position, alertsPerRead)
      for (const entry of page) {
        if (blocked) return
        if (wantsAlert(entry.change)) write(alertText(entry))
        position = entry.position
      }
      if (page.length === 0) position = head
    }
  }

  async function pumpAlerts(newHead: number): Promise<void> {
    head = Math.max(head, newHead)
    pumping ??= pump().finally(() => {
      pumping = undefined
    })
    await pumping
  }

  return {
    offer(readings) {
      for (const reading of readings) queue.push(reading)
      const excess = queue.length - readingsQueuedMax
      if (excess > 0 && blocked) {
        queue.splice(0, excess)
        dropped += excess
        onDropped(excess)
      }
      flush()
    },
    missed() {
      if (!blocked) write(eventText('dropped', { readings: null }))
    },
    pumpAlerts,
    say(text) {
      if (!blocked) write(text)
    },
    get blocked() {
      return blocked
    },
  }
}

function alertText({ position, change }: { position: number; change: AlertChange }): string {
  return eventText('alert', { ...alertChangeJson(change), alert: change.view }, position)
}
