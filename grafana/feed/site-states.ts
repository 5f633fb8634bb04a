/**
 * How each site stands: the highest level of its open alerts; where none is open, −1 when nothing is heard from it and 0
 * when it is. A site without devices is as unknown as a silent one: neither may read as "normal".
 */

import type { Device } from '../../domain/device.ts'
import type { Site } from '../../domain/site.ts'
import type { BoardPoint } from '../../stores/readings/board-points.ts'
import type { RegistryView } from '../../stores/records/registry.ts'
import type { SiteIndex } from '../../indices/site-series.ts'
import { levelCode } from './level-code.ts'
import type { OpenAlert } from './open-alerts.ts'
import type { Silence } from './silence.ts'

export interface SiteStatesParts {
  view: RegistryView
  sites: SiteIndex
  silence: Pick<Silence, 'heardAt' | 'isOverdue'>
}

export function* siteStates(
  { view, sites, silence }: SiteStatesParts,
  open: Iterable<OpenAlert>,
  now: number,
): Generator<BoardPoint> {
  const alerts = alertsBySite(open)
  for (const site of view.all('site')) {
    const devices = sites.devicesAt(site.id).flatMap((id) => view.device(id) ?? [])
    const heard = heardOf(devices, silence, now)
    yield siteStatePoint(site, { ...heard, ...(alerts.get(site.id) ?? noAlerts) }, now)
  }
}

export interface SiteState {
  /** Highest level of open alerts, 0 when there are none. */
  level: number
  alerts: number
  /** Those that are switched on. */
  devices: number
  devicesSilent: number
  /** When any of them was last heard, milliseconds since 1970 UTC. */
  heardAt: number | null
}

const noAlerts = { level: 0, alerts: 0 } as const

export function siteStatePoint(site: Site, state: SiteState, now: number): BoardPoint {
  const { attributes, location } = site
  const isSilent = state.devicesSilent === state.devices
  const figure = (name: string) => {
    const value = attributes[name]
    return typeof value === 'number' ? value : null
  }
  return {
    measurement: 'site_state',
    tags: { site: site.id, district: site.district, kind: site.kind },
    fields: {
      level_code: state.level > 0 || !isSilent ? state.level : -1,
      silent: isSilent ? 1 : 0,
      lat: location?.[1] ?? null,
      lon: location?.[0] ?? null,
      silent_s: state.heardAt === null ? null : Math.max(0, now - state.heardAt) / 1_000,
      devices: state.devices,
      devices_silent: state.devicesSilent,
      alerts_open: state.alerts,
      name: nameOf(site),
      warning_level: figure('warningLevel'),
      guarantee_level: figure('guaranteeLevel'),
      record_level: figure('recordLevel') ?? figure('historicMaximum'),
    },
    at: now,
  }
}

/** Such as `南门站 / South gate`. */
function nameOf({ id, name: { zh, en } }: Site): string {
  const names = [...new Set([zh, en].filter((name) => name !== undefined))]
  return names.length === 0 ? id : names.join(' / ')
}

function heardOf(
  devices: readonly Device[],
  silence: SiteStatesParts['silence'],
  now: number,
): Pick<SiteState, 'devices' | 'devicesSilent' | 'heardAt'> {
  const heard = { devices: 0, devicesSilent: 0, heardAt: null as number | null }
  for (const device of devices) {
    if (!device.enabled) continue
    const at = silence.heardAt(device)
    heard.devices += 1
    if (silence.isOverdue(device, at, now)) heard.devicesSilent += 1
    if (at !== null) heard.heardAt = Math.max(heard.heardAt ?? at, at)
  }
  return heard
}

function alertsBySite(open: Iterable<OpenAlert>): Map<string, { level: number; alerts: number }> {
  const bySite = new Map<string, { level: number; alerts: number }>()
  for (const { view } of open) {
    if (view.site === null) continue
    const { level, alerts } = bySite.get(view.site.id) ?? noAlerts
    const highest = Math.max(level, levelCode(view.level))
    bySite.set(view.site.id, { level: highest, alerts: alerts + 1 })
  }
  return bySite
}
