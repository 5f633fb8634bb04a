/** What a batch test is to the API and the docs: a name, what it means, the form of what it takes, and the function. */

import { z } from 'zod'
import type { BothLanguages } from '../../text.ts'
import type { Flags } from './series.ts'

export interface BatchTest<Form extends z.ZodObject = z.ZodObject> {
  /** In paths and answers, such as `gross_range`. */
  name: string
  title: BothLanguages
  /** What gets which flag, ends and strictness included. */
  meaning: BothLanguages
  /** Standard and clause, and what is our choice. */
  source: string
  form: Form
  /** Pure. One flag per value, in the same order. */
  run(given: z.output<Form>): Flags
}

/** Keeps form and function together: what is checked is what is computed with. */
export function batchTest<Form extends z.ZodObject>(test: BatchTest<Form>): BatchTest<Form> {
  return test
}

/** An object with these fields and no other; one that is not known is told which are. */
export function batchForm<Shape extends z.ZodRawShape>(shape: Shape) {
  const fields = Object.keys(shape).join(', ')
  return z.strictObject(shape, {
    error: ({ code }) =>
      code === 'unrecognized_keys' ? `is not a known field; allowed are ${fields}` : undefined,
  })
}
