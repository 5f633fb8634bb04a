/**
 * Sends one message to one endpoint and tells what came of it. It never throws for what an endpoint does:
 * whatever happens is the answer. No redirect is followed; little of the answer is read.
 */

import { lookup as systemLookup } from 'node:dns/promises'
import { Agent, type Dispatcher } from 'undici'
import type { Timers } from '../../domain/ports.ts'
import { type AllowList, checkTarget } from '../../domain/webhook-target.ts'
import { guardedConnector, type Resolve } from './connect.ts'
import { signatureOf } from './sign.ts'

export type { Resolve }

const answerBytesRead = 65_536
const answerBytesKept = 256
/** The status is the answer; its body is only for the record, so it does not hold the slot for long. */
const bodyMsMax = 1_000

export interface Message {
  url: string
  /** `whsec_…` */
  secret: string
  /** The same on every attempt. */
  id: string
  body: string
  /** Milliseconds since 1970 UTC. */
  now: number
}

export interface Answer {
  status: number | null
  /** First bytes of the answer, or what went wrong. */
  answer: string
  retryAfter: string | undefined
}

export interface Sender {
  send(message: Message): Promise<Answer>
  /** Cuts off what is under way. */
  close(): Promise<void>
}

export interface SenderOptions {
  allow: AllowList
  /** From the start of the attempt, connecting included, to the status of the answer. */
  timeoutMs: number
  timers: Timers
  resolve?: Resolve | undefined
}

export function createSender(options: SenderOptions): Sender {
  const { allow, timeoutMs, timers } = options
  const resolve = options.resolve ?? ((name) => systemLookup(name, { all: true }))
  const agent = new Agent({
    connect: guardedConnector({ allow, resolve, timeoutMs }),
    // One request at a time on a connection, as many connections as there are slots in the notifier.
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
  })

  async function post(message: Message, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const url = new URL(message.url)
    const { id, body } = message
    const timestampSeconds = Math.floor(message.now / 1_000)
    return agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Bellwether',
        'webhook-id': id,
        'webhook-timestamp': String(timestampSeconds),
        'webhook-signature': signatureOf(message.secret, { id, timestampSeconds, body }),
      },
      body,
      signal,
    })
  }

  return {
    async send(message) {
      const refusal = checkTarget(message.url, allow)
      if (refusal !== null) return failure(`The endpoint's URL ${refusal}.`)
      const abort = new AbortController()
      let cancel = timers.after(timeoutMs, () => abort.abort())
      try {
        const response = await post(message, abort.signal)
        cancel()
        cancel = timers.after(Math.min(bodyMsMax, timeoutMs), () => abort.abort())
        const answer = await firstBytes(response.body)
        const header = response.headers['retry-after']
        const retryAfter = Array.isArray(header) ? header[0] : header
        return { status: response.statusCode, answer, retryAfter }
      } catch (error) {
        if (abort.signal.aborted) return failure(`There was no answer within ${timeoutMs} ms.`)
        return failure(describe(error))
      } finally {
        cancel()
      }
    },
    close: () => agent.destroy(),
  }
}

function failure(answer: string): Answer {
  return { status: null, answer: answer.slice(0, answerBytesKept), retryAfter: undefined }
}

/** Reads no more than is worth it; a body that breaks off or dribbles does not change the status. */
async function firstBytes(body: AsyncIterable<Uint8Array>): Promise<string> {
  const kept: Uint8Array[] = []
  let read = 0
  try {
    for await (const chunk of body) {
      if (read < answerBytesKept) kept.push(chunk.subarray(0, answerBytesKept - read))
      read += chunk.byteLength
      if (read >= answerBytesRead) break
    }
  } catch {
    // The status has come; what came of the body is kept and the rest is not worth a retry.
  }
  return Buffer.concat(kept).toString('utf8')
}

/** Node names the cause of a failed connection in different places. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = (error as NodeJS.ErrnoException).code
  const text = error.message === '' ? (code ?? error.name) : error.message
  return code !== undefined && !text.includes(code) ? `${text} (${code})` : text
}
