/** `/quality-plans`: what quality control asks of a property at some places, instead of its defaults. */

import { z } from 'zod'
import { propertyOf } from '../../domain/catalogue.ts'
import { Fault } from '../../domain/errors.ts'
import { type QualityPlan, qualityPlanSchema } from '../../domain/quality-plan.ts'
import { installCollection } from '../registry/collection.ts'
import type { ApiContext, App } from '../context.ts'
import { flagParameter, listOf } from '../http/query.ts'

const filters = z.strictObject({
  property: listOf(z.string().max(64)).optional(),
  enabled: flagParameter.optional(),
})

interface PlanFilters {
  property?: readonly string[]
  enabled?: boolean
}

export function installQualityPlans(app: App, context: ApiContext): void {
  installCollection<'quality-plan', QualityPlan, PlanFilters>(app, context, {
    kind: 'quality-plan',
    path: '/quality-plans',
    tag: 'Quality',
    noun: 'quality plan',
    input: qualityPlanSchema,
    makesId: true,
    read: 'viewer',
    write: 'admin',
    form: qualityPlanSchema,
    filters,
    matches: ({ property, enabled }, plan) =>
      (property === undefined || property.includes(plan.property)) &&
      (enabled === undefined || plan.enabled === enabled),
    complete(item) {
      if (propertyOf(item.property) === undefined) {
        throw new Fault(
          'impossible',
          `property: "${item.property}" is not in the catalogue (GET /api/v1/properties).`,
          { field: 'property' },
        )
      }
      return { item }
    },
    toJson: (plans) => [...plans],
  })
}
