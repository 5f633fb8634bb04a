/** Which devices are registered behind each gateway; worked out again when the registry has changed. */

import type { RegistryView } from '../stores/records/registry.ts'

export interface Families {
  behind(gateway: string): readonly string[]
}

export function createFamilies(registry: RegistryView): Families {
  let version: number | undefined
  const children = new Map<string, string[]>()

  function refresh(): void {
    version = registry.version
    children.clear()
    for (const { id, gateway } of registry.all('device')) {
      if (gateway === null) continue
      const siblings = children.get(gateway)
      if (siblings === undefined) children.set(gateway, [id])
      else siblings.push(id)
    }
  }

  return {
    behind(gateway) {
      if (version !== registry.version) refresh()
      return children.get(gateway) ?? []
    },
  }
}
