/**
 * Which thresholds hold for which series: found once per series and version of the registry. Equal settings share one
 * object, named by a small number that a row of the table can hold.
 */

import type { Device } from '../domain/device.ts'
import { defaultTests } from '../domain/quality-defaults.ts'
import type { QualityPlan } from '../domain/quality-plan.ts'
import { plansAt, testsWith } from '../domain/quality-settings.ts'
import { placeOf } from '../domain/scope.ts'
import { durationMs } from '../domain/text.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import { type Known, type Thresholds, thresholdsOf } from './thresholds.ts'

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

  function plainNumber(property: string, known: Required<Known>): number {
    const numbers = plain.get(property) ?? new Map<number, number>()
    plain.set(property, numbers)
    /** The gap follows from the interval. */
    const name = known.isDeclared ? -1 - known.everyMs : known.everyMs
    const made = numbers.get(name)
    if (made !== undefined) return made
    const number = add(thresholdsOf(defaultTests(property), known))
    numbers.set(name, number)
    return number
  }

  return {
    numberOf(id, property) {
      update()
      const device = registry.device(id)
      const known = knownOf(device, property)
      const candidates = plans.get(property)
      if (candidates === undefined || device === undefined) return plainNumber(property, known)
      const site = device.site === null ? undefined : registry.site(device.site)
      const mine = plansAt(candidates, property, placeOf(device, site))
      if (mine.length === 0) return plainNumber(property, known)
      const tests = testsWith(property, mine)
      const text = JSON.stringify([known.everyMs, known.isDeclared, tests])
      const number = byText.get(text) ?? add(thresholdsOf(tests, known))
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

function knownOf(device: Device | undefined, property: string): Required<Known> {
  const reportsMs = durationMs(device?.expectedInterval ?? '0s')
  const usualGapMs = reportsMs === 0 ? Number.POSITIVE_INFINITY : gapIntervals * reportsMs
  const profile = device?.profile ?? null
  if (profile === null || typeof profile === 'string') {
    return { usualGapMs, everyMs: reportsMs, isDeclared: false }
  }
  const isDeclared = Object.values(profile.keys).some(
    (mapping) =>
      typeof mapping !== 'string' &&
      mapping.property === property &&
      (mapping.unit ?? mapping.scale ?? mapping.offset) !== undefined,
  )
  return { usualGapMs, everyMs: reportsMs, isDeclared }
}
