/** Which devices stand at a site, by the registry; looked up anew only when it has changed. */

import type { Device } from '../../domain/device.ts'
import { durationMs } from '../../domain/text.ts'
import type { RegistryView } from '../../stores/records/registry.ts'

export type SiteDevices = (site: string) => readonly Device[]

export function createSiteDevices(registry: RegistryView): SiteDevices {
  let version = -1
  let bySite = new Map<string, Device[]>()
  return (site) => {
    if (version !== registry.version) {
      version = registry.version
      bySite = new Map()
      for (const device of registry.all('device')) {
        if (device.site === null) continue
        const there = bySite.get(device.site)
        if (there === undefined) bySite.set(device.site, [device])
        else there.push(device)
      }
    }
    return bySite.get(site) ?? []
  }
}

/** How often the device is expected to report, or null when nobody said. */
export function expectedMs(device: Pick<Device, 'expectedInterval'> | undefined): number | null {
  const ms = durationMs(device?.expectedInterval ?? '0s')
  return ms > 0 ? ms : null
}
