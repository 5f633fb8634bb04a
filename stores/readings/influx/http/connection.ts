/**
 * Writing lines and asking questions, with the database's name and the waits that the server asks for.
 * `/write` and `/query` are there in all versions.
 */

import { Fault } from '../../../../domain/errors.ts'
import type { Ports } from '../../../../domain/ports.ts'
import { type Account, nextStep } from './access.ts'
import {
  createInfluxClient,
  type InfluxAnswer,
  type InfluxClient,
  type InfluxRequest,
  type ServerOptions,
} from './client.ts'
import { isBusy, type Outcome, outcomeOf, reasonOf } from '../write/outcome.ts'
import { versionOf } from './version.ts'

export interface ConnectionOptions extends ServerOptions {
  /** Database of 1.x and 3.x, bucket of 2.x. */
  bucket: string
  /** Of 2.x; needed only to make the bucket. */
  org?: string | undefined
  ports: Pick<Ports, 'clock' | 'timers' | 'log'>
}

/** Rows of one measurement and one group of tags. */
export interface Rows {
  tags: Readonly<Record<string, string | null>>
  columns: readonly string[]
  values: readonly (readonly (number | string | null)[])[]
}

/** Servers and proxies take 8,000 bytes and more in a head. */
const urlTextMax = 2_000

/** InfluxDB 1 calls an answer with more rows of one series partial although it is whole. */
export const rowsOfSeriesMax = 10_000

export interface Connection {
  client: InfluxClient
  /** Times in milliseconds, or in the unit given. */
  write(lines: string, precision?: 'ms' | 'ns'): Promise<Outcome>
  /** One statement; times are milliseconds. `undefined`: the server could not write its numbers down as JSON. */
  ask(statement: string): Promise<readonly Rows[] | undefined>
  close(): void
}

export function createConnection(options: ConnectionOptions): Connection {
  const { bucket, ports } = options
  const client = createInfluxClient(options, ports.timers)
  const writePath = `/write?db=${encodeURIComponent(bucket)}`
  const queryPath = `/query?db=${encodeURIComponent(bucket)}&epoch=ms`
  /** What changes something must be sent, and a long text, such as of many devices, does not fit into a URL everywhere. */
  function questionOf(statement: string): InfluxRequest {
    const text = encodeURIComponent(statement)
    const isShort = statement.startsWith('SELECT ') && text.length <= urlTextMax
    if (isShort) return { method: 'GET', path: `${queryPath}&q=${text}` }
    const contentType = 'application/x-www-form-urlencoded'
    return { method: 'POST', path: queryPath, body: `q=${text}`, contentType }
  }
  let waitUntil = Number.NEGATIVE_INFINITY
  let waitReason = ''

  return {
    client,
    async write(lines, precision = 'ms') {
      const waitMs = waitUntil - ports.clock.monotonic()
      if (waitMs > 0) return { kind: 'wait', reason: waitReason, retryAfterMs: waitMs }
      const answer = await client.request({
        method: 'POST',
        path: `${writePath}&precision=${precision}`,
        body: lines,
        contentType: 'text/plain; charset=utf-8',
        mayCompress: true,
      })
      const outcome = outcomeOf(answer, ports.clock.now())
      if (outcome.kind === 'alarm') return { ...outcome, reason: deniedText(answer, options) }
      if (outcome.kind === 'wait' && outcome.retryAfterMs > 0) {
        waitUntil = ports.clock.monotonic() + outcome.retryAfterMs
        waitReason = outcome.reason
      }
      return outcome
    },
    async ask(statement) {
      const answer = await client.request(questionOf(statement))
      if (isNumberless(answer)) return undefined
      if (isBusy(answer.status)) {
        const cause = new Error(reasonOf(answer))
        throw new Fault('store_unavailable', `InfluxDB cannot answer: ${cause.message}`, { cause })
      }
      if (answer.status !== 200) {
        const why = deniedText(answer, options)
        throw new Fault('store_unavailable', `InfluxDB refused a query: ${why}`)
      }
      const error = errorOf(answer.body)
      if (error !== undefined) {
        const why = withNextStep(answer, error, options)
        throw new Fault('store_unavailable', `InfluxDB could not answer a query: ${why}`)
      }
      return answer.body === '' ? undefined : rowsOf(answer.body)
    },
    close: () => client.close(),
  }
}

/** What was answered, and what to do about it where that is known. */
export function deniedText(answer: InfluxAnswer, account: Account): string {
  return withNextStep(answer, reasonOf(answer), account)
}

function withNextStep(answer: InfluxAnswer, told: string, account: Account): string {
  const version = versionOf(answer.header('x-influxdb-version') ?? '')
  // In a 200 that is said of a statement.
  const status = /^(\d+ )?database not found/.test(told) ? 404 : answer.status
  const step = nextStep({ status, told, generation: version?.generation }, account)
  return step === '' ? told : `${told}. ${step}`
}

/** A number is infinite: 1.x then sends something that is no JSON, 2.x an error, with 200. */
function isNumberless({ body }: InfluxAnswer): boolean {
  const told = typeof body === 'string' ? body : errorOf(body)
  return told !== undefined && /unsupported value: ([+-]?Inf|NaN)/.test(told)
}

function rowsOf(body: unknown): readonly Rows[] {
  const result = resultOf(body)
  const series: unknown = propertyOf(result, 'series') ?? []
  if (!Array.isArray(series)) throw new Fault('store_unavailable', 'InfluxDB sent no rows.')
  return series.map((each): Rows => {
    if (propertyOf(each, 'partial') === true) {
      throw new Fault(
        'store_unavailable',
        'InfluxDB cut an answer short: set max-row-limit to 0 in its configuration.',
      )
    }
    const { tags = {}, columns = [], values = [] } = each as Partial<Rows>
    return { tags, columns, values }
  })
}

function resultOf(body: unknown): unknown {
  const results = propertyOf(body, 'results')
  return Array.isArray(results) ? results[0] : undefined
}

/** Errors of a statement come inside a 200. */
function errorOf(body: unknown): string | undefined {
  const error =
    propertyOf(resultOf(body), 'error') ?? propertyOf(body, 'error') ?? propertyOf(body, 'message')
  return error === undefined ? undefined : String(error)
}

function propertyOf(body: unknown, key: string): unknown {
  return typeof body === 'object' && body !== null ? Reflect.get(body, key) : undefined
}
