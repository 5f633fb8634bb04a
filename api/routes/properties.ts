/** `/properties`: the catalogue of what can be observed. */

import { z } from 'zod'
import { properties } from '../../domain/catalogue.ts'
import {
  accumulationOf,
  type Property,
  propertyDomains,
  quantities,
} from '../../domain/property.ts'
import { type App, base } from '../context.ts'
import { cursorSchema, decodeCursor, pageFields, pageOf, pageSchema } from '../http/page.ts'
import { listOf } from '../http/query.ts'

const propertyForm = z
  .strictObject({
    code: z.string().meta({ description: 'Key in payloads and everywhere in this API' }),
    name: z.strictObject({ en: z.string(), zh: z.string() }),
    domain: z.enum(propertyDomains),
    unit: z.string().meta({ description: 'UCUM' }),
    min: z.number().meta({ description: 'Least plausible value; less is refused as out_of_range' }),
    max: z.number().meta({ description: 'Greatest plausible value' }),
    quantity: z.enum(quantities).meta({
      description:
        'instant: a state of the moment; interval: an amount of the interval that ends with the reading; counter: a register that grows, of which the increase counts; level: in dB, averaged as energy; direction: in degrees',
    }),
    accumulation: z
      .enum(['mean', 'sum', 'last', 'vector'])
      .meta({ description: 'How windows take readings together unless fn says otherwise' }),
    hj212: z.string().nullable().meta({ description: 'Factor code of HJ 212' }),
    convertible: z.record(z.string(), z.strictObject({ scale: z.number(), offset: z.number() })),
  })
  .meta({ id: 'Property' })

const catalogueMax = 1_000

export function installProperties(app: App): void {
  app.get(`${base}/properties`, {
    config: { role: 'viewer' },
    schema: {
      tags: ['Readings'],
      operationId: 'listProperties',
      summary: 'The property catalogue',
      querystring: z.strictObject({
        domain: listOf(z.enum(propertyDomains) as z.ZodType<Property['domain'], string>).optional(),
        ...pageFields({ standard: catalogueMax, max: catalogueMax }),
      }),
      response: { 200: pageSchema(propertyForm) },
    },
    handler: (request) => {
      const { domain, limit, cursor } = request.query
      const all = [...properties.values()].filter(
        (property) => domain === undefined || domain.includes(property.domain),
      )
      const after = cursor === undefined ? undefined : decodeCursor(cursorSchema, cursor)
      const start = after === undefined ? 0 : all.findIndex(({ code }) => code === after) + 1
      const page = pageOf(all.slice(start, start + limit + 1), limit, ({ code }) => code)
      return { items: page.items.map(toJson), next: page.next }
    },
  })
}

function toJson(property: Property): z.infer<typeof propertyForm> {
  const { code, name, domain, unit, min, max, quantity, hj212, convertible } = property
  return {
    code,
    name,
    domain,
    unit,
    min,
    max,
    quantity,
    accumulation: accumulationOf(property),
    hj212,
    convertible: { ...convertible },
  }
}
