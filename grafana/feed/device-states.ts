/**
 * How each device stands: whether it is heard, for how long not, its battery and radio, what of it was refused. All of
 * them every five minutes; one that is new does not wait so long.
 */

import type { Device, DeviceStatus } from '../../domain/device.ts'
import type { Reading } from '../../domain/reading.ts'
import type { BoardPoint } from '../../stores/readings/board-points.ts'
import type { Ledger } from '../../stores/records/ledger.ts'
import type { RegistryView } from '../../stores/records/registry.ts'
import type { LatestTable } from '../../stores/readings/latest-table.ts'
import { expectedMs, type Silence } from './silence.ts'

export interface DeviceStatesParts {
  view: RegistryView
  ledger: Pick<Ledger, 'status' | 'entryCounts'>
  latest: Pick<LatestTable, 'of'>
  silence: Pick<Silence, 'heardAt' | 'isOverdue'>
}

const allEveryMs = 5 * 60_000
const devicesPerPage = 250

export interface DeviceStates {
  /**
   * In pages, because what is known of devices is asked for a few hundred at a time. Those switched off are left out. A
   * page counts as told when the next is asked for.
   */
  due(now: number): AsyncIterable<BoardPoint[]>
}

export function createDeviceStates({
  view,
  ledger,
  latest,
  silence,
}: DeviceStatesParts): DeviceStates {
  const told = new Set<string>()
  let allAt = Number.NEGATIVE_INFINITY

  async function page(devices: readonly Device[], now: number): Promise<BoardPoint[]> {
    const ids = devices.map(({ id }) => id)
    const statuses = await ledger.status(ids)
    const refused = await ledger.entryCounts(ids)
    return devices.map((device) => {
      const heardAt = silence.heardAt(device)
      const seenAt = newest(heardAt, statuses.get(device.id)?.lastSeenAt ?? null)
      const state: DeviceState = {
        district: device.site === null ? null : (view.site(device.site)?.district ?? null),
        heardAt,
        isOnline: !silence.isOverdue(device, seenAt, now),
        readings: latest.of(device.id),
        refused: refused.get(device.id) ?? 0,
      }
      return deviceStatePoint(device, state, now)
    })
  }

  return {
    async *due(now) {
      const isAll = now - allAt >= allEveryMs
      if (isAll) told.clear()
      const devices = view.all('device').filter(({ id, enabled }) => enabled && !told.has(id))
      for (let from = 0; from < devices.length; from += devicesPerPage) {
        const some = devices.slice(from, from + devicesPerPage)
        yield await page(some, now)
        for (const { id } of some) told.add(id)
      }
      if (isAll) allAt = now
    },
  }
}

export interface DeviceState {
  district: string | null
  /** Last readings, milliseconds since 1970 UTC. */
  heardAt: number | null
  /** Any message came in time. */
  isOnline: boolean
  /** Newest by property. */
  readings: ReadonlyMap<string, Reading> | undefined
  /** Entries in quarantine. */
  refused: number
}

export function deviceStatePoint(device: Device, state: DeviceState, now: number): BoardPoint {
  const { heardAt, isOnline, readings } = state
  const intervalMs = expectedMs(device)
  return {
    measurement: 'device_state',
    tags: { device: device.id, site: device.site, district: state.district },
    fields: {
      online: isOnline ? 1 : 0,
      silent_s: heardAt === null ? null : Math.max(0, now - heardAt) / 1_000,
      interval_s: intervalMs === null ? null : intervalMs / 1_000,
      battery: readings?.get('battery')?.value ?? null,
      rsrp: readings?.get('rsrp')?.value ?? null,
      snr: readings?.get('snr')?.value ?? null,
      quarantined: state.refused,
    },
    at: now,
  }
}

function newest(a: number | null, b: DeviceStatus['lastSeenAt']): number | null {
  if (a === null || b === null) return a ?? b
  return Math.max(a, b)
}
