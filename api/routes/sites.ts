/** `/sites`: stations and where they are. */

import { z } from 'zod'
import { Fault } from '../../domain/errors.ts'
import { attributesChangeSchema, type Site, siteKindSchema, siteSchema } from '../../domain/site.ts'
import { numberAttributes, unusableAttribute } from '../../domain/site-attributes.ts'
import { installCollection } from '../registry/collection.ts'
import type { ApiContext, App } from '../context.ts'
import { keepBounds } from '../registry/site-bounds.ts'
import { type Box, boxHolds, boxParameter, listOf } from '../http/query.ts'

const filters = z.strictObject({
  kind: listOf(siteKindSchema as z.ZodType<Site['kind'], string>).optional(),
  district: listOf(z.string().max(64)).optional(),
  basin: listOf(z.string().max(64)).optional(),
  bbox: boxParameter.optional(),
})

interface SiteFilters {
  kind?: readonly string[]
  district?: readonly string[]
  basin?: readonly string[]
  bbox?: Box
}

export function installSites(app: App, context: ApiContext): void {
  installCollection<'site', Site, SiteFilters>(app, context, {
    kind: 'site',
    path: '/sites',
    tag: 'Sites',
    noun: 'site',
    input: siteSchema,
    makesId: false,
    read: 'viewer',
    write: 'admin',
    form: siteSchema,
    filters,
    matches: ({ kind, district, basin, bbox }, site) =>
      (kind === undefined || kind.includes(site.kind)) &&
      (district === undefined || (site.district !== null && district.includes(site.district))) &&
      (basin === undefined || (site.basin !== null && basin.includes(site.basin))) &&
      (bbox === undefined || boxHolds(bbox, site.location)),
    merged: { attributes: attributesChangeSchema },
    forced: 'true: also when an open alert stands on an attribute that is taken away; it ends then',
    async complete(item, existing, _by, { force }) {
      const numbers = numberAttributes(context.view.all('rule'))
      const bad = unusableAttribute(existing, item, numbers)
      if (bad !== null) {
        const field = `attributes.${bad.name}`
        throw new Fault('bad_request', `${field}: ${bad.reason}.`, { field })
      }
      if (existing !== undefined && !force) await keepBounds(context, existing, item)
      return { item }
    },
    toJson: (sites) => [...sites],
  })
}
