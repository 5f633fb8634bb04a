/** An InfluxDB of the tests with the simulated city in it. */

import type { Influxd } from '../../servers/influx/influxd.ts'
import type { Server } from '../engine.ts'
import { writeLines } from './seed.ts'

const database = 'bellwether'

export async function seededServer(
  { url, headers, org }: Influxd,
  generation: 1 | 2 | 3,
  lines: readonly string[],
): Promise<Server> {
  const server = { url, headers, database }
  if (generation === 1) {
    await told(`${url}/query`, {
      method: 'POST',
      headers,
      body: new URLSearchParams({ q: `CREATE DATABASE "${database}"` }),
    })
    await writeLines(`${url}/write?db=${database}&precision=ms`, headers, lines)
    return server
  }
  if (generation === 2) {
    const orgs = await told(`${url}/api/v2/orgs?org=${org}`, { headers })
    const orgID = ((await orgs.json()) as { orgs: { id: string }[] }).orgs[0]?.id
    await told(`${url}/api/v2/buckets`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ orgID, name: database, retentionRules: [] }),
    })
  }
  await writeLines(
    `${url}/api/v2/write?bucket=${database}&org=${org ?? ''}&precision=ms`,
    headers,
    lines,
  )
  return server
}

async function told(url: string, request: RequestInit): Promise<Response> {
  const answer = await fetch(url, request)
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`)
  return answer
}
