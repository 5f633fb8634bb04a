/** Which series belong to a site: by the devices that stand there, and those that have stood there before. */

import { createSiteStays, type SiteStays } from '../domain/site-stays.ts'
import type { LatestTable } from '../stores/readings/latest-table.ts'
import type { RegistryView } from '../stores/records/registry.ts'

export interface SeriesParts {
  view: RegistryView
  latest: LatestTable
  sites: SiteIndex
}

export interface SiteIndex {
  /** Those that stand there now. */
  devicesAt(site: string): readonly string[]
  /** All that have ever stood there, and when. */
  staysAt: SiteStays
}

/** Looked up again only when the registry has changed. */
export function createSiteIndex(view: RegistryView): SiteIndex {
  const staysAt = createSiteStays(view)
  return {
    devicesAt: (site) =>
      staysAt(site).flatMap(({ device }) => (view.device(device)?.site === site ? [device] : [])),
    staysAt,
  }
}
