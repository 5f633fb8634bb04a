/** The server as the writer needs it: of a known version, with the database there, and its retention set. */

import type { Connection } from './connection.ts'
import type { InfluxWriterOptions } from '../options.ts'
import { createKeptSince } from './kept-since.ts'
import { findVersion, prepareDatabase } from './preparation.ts'
import { setRetention } from './retention.ts'
import type { ServerVersion } from './version.ts'

export interface Server {
  /** Throws `Fault` `store_unavailable` when it cannot be used. */
  ready(): Promise<ServerVersion>
  /** It may be another one by now, or have lost its database. */
  doubt(): void
  /** What was observed before this moment the server drops at once; −∞ when it does not say. */
  keptFrom(): Promise<number>
  /** Sets the retention, once. */
  keep(now: number): Promise<void>
}

export function createServer(connection: Connection, options: InfluxWriterOptions): Server {
  const { keepDays, ports } = options
  const { bucket, org, token } = options
  const target = { bucket, org, token }
  let found: ServerVersion | undefined
  let toldOf = ''
  let isKept = keepDays === 0
  const kept = createKeptSince({ connection, target, clock: ports.clock })

  async function ready(): Promise<ServerVersion> {
    if (found !== undefined) return found
    const version = await findVersion(connection.client)
    await prepareDatabase(connection, target, version)
    if (version.text !== toldOf) {
      ports.log.info({ version: version.text, bucket }, 'Readings are stored in InfluxDB.')
    }
    toldOf = version.text
    found = version
    return version
  }

  return {
    ready,
    doubt() {
      found = undefined
      kept.doubt()
    },
    keptFrom: async () => kept.from(await ready()),
    async keep(now) {
      if (isKept) return
      await setRetention({ connection, target, keepDays, log: ports.log }, await ready(), now)
      kept.doubt()
      isKept = true
    },
  }
}
