/** Whether any device behind a gateway, or the gateway itself, is watched: known before its payload is decoded. */

import type { Clock } from '../../domain/ports.ts'
import type { RegistryView } from '../../stores/records/registry.ts'

/** Who is behind which gateway is found out anew no more often than this; until then a gateway is decoded. */
const gatewaysEveryMs = 2_000

/** The answer for a gateway, at a version of the registry; it may say yes in vain, never no in vain. */
export function createGatewayLookup(
  registry: RegistryView,
  clock: Clock,
  isWatched: (device: string) => boolean,
): (gateway: string, version: number) => boolean {
  let children = new Map<string, string[]>()
  let known = new Map<string, boolean>()
  let madeFor = -1
  let madeAt = Number.NEGATIVE_INFINITY

  function rebuild(version: number): void {
    children = new Map()
    known = new Map()
    for (const { id, gateway } of registry.all('device')) {
      if (gateway === null) continue
      const siblings = children.get(gateway)
      if (siblings === undefined) children.set(gateway, [id])
      else siblings.push(id)
    }
    madeFor = version
    madeAt = clock.monotonic()
  }

  return (gateway, version) => {
    if (madeFor !== version) {
      if (clock.monotonic() - madeAt < gatewaysEveryMs) return true
      rebuild(version)
    }
    let watched = known.get(gateway)
    if (watched === undefined) {
      watched = isWatched(gateway) || (children.get(gateway) ?? []).some(isWatched)
      known.set(gateway, watched)
    }
    return watched
  }
}
