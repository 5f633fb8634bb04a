/**
 * `x-bellwether-lag` on answers about readings and alerts: how many acknowledged uplinks they do not show yet, because the
 * journal is still being read. Absent when there are none; so right after a start nobody takes a part for the whole.
 */

import type { App } from '../context.ts'
import type { ApiParts } from '../parts.ts'

const lagHeader = 'x-bellwether-lag'
/** One look serves all requests of this time. */
const lookEveryMs = 20

type Consumer = 'readings' | 'alerts'
const consumers: Readonly<Record<string, Consumer>> = {
  '/api/v1/readings': 'readings',
  '/api/v1/latest': 'readings',
  '/api/v1/alerts': 'alerts',
}

export function installLagHeader(app: App, { monitor, ports }: ApiParts): void {
  let lookedAt = Number.NEGATIVE_INFINITY
  let lag = Promise.resolve<Readonly<Record<Consumer, number>>>({ readings: 0, alerts: 0 })

  function look(): Promise<Readonly<Record<Consumer, number>>> {
    const now = ports.clock.monotonic()
    if (now - lookedAt >= lookEveryMs) {
      lookedAt = now
      lag = monitor.lag()
    }
    return lag
  }

  app.addHook('onRequest', async (request, reply) => {
    const consumer = consumers[request.routeOptions.url ?? '']
    if (consumer === undefined || request.method !== 'GET') return
    try {
      // Before the answer is made: what it does not show may only be less by then.
      const { [consumer]: uplinks } = await look()
      if (uplinks > 0) void reply.header(lagHeader, String(uplinks))
    } catch (error) {
      ports.log.debug({ error }, 'How far the journal is read cannot be told.')
    }
  })
}
