/**
 * Which devices have gone silent. Silence is of readings, by when they were received: a device that only sends what is
 * refused is silent as well. A gateway may have none of its own, so any message of it counts.
 *
 * How long one may be silent is as for alerts that become stale: three of its expected intervals, else the setting.
 */

import type { Config } from '../../config.ts'
import type { Device } from '../../domain/device.ts'
import type { Timers } from '../../domain/ports.ts'
import { durationMs } from '../../domain/text.ts'
import type { Ledger } from '../../stores/records/ledger.ts'
import type { RegistryView } from '../../stores/records/registry.ts'
import type { LatestTable } from '../../stores/readings/latest-table.ts'
import { yieldTo } from '../../runtime/async/yield.ts'

export interface Silence {
  /** Takes over what was stored since. */
  refresh(): Promise<void>
  /** When it was last heard, milliseconds since 1970 UTC, or null when never. */
  heardAt(device: Device): number | null
  isOverdue(device: Device, heardAt: number | null, now: number): boolean
}

export interface SilenceParts {
  config: Pick<Config, 'staleAfterSeconds'>
  view: RegistryView
  latest: Pick<LatestTable, 'refresh' | 'of'>
  ledger: Pick<Ledger, 'status'>
  timers: Pick<Timers, 'soon'>
}

const intervalsMost = 3
const statusesPerTurn = 500

export function createSilence({ config, view, latest, ledger, timers }: SilenceParts): Silence {
  let version = -1
  let gateways: string[] = []
  const seen = new Map<string, number>()

  function findGateways(): void {
    if (version === view.version) return
    version = view.version
    gateways = [...new Set(view.all('device').flatMap(({ gateway }) => gateway ?? []))]
    seen.clear()
  }

  return {
    async refresh() {
      await latest.refresh()
      findGateways()
      const asked = gateways
      for (let from = 0; from < asked.length; from += statusesPerTurn) {
        const statuses = await ledger.status(asked.slice(from, from + statusesPerTurn))
        for (const { device, lastSeenAt } of statuses.values()) {
          if (lastSeenAt !== null) seen.set(device, lastSeenAt)
        }
        await yieldTo(timers)
      }
    },
    heardAt({ id }) {
      let heard = seen.get(id) ?? Number.NEGATIVE_INFINITY
      for (const { receivedAt } of latest.of(id)?.values() ?? []) {
        heard = Math.max(heard, receivedAt)
      }
      return Number.isFinite(heard) ? heard : null
    },
    isOverdue(device, heardAt, now) {
      const intervalMs = expectedMs(device)
      const patienceMs =
        intervalMs === null ? config.staleAfterSeconds * 1_000 : intervalsMost * intervalMs
      return heardAt === null || now - heardAt > patienceMs
    },
  }
}

/** Null when the device is not registered with one. */
export function expectedMs({ expectedInterval }: Pick<Device, 'expectedInterval'>): number | null {
  const ms = durationMs(expectedInterval ?? '0s')
  return ms > 0 ? ms : null
}
