/** Names of operations in the description; clients made from it call their functions so. */

/** `create` and `quality-plan` or `quality_plan` make `createQualityPlan`. */
export function operationId(verb: string, noun: string): string {
  const words = noun.split(/[-_]/).map((word) => word.charAt(0).toUpperCase() + word.slice(1))
  return verb + words.join('')
}
