/**
 * Finds out which InfluxDB it is and sees that the database is there: makes it if the account may, else says which
 * command an administrator should run.
 */

import { Fault } from '../../../../domain/errors.ts'
import { boardTags } from '../../board-points.ts'
import {
  type InfluxAnswer,
  type InfluxClient,
  type InfluxRequest,
  isUnreachable,
} from './client.ts'
import { bucketCommand, isOfRights } from './access.ts'
import { type Connection, deniedText } from './connection.ts'
import { nameText } from './influxql.ts'
import { measurements, rollUpName, spans, tagNames } from '../layout.ts'
import { isBusy, reasonOf } from '../write/outcome.ts'
import { shellText } from './shell-text.ts'
import { type ServerVersion, versionNamed } from './version.ts'

export interface Target {
  bucket: string
  org?: string | undefined
  token?: string | undefined
}

export async function findVersion(client: InfluxClient): Promise<ServerVersion> {
  const answers: InfluxAnswer[] = []
  for (const path of ['/ping', '/health']) {
    const answer = await askServer(client, { method: 'GET', path })
    const version = versionNamed(answer.header('x-influxdb-version'), answer.body)
    if (version !== undefined) return version
    answers.push(answer)
  }
  const told = answers.map(reasonOf).join('; ')
  throw new Fault('store_unavailable', `What answers there is no InfluxDB that we know: ${told}`)
}

/** Throws `Fault` `store_unavailable` with the command when the database is missing and cannot be made. */
export async function prepareDatabase(
  connection: Connection,
  target: Target,
  version: ServerVersion,
): Promise<void> {
  if (version.generation === 1) await prepareDatabase1(connection, target)
  else if (version.generation === 2) await prepareBucket(connection.client, target)
  else await prepareDatabase3(connection.client, target)
}

async function prepareDatabase1(connection: Connection, { bucket }: Target): Promise<void> {
  const command = `influx -execute ${shellText(`CREATE DATABASE ${nameText(bucket)}`)}`
  const [databases] = (await connection.ask('SHOW DATABASES')) ?? []
  if (databases?.values.some(([name]) => name === bucket)) return
  try {
    await connection.ask(`CREATE DATABASE ${nameText(bucket)}`)
  } catch (error) {
    if (isUnreachable(error)) throw error
    throw missing(bucket, command, error)
  }
}

async function prepareBucket(client: InfluxClient, target: Target): Promise<void> {
  // Users of the old kind cannot ask for buckets; if theirs is missing, the first write tells.
  if (target.token === undefined) return
  if ((await findBucket(client, target)) !== undefined) return
  const { bucket, org } = target
  const command = bucketCommand(target)
  const inOrg = org ? `?org=${encodeURIComponent(org)}` : ''
  const orgs = await askServer(client, { method: 'GET', path: `/api/v2/orgs${inOrg}` })
  const [first] = listOf(orgs.body, 'orgs')
  if (isDenied(orgs)) throw denied(orgs, target)
  if (first === undefined) throw missing(bucket, command, reasonOf(orgs))
  const made = await sendJson(client, 'POST', '/api/v2/buckets', {
    orgID: textOf(first, 'id'),
    name: bucket,
    retentionRules: [],
  })
  // The alerts role or the boards may have made it at the same moment.
  if (!isThere(made)) throw missing(bucket, command, reasonOf(made))
}

/** The token or the organisation is refused, whatever the bucket. */
function isDenied(answer: InfluxAnswer): boolean {
  const isUnknown =
    answer.status === 401 && !isOfRights({ status: answer.status, told: reasonOf(answer) })
  return isUnknown || isOfOrg(answer)
}

function isOfOrg(answer: InfluxAnswer): boolean {
  return /organi[sz]ation.*not found/i.test(reasonOf(answer))
}

function denied(answer: InfluxAnswer, target: Target): Fault {
  return new Fault('store_unavailable', `InfluxDB refuses us: ${deniedText(answer, target)}`)
}

/** The bucket as 2.x describes it, or undefined when it is not there or not to be seen. */
export async function findBucket(
  client: InfluxClient,
  { bucket, org, token }: Target,
): Promise<object | undefined> {
  const inOrg = org ? `&org=${encodeURIComponent(org)}` : ''
  const path = `/api/v2/buckets?name=${encodeURIComponent(bucket)}${inOrg}`
  const answer = await askServer(client, { method: 'GET', path })
  if (isDenied(answer)) throw denied(answer, { bucket, org, token })
  return answer.status === 200 ? listOf(answer.body, 'buckets')[0] : undefined
}

/**
 * 3.x makes database and tables with the first write, but a table keeps the tags that it begins with: a device without
 * a site that comes first would shut out `site` for good.
 */
async function prepareDatabase3(client: InfluxClient, target: Target): Promise<void> {
  const { bucket } = target
  const path = '/api/v3/configure'
  const made = await sendJson(client, 'POST', `${path}/database`, { db: bucket })
  if (made.status === 401) throw denied(made, target)
  if (!isThere(made)) {
    throw missing(bucket, `influxdb3 create database ${shellText(bucket)}`, reasonOf(made))
  }
  for (const [table, tags] of tables()) {
    const answer = await sendJson(client, 'POST', `${path}/table`, {
      db: bucket,
      table,
      tags,
      fields: [],
    })
    if (isThere(answer)) continue
    const command = `influxdb3 create table --database ${shellText(bucket)} --tags ${tags.join(',')} ${table}`
    throw missing(`${bucket}, table ${table}`, command, reasonOf(answer))
  }
}

function tables(): [table: string, tags: readonly string[]][] {
  return [
    ...measurements
      .flatMap((name) => [name, ...spans.map((span) => rollUpName(name, span))])
      .map((table): [string, readonly string[]] => [table, tagNames]),
    ...Object.entries(boardTags).filter(([, tags]) => tags.length > 0),
  ]
}

const conflict = 409

/** 2.x answers 422 when another one was quicker, 3.x 400 or 409. */
function isThere({ status, body }: InfluxAnswer): boolean {
  const exists = (status === 400 || status === 422) && /already exists/i.test(JSON.stringify(body))
  return status === 200 || status === 201 || status === conflict || exists
}

export function sendJson(
  client: InfluxClient,
  method: 'POST' | 'PUT' | 'PATCH',
  path: string,
  body: object,
): Promise<InfluxAnswer> {
  const contentType = 'application/json'
  return askServer(client, { method, path, body: JSON.stringify(body), contentType })
}

async function askServer(client: InfluxClient, request: InfluxRequest): Promise<InfluxAnswer> {
  const answer = await client.request(request)
  if (!isBusy(answer.status)) return answer
  const cause = new Error(reasonOf(answer))
  throw new Fault('store_unavailable', `InfluxDB cannot answer: ${cause.message}`, { cause })
}

function missing(what: string, command: string, cause: unknown): Fault {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new Fault(
    'store_unavailable',
    `InfluxDB has no ${what}, or it is hidden from this account, and making it failed (${why}). An administrator should run: ${command}`,
    { cause },
  )
}

function listOf(body: unknown, key: string): object[] {
  const list: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, key) : []
  return Array.isArray(list) ? list.filter((each) => typeof each === 'object') : []
}

export function textOf(body: object, key: string): string {
  return String(Reflect.get(body, key) ?? '')
}
