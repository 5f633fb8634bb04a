/** `/rules`: when an alert is raised (contract section 4). */

import { z } from 'zod'
import { propertyWatched, type Rule, ruleSchema } from '../../domain/rule.ts'
import { installCollection } from '../registry/collection.ts'
import type { ApiContext, App } from '../context.ts'
import type { Schema } from '../http/openapi-document.ts'
import { flagParameter, listOf } from '../http/query.ts'
import { boundsAsBefore, checkBounds } from '../registry/rule-bounds.ts'
import { checkRule } from '../registry/rule-check.ts'
import { createRuleWatching, watchingFields } from '../registry/rule-watching.ts'

const filters = z.strictObject({
  property: listOf(z.string().max(64)).optional(),
  enabled: flagParameter.optional(),
})

interface RuleFilters {
  property?: readonly string[]
  enabled?: boolean
}

/** A rule is on a property, or on an index; which of both is required depends on the signal. */
function ruleForms(rule: Schema): readonly Schema[] {
  const { signal, ...properties } = rule.properties ?? {}
  const signals = signal?.oneOf ?? []
  const isIndex = (one: Schema) => one.properties?.index !== undefined
  const of = (title: string, required: string, its: Schema): Schema => ({
    ...rule,
    title,
    required: [...(rule.required ?? []), required],
    properties: { ...properties, signal: its },
  })
  const { default: _, ...given } = signal ?? {}
  return [
    of('OnProperty', 'property', { ...signal, oneOf: signals.filter((one) => !isIndex(one)) }),
    of('OnIndex', 'signal', { ...given, oneOf: signals.filter(isIndex) }),
  ]
}

export function installRules(app: App, context: ApiContext): void {
  const watching = createRuleWatching(context)
  installCollection<'rule', Rule, RuleFilters>(app, context, {
    kind: 'rule',
    path: '/rules',
    tag: 'Rules',
    noun: 'rule',
    input: ruleSchema,
    bodyForms: ruleForms,
    makesId: true,
    read: 'viewer',
    write: 'admin',
    form: z
      .strictObject({ ...ruleSchema.shape, ...watchingFields })
      .meta({ id: 'RuleWithWatching' }),
    answered: watchingFields,
    filters,
    matches: ({ property, enabled }, rule) =>
      (property === undefined || property.includes(propertyWatched(rule))) &&
      (enabled === undefined || rule.enabled === enabled),
    complete(item, existing) {
      checkRule(item)
      if (!boundsAsBefore(item, existing)) checkBounds(item)
      return { item }
    },
    toJson: (rules) => rules.map((rule) => ({ ...rule, ...watching(rule) })),
  })
}
