/**
 * An InfluxDB 2 with accounts: the program that BELLWETHER_TEST_INFLUXD2 names, else a stand-in over InfluxDB 1.
 */

import { findServer } from '../server.ts'
import { type Influxd, startInfluxd2 } from './influxd.ts'
import { startStandIn2 } from './stand-in2.ts'

export interface Server2 {
  server: Influxd & { token: string; org: string }
  makeBucket(name: string): Promise<void>
  /** Seconds that a bucket keeps. */
  keep(bucket: string, seconds: number): Promise<void>
  /** A v1 login that may read and write the bucket; with null it has no rights at all there. */
  addLogin(login: { username: string; password: string }, bucket: string | null): Promise<void>
  /** A token that may read and write the bucket and nothing else. */
  addToken(bucket: string): Promise<string>
}

export function findServer2(): { name: string; start(): Promise<Server2> } | undefined {
  const program = process.env.BELLWETHER_TEST_INFLUXD2
  if (program !== undefined) return { name: 'InfluxDB 2', start: () => startReal(program) }
  const first = findServer('influxd')
  if (first.by !== 'program') return undefined
  return { name: 'a stand-in of InfluxDB 2', start: () => startStandIn(first.path) }
}

async function startStandIn(influxd1: string): Promise<Server2> {
  const server = await startStandIn2(influxd1)
  return {
    server,
    keep: server.keep,
    makeBucket: (name) => call(server, 'POST', '/api/v2/buckets', { name }).then(() => undefined),
    async addLogin({ username, password }, bucket) {
      server.logins.set(`${username}:${password}`, bucket ?? '')
    },
    async addToken(bucket) {
      const made = `token-of-${bucket}`
      server.tokens.set(made, bucket)
      return made
    },
  }
}

async function startReal(program: string): Promise<Server2> {
  const started = await startInfluxd2(program)
  const { token = '', org = '' } = started
  const server = { ...started, token, org }
  const { orgs } = (await call(server, 'GET', `/api/v2/orgs?org=${org}`)) as { orgs: Named[] }
  const orgID = orgs[0]?.id ?? ''

  async function idOf(bucket: string): Promise<string> {
    const answer = await call(server, 'GET', `/api/v2/buckets?name=${encodeURIComponent(bucket)}`)
    return (answer as { buckets: Named[] }).buckets[0]?.id ?? ''
  }

  async function permissionsOn(bucket: string) {
    const resource = { type: 'buckets', id: await idOf(bucket), orgID }
    return ['read', 'write'].map((action) => ({ action, resource }))
  }

  return {
    server,
    async makeBucket(name) {
      await call(server, 'POST', '/api/v2/buckets', { orgID, name, retentionRules: [] })
    },
    async keep(bucket, seconds) {
      const retentionRules = [{ type: 'expire', everySeconds: seconds }]
      await call(server, 'PATCH', `/api/v2/buckets/${await idOf(bucket)}`, { retentionRules })
    },
    async addLogin({ username, password }, bucket) {
      const path = '/private/legacy/authorizations'
      const permissions = await permissionsOn(bucket ?? 'first')
      const body = { token: username, status: 'active', orgID, permissions }
      const { id } = (await call(server, 'POST', path, body)) as Named
      await call(server, 'POST', `${path}/${id}/password`, { password })
    },
    async addToken(bucket) {
      const permissions = await permissionsOn(bucket)
      const made = await call(server, 'POST', '/api/v2/authorizations', { orgID, permissions })
      return (made as { token: string }).token
    },
  }
}

interface Named {
  id: string
}

async function call(
  { url, headers }: Influxd,
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const answer = await fetch(url + path, {
    method,
    headers: { ...headers, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return text === '' ? undefined : JSON.parse(text)
}
