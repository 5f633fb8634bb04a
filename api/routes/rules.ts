/** `/rules`: when an alert is raised (contract section 4). */

import { z } from 'zod'
import { propertyOf } from '../../domain/catalogue.ts'
import { Fault } from '../../domain/errors.ts'
import { propertyWatched, type Rule, ruleSchema } from '../../domain/rule.ts'
import { installCollection } from '../collection.ts'
import type { ApiContext, App } from '../context.ts'
import { flagParameter, listOf } from '../query.ts'

const filters = z.strictObject({
  property: listOf(z.string().max(64)).optional(),
  enabled: flagParameter.optional(),
})

interface RuleFilters {
  property?: readonly string[]
  enabled?: boolean
}

export function installRules(app: App, context: ApiContext): void {
  installCollection<'rule', Rule, RuleFilters>(app, context, {
    kind: 'rule',
    path: '/rules',
    tag: 'Rules',
    noun: 'rule',
    input: ruleSchema,
    makesId: true,
    read: 'viewer',
    write: 'admin',
    form: ruleSchema,
    filters,
    matches: ({ property, enabled }, rule) =>
      (property === undefined || property.includes(propertyWatched(rule))) &&
      (enabled === undefined || rule.enabled === enabled),
    complete(item) {
      const { property } = item
      if (property !== undefined && propertyOf(property) === undefined) {
        throw new Fault(
          'impossible',
          `property: "${property}" is not in the catalogue (GET /api/v1/properties).`,
          { field: 'property' },
        )
      }
      return { item }
    },
    toJson: (rules) => [...rules],
  })
}
