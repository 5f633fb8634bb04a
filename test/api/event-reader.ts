/** A reader of server-sent events over a real connection, which can stop reading. */

import { type IncomingMessage, request } from 'node:http'
import { tokens } from './city-api.ts'

export interface Told {
  event: string
  id: string | undefined
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events of every shape.
  data: any
}

export interface EventReader {
  status: number
  headers: IncomingMessage['headers']
  told: Told[]
  /** Id of the last event or comment that carried one. */
  lastId(): string | undefined
  ended: Promise<void>
  until(enough: (told: Told[]) => boolean): Promise<Told[]>
  /** Stops reading from the connection, so that the server's buffers fill. */
  pause(): void
  resume(): void
  close(): void
}

export function readEvents(
  port: number,
  query = '',
  headers: Record<string, string> = {},
): Promise<EventReader> {
  return new Promise((resolve, reject) => {
    const asked = request({
      port,
      host: '127.0.0.1',
      path: `/api/v1/events${query}`,
      headers: { authorization: `Bearer ${tokens.viewer}`, ...headers },
    })
    asked.once('error', reject)
    asked.once('response', (response) => {
      asked.off('error', reject)
      asked.on('error', () => undefined)
      resolve(reader(response, () => asked.destroy()))
    })
    asked.end()
  })
}

function reader(response: IncomingMessage, close: () => void): EventReader {
  const told: Told[] = []
  let rest = ''
  let lastId: string | undefined
  response.setEncoding('utf8')
  response.on('data', (text: string) => {
    const blocks = (rest + text).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = new Map(
        block
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      )
      const id = fields.get('id')
      if (id !== undefined) lastId = id
      const data = fields.get('data')
      if (data !== undefined) {
        told.push({ event: fields.get('event') ?? 'message', id, data: JSON.parse(data) })
      }
    }
  })
  const ended = new Promise<void>((resolve) => {
    response.once('close', () => resolve())
  })
  response.on('error', () => undefined)
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    told,
    lastId: () => lastId,
    ended,
    async until(enough) {
      for (let i = 0; i < 1_000 && !enough(told); i++) {
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      if (!enough(told)) throw new Error(`not told: ${JSON.stringify(told).slice(0, 1_000)}`)
      return told
    },
    pause() {
      response.pause()
    },
    resume() {
      response.resume()
    },
    close,
  }
}
