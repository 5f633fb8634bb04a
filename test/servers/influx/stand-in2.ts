/**
 * Where no InfluxDB 2 can be had: a server that speaks as 2.9 does (sign-in by token or v1 login, organisations, buckets,
 * statuses and bodies as its API reference and sources give them) and keeps its data in an InfluxDB 1 behind it. It shows
 * that we understand the answers of 2.x; whether 2.x gives them, only 2.x shows.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { gunzipSync } from 'node:zlib'
import { type Influxd, startInfluxd1 } from './influxd.ts'

export interface StandIn2 extends Influxd {
  token: string
  org: string
  /** v1 logins: `user:password` → the bucket that it may read and write; '' for none. */
  logins: Map<string, string>
  /** Tokens beside the one that may everything → the bucket that it may read and write. */
  tokens: Map<string, string>
  /** Seconds that a bucket keeps; 0 forever. */
  keep(bucket: string, seconds: number): Promise<void>
  /** The lines of requests, in order. */
  asked: string[]
}

interface Bucket {
  id: string
  name: string
  seconds: number
}

const token = 'operator-token-0123456789'
const org = 'bellwether'
const orgID = '00c0ffee00c0ffee'

type Answer = [status: number, body?: unknown]

const unauthorized: Answer = [401, { code: 'unauthorized', message: 'unauthorized access' }]

export async function startStandIn2(influxd1: string): Promise<StandIn2> {
  const behind = await startInfluxd1(influxd1)
  const buckets = new Map<string, Bucket>()
  const logins: StandIn2['logins'] = new Map()
  const tokens: StandIn2['tokens'] = new Map()
  const asked: string[] = []

  /** The bucket that may be used, `true` for all, undefined for nobody. */
  function rightsOf(authorization: string | undefined): string | true | undefined {
    const [scheme, text = ''] = (authorization ?? '').split(' ')
    if (scheme === 'Basic') return logins.get(Buffer.from(text, 'base64').toString())
    if (scheme !== 'Token') return undefined
    return text === token ? true : tokens.get(text)
  }

  async function influxql(statement: string): Promise<void> {
    const answer = await fetch(`${behind.url}/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `q=${encodeURIComponent(statement)}`,
    })
    const text = await answer.text()
    if (text.includes('"error"')) throw new Error(text)
  }

  async function keep(name: string, seconds: number): Promise<void> {
    const bucket = buckets.get(name)
    if (bucket === undefined) throw new Error(`There is no bucket ${name}.`)
    bucket.seconds = seconds
    const duration = seconds === 0 ? 'INF' : `${seconds}s SHARD DURATION 1h`
    await influxql(`ALTER RETENTION POLICY "autogen" ON "${name}" DURATION ${duration}`)
  }

  async function makeBucket(name: string, rights: string | true): Promise<Answer> {
    if (buckets.has(name)) {
      return [422, { code: 'conflict', message: `bucket with name ${name} already exists` }]
    }
    if (rights !== true) {
      const message = `write:orgs/${orgID}/buckets is unauthorized`
      return [401, { code: 'unauthorized', message }]
    }
    const id = (0xb0c0e70000000000n + BigInt(buckets.size)).toString(16)
    buckets.set(name, { id, name, seconds: 0 })
    await influxql(`CREATE DATABASE "${name}"`)
    return [201, described({ id, name, seconds: 0 })]
  }

  async function ofApi(
    { method = '', url, body }: Request,
    rights: string | true,
  ): Promise<Answer> {
    const wanted = url.searchParams.get('org')
    if (wanted !== null && wanted !== org) {
      return [404, { code: 'not found', message: `organization name "${wanted}" not found` }]
    }
    if (url.pathname === '/api/v2/orgs') return [200, { orgs: [{ id: orgID, name: org }] }]
    if (method === 'POST') return makeBucket(String(Reflect.get(asObject(body), 'name')), rights)
    if (method === 'PATCH') {
      const id = url.pathname.split('/').at(-1)
      const bucket = [...buckets.values()].find((each) => each.id === id)
      if (bucket === undefined) return [404, { code: 'not found', message: 'bucket not found' }]
      const rules: unknown = Reflect.get(asObject(body), 'retentionRules')
      const [rule] = Array.isArray(rules) ? rules : []
      await keep(bucket.name, Number(rule?.everySeconds ?? 0))
      return [200, described(bucket)]
    }
    const name = url.searchParams.get('name') ?? ''
    const bucket = buckets.get(name)
    if (bucket === undefined || (rights !== true && rights !== name)) {
      return [404, { code: 'not found', message: `bucket "${name}" not found` }]
    }
    return [200, { buckets: [described(bucket)] }]
  }

  async function write({ url, body }: Request, rights: string | true): Promise<Answer> {
    const name = url.searchParams.get('db') ?? ''
    const bucket = buckets.get(name)
    if (bucket === undefined || (rights !== true && rights !== name)) {
      return [404, { code: 'not found', message: `bucket "${name}" not found` }]
    }
    const answer = await fetch(`${behind.url}${url.pathname}${url.search}`, {
      method: 'POST',
      body,
    })
    if (answer.status === 204) return [204]
    const { error = '' } = (await answer.json()) as { error?: string }
    if (!error.startsWith('partial write'))
      return [answer.status, { code: 'invalid', message: error }]
    if (error.includes('unable to parse')) return [400, { code: 'invalid', message: error }]
    const message = `failure writing points to database: ${inWordsOf2(error, bucket)}`
    return [422, { code: 'unprocessable entity', message }]
  }

  async function query({ url, body, method }: Request, rights: string | true): Promise<Answer> {
    const name = url.searchParams.get('db') ?? ''
    if (rights !== true && rights !== name) {
      return [200, { results: [{ statement_id: 0, error: `database not found: ${name}` }] }]
    }
    const answer = await fetch(`${behind.url}${url.pathname}${url.search}`, {
      method: method ?? 'GET',
      ...(method === 'POST'
        ? { body, headers: { 'content-type': 'application/x-www-form-urlencoded' } }
        : {}),
    })
    const text = await answer.text()
    try {
      JSON.parse(text)
      // Letter by letter: −0 is another number than 0.
      return [answer.status, text]
    } catch {
      return [200, { error: 'json: unsupported value: +Inf' }] // What 1.x says in no JSON.
    }
  }

  async function answerTo(request: Request): Promise<Answer> {
    const { pathname } = request.url
    if (pathname === '/ping') return [204]
    if (pathname === '/health')
      return [200, { name: 'influxdb', status: 'pass', version: 'v2.9.1' }]
    const rights = rightsOf(request.authorization)
    if (rights === undefined) return unauthorized
    if (pathname.startsWith('/api/v2/')) return ofApi(request, rights)
    if (pathname === '/write') return write(request, rights)
    if (pathname === '/query') return query(request, rights)
    return [404, { code: 'not found', message: 'path not found' }]
  }

  async function handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await bytesOf(message)
    const isZipped = message.headers['content-encoding'] === 'gzip'
    asked.push(`${message.method} ${message.url}`)
    const [status, body] = await answerTo({
      method: message.method,
      url: new URL(message.url ?? '/', 'http://stand-in'),
      authorization: message.headers.authorization,
      body: (isZipped ? gunzipSync(raw) : raw).toString(),
    })
    response.writeHead(status, {
      'x-influxdb-build': 'OSS',
      'x-influxdb-version': 'v2.9.1',
      ...(body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
    })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }

  const server = createServer((message, response) => {
    handle(message, response).catch(() => message.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    headers: { authorization: `Token ${token}` },
    ...{ token, org, logins, tokens, keep, asked },
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
      await behind.stop()
    },
  }
}

interface Request {
  method: string | undefined
  url: URL
  authorization: string | undefined
  body: string
}

function described({ id, name, seconds }: Bucket) {
  const rules =
    seconds === 0
      ? []
      : [{ type: 'expire', everySeconds: seconds, shardGroupDurationSeconds: 3_600 }]
  return { id, orgID, type: 'user', name, retentionRules: rules }
}

/** 2.7 and later name the retention and the oldest and newest point. */
function inWordsOf2(error: string, { seconds, name }: Bucket): string {
  const dropped = /points beyond retention policy dropped=(\d+)/.exec(error)?.[1]
  if (dropped === undefined) return error
  const bound = new Date(Date.now() - seconds * 1_000).toISOString()
  const point = (which: string) =>
    `${which} point air,device=${'d'.repeat(300)} at ${bound} dropped because it violates a Retention Policy Lower Bound at ${bound}`
  return `partial write: dropped ${dropped} points outside retention policy of duration ${Math.floor(seconds / 3_600)}h0m0s - ${point('oldest')}, ${point('newest')} dropped=${dropped} for database: ${name} for retention policy: autogen`
}

function asObject(text: string): object {
  const body: unknown = JSON.parse(text)
  return typeof body === 'object' && body !== null ? body : {}
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
