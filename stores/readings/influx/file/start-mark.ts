/** When the server was started, as a mark that differs after each restart; all versions tell it to Prometheus. */

import type { InfluxClient } from '../http/client.ts'

/** Undefined when it does not tell. Throws `Fault` when it cannot be reached. */
export async function startOf(client: InfluxClient): Promise<string | undefined> {
  const accept = 'text/plain'
  const { status, body } = await client.request({ method: 'GET', path: '/metrics', accept })
  if (status !== 200 || typeof body !== 'string') return undefined
  return /^process_start_time_seconds (\S+)$/m.exec(body)?.[1]
}
