/** Where a device has stood, and corrections of it, for `bellwether device`. */

import { z } from 'zod'
import { alwaysAt, type Placement } from '../domain/placement.ts'
import { idSchema } from '../domain/text.ts'
import type { Registry, RegistryView } from '../stores/records/registry.ts'
import { UsageError } from './command.ts'
import { audited, checked } from './registry-access.ts'
import { timeOption } from './time-option.ts'

interface Stores {
  registry: Registry
  view: RegistryView
}

export interface PlaceOptions {
  site?: string | undefined
  from?: string | undefined
  until?: string | undefined
  force?: boolean | undefined
}

export async function placeDevice(
  stores: Stores,
  device: string,
  options: PlaceOptions,
): Promise<number> {
  const { registry, view } = stores
  const { site: named, from, until, force = false } = options
  if (named === undefined)
    throw new UsageError('--site is required: the id of a site, or "-" for none')
  if (from === undefined)
    throw new UsageError('--from is required: a time with its zone, or "ever"')
  const site = named === '-' ? null : checked(z.object({ site: idSchema }), { site: named }).site
  const change = {
    ...{ device, site, force },
    from: from === 'ever' ? Number.NEGATIVE_INFINITY : timeOption('from', from),
    until: until === undefined ? null : timeOption('until', until),
  }
  await audited(registry, 'device.place', `device/${device}`, () => registry.place(change))
  await view.refresh()
  return showPlacements(stores, device)
}

export function showPlacements({ view }: Pick<Stores, 'view'>, id: string): number {
  const device = view.device(id)
  const placements = view.placements(id) ?? (device && alwaysAt(device.site))
  if (placements === undefined) {
    process.stderr.write(`There is no device "${id}".\n`)
    return 1
  }
  for (const placement of placements) process.stdout.write(`${lineOf(placement)}\n`)
  return 0
}

function lineOf({ site, from, until }: Placement): string {
  const time = (at: number, open: string) =>
    Number.isFinite(at) ? new Date(at).toISOString() : open
  return [site ?? '-', time(from, 'ever'), time(until, 'now')].join('\t')
}
