/** The readings store: there, of a known version, and with the rights that are needed. */

import { existsSync } from 'node:fs'
import type { Config } from '../../config.ts'
import type { Ports } from '../../domain/ports.ts'
import { layoutOf } from '../../runtime/data-layout.ts'
import { readingsStore } from '../../stores/readings/readings-store.ts'
import { type Finding, fail, messageOf, ok, warn } from './finding.ts'

export async function examineStore(config: Config, ports: Ports): Promise<Finding[]> {
  const { influxUrl: url, influxBucket: bucket } = config
  if (config.readings === 'sqlite' || url === undefined) {
    return [ok('readings', 'embedded store in the data folder')]
  }
  const { probeInflux } = await import('../../stores/readings/influx/http/probe.ts')
  const { influxOrg: org, influxToken: token, influxUsername: username } = config
  const account = { org, token, username, password: config.influxPassword }
  const { version, reachable, read, write } = await probeInflux({ url, bucket, ...account, ports })
  if (reachable !== null) {
    const advice =
      'Start InfluxDB, or set BELLWETHER_INFLUX_URL; until then what comes is kept in the journal.'
    return [fail('readings', reachable, advice)]
  }
  const what = `InfluxDB ${version} at ${url}, bucket ${bucket}`
  const rights =
    'Set it right in InfluxDB, or BELLWETHER_INFLUX_* here (docs/operate.md, "Dead database").'
  if (write !== null && /There is no (database|bucket)/.test(write)) {
    const advice = 'The server makes it at its start when the account may; else an administrator.'
    return [warn('readings', `${what} is not there yet: ${write}`, advice)]
  }
  const findings = [
    ...(read === null ? [] : [fail('readings', `${what} cannot be read: ${read}`, rights)]),
    ...(write === null ? [] : [fail('readings', `${what} cannot be written: ${write}`, rights)]),
  ]
  return findings.length > 0 ? findings : [ok('readings', `${what} can be read and written`)]
}

/** When the newest reading was received, milliseconds since 1970 UTC; null when there is none or nobody can say. */
export async function newestReceived(config: Config, ports: Ports): Promise<number | null> {
  const layout = layoutOf(config.dataDir)
  if (!existsSync(config.readings === 'sqlite' ? layout.readings : layout.influx)) return null
  try {
    const reader = (await readingsStore(config, layout, ports)).openReader()
    try {
      let newest: number | null = null
      for await (const page of reader.latest()) {
        for (const { receivedAt } of page) newest = Math.max(newest ?? receivedAt, receivedAt)
      }
      return newest
    } finally {
      await reader.close()
    }
  } catch (error) {
    // Whatever is wrong with the store is told where the store is looked at.
    ports.log.debug({ reason: messageOf(error) }, 'The newest reading is not known.')
    return null
  }
}
