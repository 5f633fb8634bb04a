/** Where a series belongs, and whether the `where` of a rule or a webhook covers it. */

import type { Device } from './device.ts'
import type { Where } from './rule.ts'
import type { Site } from './site.ts'

/** What `where` can ask about one device, or about a site as a whole, which no list of devices covers. */
export interface Place {
  device: string | null
  site: string | null
  kind: string | null
  district: string | null
}

export function placeOf(device: Pick<Device, 'id' | 'site'>, site: Site | undefined): Place {
  return {
    device: device.id,
    site: device.site,
    kind: site?.kind ?? null,
    district: site?.district ?? null,
  }
}

/** Empty lists match everything; a place must match every list that is not empty. */
export function covers(where: Where, place: Place): boolean {
  return (
    listed(where.kind, place.kind) &&
    listed(where.district, place.district) &&
    listed(where.site, place.site) &&
    listed(where.device, place.device)
  )
}

function listed(list: readonly string[], value: string | null): boolean {
  return list.length === 0 || (value !== null && list.includes(value))
}
