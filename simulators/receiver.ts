/**
 * A duty phone on this machine: takes webhooks, checks their signature and prints one line for each. It remembers
 * message ids, because a webhook may come more than once and duty staff must not be called twice.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Ports } from '../domain/ports.ts'
import { field, stringField } from './api-client.ts'
import { whyNotGenuine } from './signature.ts'

export interface ReceiverOptions {
  /** 0 takes a free port. Default 0. */
  port?: number
  ports: Pick<Ports, 'clock'>
  print: (line: string) => void
}

export interface Receiver {
  /** Where the server should send to. */
  readonly url: string
  /** Messages signed with this secret are genuine. */
  trust(secret: string): void
  /** How many genuine messages came, by type, without repeats. */
  readonly received: ReadonlyMap<string, number>
  close(): Promise<void>
}

const bodyBytesMax = 262_144
const rememberedMax = 10_000

export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const desk = dutyDesk(options)
  const server = createServer((request, response) => {
    desk.answer(request, response).catch((error: unknown) => {
      // The sender went away in the middle, or the body could not be read: it will send again.
      options.print(`a webhook could not be read: ${String(error)}`)
      response.destroy()
    })
  })
  server.requestTimeout = 15_000
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
  return {
    url: `http://127.0.0.1:${port}/duty`,
    received: desk.received,
    trust: desk.trust,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** What is behind the door: judges each request, and prints what is genuine and new. */
function dutyDesk({ ports, print }: ReceiverOptions) {
  const secrets = new Set<string>()
  const seen = new Set<string>()
  const received = new Map<string, number>()

  function whyRefused(request: IncomingMessage, body: Buffer): string | null {
    const message = {
      id: header(request, 'webhook-id'),
      timestamp: header(request, 'webhook-timestamp'),
      signature: header(request, 'webhook-signature'),
      body,
    }
    const nowMs = ports.clock.now()
    const doubts = [...secrets].map((secret) => whyNotGenuine(message, { secret, nowMs }))
    return doubts.includes(null) ? null : (doubts[0] ?? 'no secret is known yet')
  }

  function isNew(id: string): boolean {
    if (seen.has(id)) return false
    seen.add(id)
    const [oldest] = seen
    if (seen.size > rememberedMax && oldest !== undefined) seen.delete(oldest)
    return true
  }

  return {
    received,
    trust: (secret: string) => secrets.add(secret),
    async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
      const body = await bodyOf(request)
      if (request.method !== 'POST' || body === null) {
        response.writeHead(body === null ? 413 : 405).end()
        return
      }
      const refused = whyRefused(request, body)
      if (refused !== null) print(`a webhook was refused: ${refused}`)
      response.writeHead(refused === null ? 204 : 401).end()
      if (refused !== null || !isNew(header(request, 'webhook-id') ?? '')) return
      const event = parsed(body)
      const type = stringField(event, 'type') ?? 'unknown'
      received.set(type, (received.get(type) ?? 0) + 1)
      print(phoneLine(event))
    },
  }
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}

/** Null when the body is too large. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    const part = Buffer.from(chunk)
    bytes += part.length
    if (bytes > bodyBytesMax) return null
    chunks.push(part)
  }
  return Buffer.concat(chunks)
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    // Genuine by its signature and still no JSON: shown as an event of unknown type.
    return null
  }
}

const marks: Readonly<Record<string, string>> = {
  blue: '🔵',
  yellow: '🟡',
  orange: '🟠',
  red: '🔴',
}
const deeds: Readonly<Record<string, string>> = {
  'alert.raised': 'RAISED',
  'alert.escalated': 'ESCALATED',
  'alert.deescalated': 'DE-ESCALATED',
  'alert.acknowledged': 'ACKNOWLEDGED',
  'alert.stale': 'STALE',
  'alert.resumed': 'DATA AGAIN',
  'alert.resolved': 'RESOLVED',
}

/** One line as a duty phone would show it: time, colour, what happened, and the summary in both languages. */
export function phoneLine(event: unknown): string {
  const type = stringField(event, 'type') ?? 'unknown'
  const alert = field(field(event, 'data'), 'alert')
  const clock = (stringField(event, 'timestamp') ?? '').slice(11, 19)
  if (alert === undefined) return `☎ ${clock} ${type}`
  const level = stringField(alert, 'level') ?? ''
  const mark = type === 'alert.resolved' ? '🟢' : (marks[level] ?? '⚪')
  const deed = (deeds[type] ?? type).padEnd(12)
  const summary = field(alert, 'summary')
  return `☎ ${clock} ${mark} ${deed} ${stringField(summary, 'en') ?? level} | ${stringField(summary, 'zh') ?? ''}`
}
