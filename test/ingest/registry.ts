/** A real registry in a temporary folder with the devices of a test. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Device, deviceSchema } from '../../domain/device.ts'
import { profileSchema } from '../../domain/profile.ts'
import type { Registry, RegistryView } from '../../stores/records/registry.ts'
import { openRegistry, openRegistryView } from '../../stores/records/sqlite-registry.ts'
import { systemClock } from '../../runtime/system.ts'

export type DeviceForm = { id: string } & Partial<Omit<Device, 'id'>>

export interface TestRegistry {
  dir: string
  registry: Registry
  view: RegistryView
  close(): Promise<void>
}

export async function registryWith(devices: readonly DeviceForm[]): Promise<TestRegistry> {
  const dir = mkdtempSync(join(tmpdir(), 'bellwether-ingest-'))
  const path = join(dir, 'registry.db')
  const registry = openRegistry({ path, clock: systemClock })
  await registry.upsertAll(
    [],
    /** Profiles stand as given: earlier versions stored some that are refused today. */
    devices.map(({ profile: given = null, ...device }) => {
      const { data: profile = given } = profileSchema.safeParse(given)
      return { ...deviceSchema.parse(device), profile }
    }),
  )
  const view = await openRegistryView({ path })
  return {
    dir,
    registry,
    view,
    async close() {
      await view.close()
      await registry.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
