/** What every role gets, in whichever thread it runs: real ports, the bus, and the meters of its siblings. */

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Config, RoleName } from '../config.ts'
import type { RoleContext } from '../runtime/role.ts'
import { systemPorts } from '../runtime/system.ts'
import { openBus } from '../runtime/bus.ts'
import { openMetricsExchange } from '../runtime/metrics-exchange.ts'

/** `role` is `all` when the roles share one thread. */
export function openRoleContext(
  role: RoleName | 'all',
  config: Config,
): RoleContext & { close(): void } {
  const registry = new Registry()
  const ports = systemPorts(config.logLevel, role, registry)
  const bus = openBus(config.dataDir)
  const exchange = openMetricsExchange(config.dataDir, registry, ports)
  const siblings = role === 'all' ? 0 : config.roles.length - 1
  const loop = measureLoop(registry, role)
  // Figures of the process as a whole are told by one thread only, or they would be added up.
  if (role === 'all' || role === 'api') collectDefaultMetrics({ register: registry })
  return {
    config,
    ports,
    bus,
    meters: () => exchange.collect(siblings),
    close() {
      loop.disable()
      exchange.close()
      bus.close()
    },
  }
}

function measureLoop(registry: Registry, role: string) {
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  new Gauge({
    name: 'bellwether_event_loop_delay_p99_seconds',
    help: 'How late the event loop of a role runs timers, 99th percentile since the last scrape.',
    labelNames: ['role'],
    registers: [registry],
    collect() {
      this.set({ role }, Math.max(0, delay.percentile(99) / 1e9 - 0.02))
      delay.reset()
    },
  })
  return delay
}
