/** Asks an InfluxDB, without changing anything in it, whether it can be the readings store, and what keeps it from that. */

import { Fault } from '../../../../domain/errors.ts'
import { type ConnectionOptions, createConnection, deniedText } from './connection.ts'
import { nameText } from './influxql.ts'
import { measurements } from '../layout.ts'
import { isBusy } from '../write/outcome.ts'
import { findVersion } from './preparation.ts'
import type { ServerVersion } from './version.ts'

export interface InfluxProbe {
  /** Null when nobody answers, or something else than InfluxDB. */
  version: string | null
  /** Null when it may; else what is in the way and, where that is known, the next step. */
  reachable: string | null
  read: string | null
  write: string | null
}

const answerWithinMs = 5_000

export async function probeInflux(options: ConnectionOptions): Promise<InfluxProbe> {
  const connection = createConnection({ timeoutMs: answerWithinMs, ...options })
  try {
    let version: ServerVersion
    try {
      version = await findVersion(connection.client)
    } catch (error) {
      return { version: null, reachable: reasonIn(error), read: null, write: null }
    }
    const [read, write] = [await tryRead(), await tryWrite()]
    return { version: version.text, reachable: null, read, write }
  } finally {
    connection.close()
  }

  async function tryRead(): Promise<string | null> {
    try {
      await connection.ask(`SELECT * FROM ${nameText(measurements[0] ?? '')} LIMIT 1`)
      return null
    } catch (error) {
      return reasonIn(error)
    }
  }

  /** Nothing at all is written: who may is told that there is nothing, who may not is told that. */
  async function tryWrite(): Promise<string | null> {
    const { bucket } = options
    const answer = await connection.client.request({
      method: 'POST',
      path: `/write?db=${encodeURIComponent(bucket)}&precision=ms`,
      body: '\n',
      contentType: 'text/plain; charset=utf-8',
    })
    const { status } = answer
    if (status === 401 || status === 403 || status === 404 || isBusy(status)) {
      return deniedText(answer, options)
    }
    return null
  }
}

function reasonIn(error: unknown): string {
  if (error instanceof Fault) return error.message
  throw error
}
