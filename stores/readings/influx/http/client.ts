/**
 * The only file that loads the InfluxDB client. Only its transport is used: its write buffer loses batches quietly,
 * reads `Retry-After` as milliseconds and takes a partial write for success.
 *
 * A request ends with the whole answer of the server, whatever its status, or with `Fault` `store_unavailable`.
 */

import { Agent } from 'node:http'
import { Agent as TlsAgent } from 'node:https'
import { HttpError, InfluxDB } from '@influxdata/influxdb-client'
import { Fault } from '../../../../domain/errors.ts'
import type { Timers } from '../../../../domain/ports.ts'

export interface ServerOptions {
  url: string
  /** 2.x and 3.x. */
  token?: string | undefined
  /** 1.x, and users of 2.x made with `influx v1 auth create`. */
  username?: string | undefined
  password?: string | undefined
  /** For one request, its answer included; 30 s. */
  timeoutMs?: number
  /** Compress what is sent and answered; by default unless the server is on this machine. */
  compress?: boolean
}

export interface InfluxRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH'
  path: string
  body?: string
  contentType?: string
  /** What is asked for, and how the answer is read; JSON. */
  accept?: 'application/json' | 'text/plain'
  /** The body may be sent compressed; InfluxDB does not expect that of questions. */
  mayCompress?: boolean
}

export interface InfluxAnswer {
  status: number
  /** Parsed when it is JSON, else text. */
  body: unknown
  header(name: string): string | undefined
}

export interface InfluxClient {
  request(request: InfluxRequest): Promise<InfluxAnswer>
  /** Ends what is under way. */
  close(): void
}

const timeoutDefaultMs = 30_000
/** Shorter texts gain nothing. */
const compressFromBytes = 1_000
const connectionsMax = 8

export function createInfluxClient(server: ServerOptions, timers: Timers): InfluxClient {
  const url = new URL(server.url)
  const options = { keepAlive: true, maxSockets: connectionsMax }
  const agent = url.protocol === 'https:' ? new TlsAgent(options) : new Agent(options)
  const timeoutMs = server.timeoutMs ?? timeoutDefaultMs
  const compress = server.compress ?? !isLoopback(url.hostname)
  const { transport } = new InfluxDB({
    url: server.url,
    timeout: timeoutMs,
    transportOptions: { agent },
  })
  const authorization = authorizationOf(server)
  const underWay = new Set<AbortController>()

  async function send(request: InfluxRequest, abort: AbortController): Promise<InfluxAnswer> {
    let status = 0
    let headers: Headers = {}
    const { method, path, body = '', contentType, mayCompress = false } = request
    const { accept = 'application/json' } = request
    try {
      const answered: unknown = await transport.request(
        path,
        body,
        {
          method,
          signal: abort.signal,
          headers: {
            accept,
            ...(compress ? { 'accept-encoding': 'gzip' } : {}),
            ...(authorization === undefined ? {} : { authorization }),
            ...(contentType === undefined ? {} : { 'content-type': contentType }),
          },
          ...(compress && mayCompress ? { gzipThreshold: compressFromBytes } : {}),
        },
        (answerHeaders, code) => {
          headers = answerHeaders
          status = code ?? 0
        },
      )
      return { status, body: answered, header: headerOf(headers) }
    } catch (error) {
      if (error instanceof HttpError) {
        const { statusCode, body: text = '', json } = error
        return { status: statusCode, body: json ?? asJson(text), header: headerOf(headers) }
      }
      // JSON that is none, such as InfluxDB 1 writes when a sum is infinite.
      if (error instanceof SyntaxError) return { status, body: '', header: headerOf(headers) }
      throw error
    }
  }

  return {
    async request(request) {
      const abort = new AbortController()
      let timedOut = false
      const cancel = timers.after(timeoutMs, () => {
        timedOut = true
        abort.abort()
      })
      underWay.add(abort)
      try {
        return await send(request, abort)
      } catch (error) {
        // The transport leaves a request that it gave up on the wire.
        abort.abort()
        const why = timedOut ? `no answer within ${timeoutMs} ms` : messageOf(error)
        throw new Fault('store_unavailable', `InfluxDB at ${url.origin}: ${why}`, { cause: error })
      } finally {
        cancel()
        underWay.delete(abort)
      }
    },
    close() {
      for (const abort of underWay) abort.abort()
      agent.destroy()
    },
  }
}

/** True when it was the world: nothing is known of what was asked, and asking again may help. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof Fault && error.code === 'store_unavailable' && error.cause !== undefined
}

type Headers = Record<string, string | string[] | undefined>

function headerOf(headers: Headers): InfluxAnswer['header'] {
  return (name) => {
    const value = headers[name]
    return Array.isArray(value) ? value[0] : value
  }
}

function authorizationOf({ token, username, password }: ServerOptions): string | undefined {
  if (token !== undefined) return `Token ${token}`
  if (username === undefined) return undefined
  return `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
}

/** 3.x sends JSON without saying so. */
function asJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text // It is no JSON; then the text is what was said.
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  // A failed connection to several addresses has an empty message.
  return error.message || (cause instanceof Error ? cause.message : error.name)
}
