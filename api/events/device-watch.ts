/**
 * Tells when a device of the registry has changed: connected or gone, told new facts of itself, was
 * registered, edited or removed. Nobody sends this, so it looks: some devices at each look, all in turn, and
 * only while somebody listens.
 */

import type { ApiParts } from '../parts.ts'
import { type DeviceForm, deviceJson } from '../json-forms.ts'

/** Of 2,000 devices or fewer each look sees all. */
const devicesPerLook = 2_000

export type DeviceNews =
  | (DeviceForm & { removed: false })
  | { id: string; site: string | null; removed: true }

export interface DeviceWatch {
  look(): Promise<void>
  /** Nobody listens any more. */
  forget(): void
}

interface Known {
  site: string | null
  text: string
}

export function createDeviceWatch(
  { view, ledger }: Pick<ApiParts, 'view' | 'ledger'>,
  tell: (news: DeviceNews) => void,
): DeviceWatch {
  const known = new Map<string, Known>()
  let next = 0
  let version = -1
  /** In the first round everything is new to us, and no news to anybody. */
  let round = 0

  function tellRemoved(): void {
    for (const [id, { site }] of known) {
      if (view.device(id) !== undefined) continue
      known.delete(id)
      tell({ id, site, removed: true })
    }
  }

  return {
    async look() {
      const all = view.all('device')
      if (version !== view.version) {
        version = view.version
        tellRemoved()
      }
      const some = all.slice(next, next + devicesPerLook)
      const status = await ledger.status(some.map(({ id }) => id))
      for (const device of some) {
        const news = deviceJson(device, status.get(device.id))
        // A device that reports has not changed, it only was seen.
        const text = JSON.stringify({ ...news, lastSeenAt: null })
        const before = known.get(device.id)
        known.set(device.id, { site: device.site, text })
        if (before === undefined ? round > 0 : before.text !== text)
          tell({ ...news, removed: false })
      }
      next += some.length
      if (next >= all.length) {
        next = 0
        round += 1
      }
    },
    forget() {
      known.clear()
      next = 0
      round = 0
    },
  }
}
