/**
 * Which thresholds hold for which series: found once per series and version of the registry. Equal settings share one
 * object, named by a small number that a row of the table can hold.
 */

import { defaultTests } from '../../domain/quality-defaults.ts'
import type { QualityPlan } from '../../domain/quality-plan.ts'
import { plansAt, testsWith } from '../../domain/quality-settings.ts'
import { placeOf } from '../../domain/scope.ts'
import { durationMs } from '../../domain/text.ts'
import type { RegistryView } from '../../stores/records/registry.ts'
import { type Thresholds, thresholdsOf } from './thresholds.ts'

/** Readings further apart than this many times the interval of the device have a gap between them. */
const gapIntervals = 3

export interface PlanBook {
  /** The number of the thresholds of this series as the registry stands. */
  numberOf(device: string, property: string): number
  at(number: number): Thresholds
}

export function createPlanBook(registry: RegistryView): PlanBook {
  const all: Thresholds[] = []
  const byText = new Map<string, number>()
  /** Property and interval → number, where no plan is. */
  const plain = new Map<string, Map<number, number>>()
  let plans = new Map<string, QualityPlan[]>()
  let version: number | undefined

  function update(): void {
    if (version === registry.version) return
    version = registry.version
    plans = new Map()
    for (const plan of registry.all('quality-plan')) {
      const same = plans.get(plan.property)
      if (same === undefined) plans.set(plan.property, [plan])
      else same.push(plan)
    }
  }

  function add(thresholds: Thresholds): number {
    all.push(thresholds)
    return all.length - 1
  }

  function plainNumber(property: string, gapMs: number): number {
    const numbers = plain.get(property) ?? new Map<number, number>()
    plain.set(property, numbers)
    const known = numbers.get(gapMs)
    if (known !== undefined) return known
    const number = add(thresholdsOf(defaultTests(property), gapMs))
    numbers.set(gapMs, number)
    return number
  }

  return {
    numberOf(id, property) {
      update()
      const device = registry.device(id)
      const everyMs = durationMs(device?.expectedInterval ?? '0s')
      const gapMs = everyMs === 0 ? Number.POSITIVE_INFINITY : gapIntervals * everyMs
      const candidates = plans.get(property)
      if (candidates === undefined || device === undefined) return plainNumber(property, gapMs)
      const site = device.site === null ? undefined : registry.site(device.site)
      const mine = plansAt(candidates, property, placeOf(device, site))
      if (mine.length === 0) return plainNumber(property, gapMs)
      const tests = testsWith(property, mine)
      const text = `${gapMs} ${JSON.stringify(tests)}`
      const number = byText.get(text) ?? add(thresholdsOf(tests, gapMs))
      byText.set(text, number)
      return number
    },
    at(number) {
      const thresholds = all[number]
      if (thresholds === undefined) throw new RangeError(`There are no thresholds ${number}.`)
      return thresholds
    },
  }
}
