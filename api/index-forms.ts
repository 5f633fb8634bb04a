/**
 * The JSON forms of indices: what `/indices` takes and answers. Made from the definitions of `domain/standards/`,
 * so that a number is shown as it is used.
 */

import { z } from 'zod'
import {
  type Edition,
  editionOn,
  type IndexAnswer,
  type IndexDefinition,
  indexNames,
} from '../domain/standards/definition.ts'

/** Two weeks of hourly values (the ozone NowCast) and room to spare. */
const listMax = 400
const valuesMax = 100
const optionsMax = 20
/** A decimal of any use is shorter. */
const textMax = 64

const bothLanguages = z.strictObject({ en: z.string(), zh: z.string() })

const oneValue = z.union(
  [z.number(), z.string().max(textMax, `must have at most ${textMax} characters`), z.null()],
  'must be a number, a decimal text such as "35.2", or null',
)

const keySchema = z.string().min(1).max(64)

/** In words. */
export const valueForms = 'a number, a decimal text such as "35.2", null, or a list of those'

/** Flags and objects are options that stand among the values. */
const givenValue = z.union(
  [
    oneValue,
    z.array(oneValue).max(listMax, `must have at most ${listMax} values`),
    z.boolean(),
    z.record(keySchema, z.union([oneValue, z.boolean()])),
  ],
  `must be ${valueForms}`,
)

export const indexRequestForm = z
  .strictObject({
    edition: z.string().min(1).max(64).optional().meta({
      description:
        'Table to compute with, such as `HJ 633-2012`; the one in force today if absent.',
    }),
    values: z
      .record(keySchema, givenValue)
      .refine(
        (values) => Object.keys(values).length <= valuesMax,
        `must hold at most ${valuesMax} values`,
      )
      .meta({
        description:
          'Indicator to value, in the unit that `GET /indices/{index}` names. Null says "missing". ' +
          'Texts are exact decimals. NowCast takes lists, newest hour first. Options are understood here too.',
      }),
    options: z
      .record(keySchema, z.unknown())
      .refine(
        (options) => Object.keys(options).length <= optionsMax,
        `must hold at most ${optionsMax} options`,
      )
      .default({})
      .meta({ description: 'As `GET /indices/{index}` lists them.' }),
  })
  .meta({
    id: 'IndexRequest',
    examples: [{ edition: 'HJ 633-2026', values: { pm25_24h: '60', pm10_24h: 120 } }],
  })

const numberOrText = z.union([z.number(), z.string(), z.null()])

export const indexAnswerForm = z
  .strictObject({
    index: z.enum(indexNames),
    edition: z.string(),
    value: numberOrText.meta({ description: 'The index itself; null when it can not be given' }),
    sub: z.record(z.string(), numberOrText).meta({ description: 'The same per indicator' }),
    primary: z.array(z.string()).meta({ description: 'The indicators that decide it' }),
    category: bothLanguages.nullable(),
    colour: z.string().nullable().meta({ description: 'As the standard names it' }),
    rgb: z.tuple([z.int(), z.int(), z.int()]).nullable(),
    level: z.int().nullable().meta({
      description: 'For comparisons and boards: 1 is best; for warning signals 0 is none',
    }),
    details: z.record(z.string(), z.unknown()).meta({
      description: 'What else the standard asks to report',
    }),
    notes: z.array(bothLanguages).meta({
      description: 'Why a value is missing or was treated specially',
    }),
  })
  .meta({ id: 'IndexAnswer' })

export function answerJson(answer: IndexAnswer): z.infer<typeof indexAnswerForm> {
  const { index, edition, value, category, colour, rgb, level } = answer
  return {
    index,
    edition,
    value,
    sub: { ...answer.sub },
    primary: [...answer.primary],
    category,
    colour,
    rgb: rgb === null ? null : [...rgb],
    level,
    details: { ...answer.details },
    notes: [...answer.notes],
  }
}

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
