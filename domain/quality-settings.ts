/**
 * The thresholds that hold for one series: the defaults of its property, replaced test by test by the plans that
 * cover its place. The most specific plan wins: device before site before district before kind before all.
 */

import { defaultTests } from './quality-defaults.ts'
import type { QualityPlan, TestSettings } from './quality-plan.ts'
import { covers, type Place } from './scope.ts'

/** Plans of this property that hold at this place, the one that wins last. */
export function plansAt(
  plans: readonly QualityPlan[],
  property: string,
  place: Place,
): readonly QualityPlan[] {
  return plans
    .filter((plan) => plan.enabled && plan.property === property && covers(plan.where, place))
    .sort((a, b) => rank(a) - rank(b) || order(b.id, a.id))
}

/** Defaults and plans (as `plansAt` gives them) in one. */
export function testsWith(property: string, plans: readonly QualityPlan[]): TestSettings {
  return Object.assign({}, defaultTests(property), ...plans.map(({ tests }) => tests))
}

/** The most specific list decides, then how many lists there are; of equal plans the first id wins. */
function rank({ where }: QualityPlan): number {
  const lists = [where.kind, where.district, where.site, where.device]
  const named = lists.map((list, i) => (list.length > 0 ? i + 1 : 0))
  return Math.max(...named) * 10 + named.filter((place) => place > 0).length
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
