/** The JSON forms of computing an index: what a request may hold, and its answer. */

import { z } from 'zod'
import { type IndexAnswer, indexNames } from '../../domain/standards/definition.ts'

/** Two weeks of hourly values (the ozone NowCast) and room to spare. */
const listMax = 400
const valuesMax = 100
const optionsMax = 20
/** A decimal of any use is shorter. */
const textMax = 64

export const bothLanguages = z.strictObject({ en: z.string(), zh: z.string() })

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

export const numberOrText = z.union([z.number(), z.string(), z.null()])

export const indexAnswerForm = z
  .strictObject({
    index: z.enum(indexNames),
    edition: z.string(),
    value: numberOrText.meta({ description: 'The index itself; null when it cannot be given' }),
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
