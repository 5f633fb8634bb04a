/** What a rule of a right form can still get wrong: it would never apply, or mean nothing. Answered with 422. */

import { propertyOf } from '../../domain/catalogue.ts'
import { Fault } from '../../domain/errors.ts'
import type { Property } from '../../domain/property.ts'
import type { Rule } from '../../domain/rule.ts'
import { indexOfSignal } from '../../domain/standards/site/coverage.ts'
import { definitionOf } from '../../domain/standards/site-indices.ts'

export function checkRule(rule: Rule): void {
  const { property, signal, direction, where } = rule
  const known = property === undefined ? undefined : propertyOf(property)
  if (property !== undefined && known === undefined) {
    throw impossible('property', `"${property}" is not in the catalogue (GET /api/v1/properties).`)
  }
  switch (signal.type) {
    case 'value':
      return
    case 'silence':
      if (direction === 'above') return
      throw impossible('direction', 'must be "above" for silence, which only grows.')
    case 'index':
      checkIndex(signal, where)
      return
    default:
      if (known !== undefined) checkQuantity(signal.type, known)
  }
}

function checkQuantity(type: Rule['signal']['type'], { code, quantity }: Property): void {
  if (quantity === 'direction') {
    throw impossible(
      'signal',
      `"${type}" means nothing for "${code}", a direction; allowed are "value" and "silence".`,
    )
  }
  if (quantity === 'level' && type === 'sum') {
    throw impossible(
      'signal',
      `"sum" means nothing for "${code}", which is in decibels; take "mean", which averages their energy.`,
    )
  }
  if (type === 'increase' && quantity !== 'counter' && quantity !== 'interval') {
    throw impossible(
      'signal',
      `"increase" is of counters and amounts of an interval, and "${code}" is neither; take "range" or "rate".`,
    )
  }
}

function checkIndex(
  { index, edition }: Extract<Rule['signal'], { type: 'index' }>,
  where: Rule['where'],
): void {
  if (where.device.length > 0) {
    throw impossible('where.device', 'must be empty for an index, which is of a site: name sites.')
  }
  const editions = definitionOf(indexOfSignal(index)).editions.map(({ id }) => id)
  if (edition === undefined || editions.includes(edition)) return
  const allowed = editions.map((id) => `"${id}"`).join(', ')
  throw impossible('signal.edition', `"${edition}" is none of ${index}; allowed are ${allowed}.`)
}

function impossible(field: string, why: string): Fault {
  return new Fault('impossible', `${field}: ${why}`, { field })
}
