/**
 * Has InfluxDB drop what is older than readings are kept, if the account may; else says the command. Readers hide what
 * is older in any case. Nothing is set when `keepDays` is 0: what the operator has set stays.
 */

import type { Log } from '../../../../domain/ports.ts'
import { isUnreachable } from './client.ts'
import type { Connection } from './connection.ts'
import { nameText } from './influxql.ts'
import { reasonOf } from '../write/outcome.ts'
import { findBucket, sendJson, type Target, textOf } from './preparation.ts'
import { shellText } from './shell-text.ts'
import type { ServerVersion } from './version.ts'

/** Readings are hidden by whole days, so the last one may be almost a day older; and clocks differ. */
const marginDays = 2
const dayMs = 86_400_000
const longDays = 180

export interface RetentionParts {
  connection: Connection
  target: Target
  keepDays: number
  log: Log
}

/** `now` is our time: a server whose clock says something else would drop what is to be kept. */
export async function setRetention(
  { connection, target, keepDays, log }: RetentionParts,
  version: ServerVersion,
  now: number,
): Promise<void> {
  const date = await serverTime(connection)
  const days = keepDays + marginDays
  if (date === undefined || Math.abs(date - now) > dayMs) {
    log.warn(
      { server: date === undefined ? null : new Date(date).toISOString() },
      'The clock of InfluxDB differs from ours by more than a day, so no retention is set there.',
    )
    return
  }
  const { command, set } = waysOf(connection, target, days)[version.generation]
  const refused = await set()
  if (refused === undefined) return
  log.warn(
    { reason: refused, command },
    'InfluxDB could not be told how long to keep readings; older ones are hidden but stay on its disk. An administrator should run the command.',
  )
}

/** The clock of the server; undefined when it does not tell. */
export async function serverTime({ client }: Connection): Promise<number | undefined> {
  const answer = await client.request({ method: 'GET', path: '/ping' })
  const time = Date.parse(answer.header('date') ?? '')
  return Number.isNaN(time) ? undefined : time
}

interface Way {
  command: string
  /** Returns why not, if not. */
  set(): Promise<string | undefined>
}

function waysOf(connection: Connection, target: Target, days: number): Record<1 | 2 | 3, Way> {
  const { client } = connection
  const { bucket } = target
  const database = nameText(bucket)
  // Whole shards are dropped, and one may not be longer than what is kept; these are InfluxDB's own choices.
  const shard = days < longDays ? ' SHARD DURATION 1d' : ''
  const alter = (policy: string) =>
    `ALTER RETENTION POLICY ${nameText(policy)} ON ${database} DURATION ${days}d${shard}`
  return {
    1: {
      command: `influx -execute ${shellText(alter('autogen'))}`,
      async set() {
        try {
          const [policies] = (await connection.ask(`SHOW RETENTION POLICIES ON ${database}`)) ?? []
          const isDefault = policies?.columns.indexOf('default') ?? -1
          const policy = policies?.values.find((row) => String(row[isDefault]) === 'true')
          await connection.ask(alter(String(policy?.[0] ?? 'autogen')))
          return undefined
        } catch (error) {
          if (isUnreachable(error)) throw error
          return error instanceof Error ? error.message : String(error)
        }
      },
    },
    2: {
      command: `influx bucket update --id BUCKET_ID --retention ${days}d`,
      async set() {
        const found = await findBucket(client, target)
        if (found === undefined) return `bucket ${bucket} is not to be seen with this account`
        const answer = await sendJson(client, 'PATCH', `/api/v2/buckets/${textOf(found, 'id')}`, {
          retentionRules: [{ type: 'expire', everySeconds: (days * dayMs) / 1_000 }],
        })
        return answer.status === 200 ? undefined : reasonOf(answer)
      },
    },
    3: {
      command: `influxdb3 update database --database ${shellText(bucket)} --retention-period ${days}d`,
      async set() {
        const answer = await sendJson(client, 'PUT', '/api/v3/configure/database', {
          db: bucket,
          retention_period: `${days}d`,
        })
        return answer.status === 200 ? undefined : reasonOf(answer)
      },
    },
  }
}
