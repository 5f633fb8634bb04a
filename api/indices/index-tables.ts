/**
 * The JSON form of an index with its editions, indicators and tables, made from its definition: a number is shown as
 * it is used.
 */

import { z } from 'zod'
import {
  type Edition,
  editionOn,
  type IndexDefinition,
  indexNames,
} from '../../domain/standards/definition.ts'
import { bothLanguages, numberOrText } from './index-forms.ts'

const confidence = z.enum(['A', 'B', 'C', 'D']).meta({
  description:
    'A: official text read and checked; B: two independent sources agree; ' +
    'C: one source or general knowledge; D: open or contradictory',
})

const indicatorForm = z.strictObject({
  code: z.string().meta({ description: 'Key in `values` and `sub`' }),
  name: bothLanguages,
  unit: z.string().meta({ description: 'UCUM' }),
  property: z.string().nullable().meta({ description: 'Of the catalogue (`GET /properties`)' }),
  averaging: bothLanguages,
})

const tableForm = z.strictObject({
  title: bothLanguages,
  clause: z.string(),
  confidence,
  columns: z.array(z.string()),
  rows: z.array(z.array(numberOrText)),
  notes: z.array(z.string()).meta({ description: 'Our choices where the text is silent' }),
})

const editionForm = z.strictObject({
  id: z.string(),
  title: bothLanguages,
  inForceFrom: z.string().nullable(),
  inForceTo: z.string().nullable(),
  source: z.string(),
  confidence,
  indicators: z.array(indicatorForm),
  tables: z.array(tableForm),
})

export const indexForm = z
  .strictObject({
    index: z.enum(indexNames),
    title: bothLanguages,
    edition: z.string().meta({ description: 'The one in force today' }),
    options: z.record(z.string(), bothLanguages),
    editions: z.array(editionForm).meta({ description: 'Oldest first' }),
  })
  .meta({ id: 'Index' })

export function indexJson(definition: IndexDefinition, today: string): z.infer<typeof indexForm> {
  return {
    index: definition.name,
    title: definition.title,
    edition: editionOn(definition, today).id,
    options: { ...definition.options },
    editions: definition.editions.map((edition) => editionJson(definition, edition)),
  }
}

function editionJson(definition: IndexDefinition, edition: Edition): z.infer<typeof editionForm> {
  const { id, title, inForceFrom, inForceTo, source, confidence } = edition
  return {
    id,
    title,
    inForceFrom,
    inForceTo,
    source,
    confidence,
    indicators: definition.indicators(id).map(({ code, name, unit, property, averaging }) => ({
      code,
      name,
      unit,
      property,
      averaging,
    })),
    tables: definition.tables(id).map((table) => ({
      title: table.title,
      clause: table.clause,
      confidence: table.confidence,
      columns: [...table.columns],
      rows: table.rows.map((row) => [...row]),
      notes: [...table.notes],
    })),
  }
}
