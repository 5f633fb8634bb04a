/** What people send to compute an index, sorted into values and options as definitions take them. */

import type { z } from 'zod'
import { Fault } from '../../domain/errors.ts'
import type {
  GivenValue,
  IndexDefinition,
  IndexRequest,
} from '../../domain/standards/definition.ts'
import { type indexRequestForm, valueForms } from './index-forms.ts'

type Body = z.output<typeof indexRequestForm>

/**
 * Options that stand among the values are put where they belong: `{"mm": "50", "period": "24h"}`. Numbers stay where
 * they are, since an index may take a figure in either place.
 */
export function sortedRequest(
  definition: IndexDefinition,
  { values, options }: Body,
): Omit<IndexRequest, 'edition'> {
  const plain: Record<string, GivenValue> = {}
  const all: Record<string, unknown> = { ...options }
  for (const [key, value] of Object.entries(values)) {
    if (Object.hasOwn(definition.options, key) && !isNumeric(value)) {
      if (Object.hasOwn(options, key)) throw refused(key, 'is given in options as well.')
      all[key] = value
    } else if (isGivenValue(value)) {
      plain[key] = value
    } else {
      throw refused(key, `must be ${valueForms}.`)
    }
  }
  return { values: plain, options: all }
}

type Sent = Body['values'][string]

const decimalForm = /^[\d.+\-eE]+$/

function isNumeric(value: Sent): boolean {
  if (typeof value === 'string') return decimalForm.test(value)
  if (Array.isArray(value)) return value.every(isNumeric)
  return value === null || typeof value === 'number'
}

function isGivenValue(value: Sent): value is Extract<Sent, GivenValue> {
  return value === null || Array.isArray(value) || !['boolean', 'object'].includes(typeof value)
}

function refused(key: string, problem: string): Fault {
  const field = `values.${key}`
  return new Fault('bad_request', `${field}: ${problem}`, { field })
}
