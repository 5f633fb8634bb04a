/** Tells the registry where the points of an earlier version show devices to have stood; seldom, so it is opened for it. */

import type { Ports } from '../../domain/ports.ts'
import type { WrittenSites } from '../../domain/written-sites.ts'
import type { RegistryView } from './registry.ts'
import { openRegistry } from './sqlite-registry.ts'
import type { LocalBus } from '../../runtime/bus.ts'

export interface WrittenPlacementsParts {
  path: string
  view: Pick<RegistryView, 'refresh'>
  ports: Pick<Ports, 'clock'>
  bus: Pick<LocalBus, 'ring'>
}

/** Answers which devices were placed; the view knows them then. */
export function createWrittenPlacements({ path, view, ports, bus }: WrittenPlacementsParts) {
  return async (written: readonly WrittenSites[]): Promise<readonly string[]> => {
    const registry = openRegistry({ path, clock: ports.clock })
    try {
      const placed = await registry.placeAsWritten(written)
      await view.refresh()
      if (placed.length > 0) bus.ring('registry')
      return placed
    } finally {
      await registry.close()
    }
  }
}
