/**
 * Rules filed so that those of a place are found without asking each: in buckets by the most selective list of
 * their `where` (device, site, district, kind, or none), and there by the properties whose readings concern them.
 */

import { propertyWatched, type Rule, type SignalIndex } from '../../domain/rule.ts'
import type { Place } from '../../domain/scope.ts'

export interface Filed {
  rule: Rule
  lists: Readonly<Record<keyof Place, ReadonlySet<string> | null>>
}

export type ByProperty = Map<string, Filed[]>
export type Buckets = Readonly<Record<keyof Place, Map<string, ByProperty>>> & { all: ByProperty }

/** Most selective first. */
const dimensions = ['device', 'site', 'district', 'kind'] as const

/** `feeding` tells the properties that an index is made from; a rule on one is filed under each of them. */
export function fileRules(
  rules: readonly Rule[],
  feeding: (index: SignalIndex) => readonly string[],
): Buckets {
  const filed: Buckets = {
    device: new Map(),
    site: new Map(),
    district: new Map(),
    kind: new Map(),
    all: new Map(),
  }
  for (const rule of rules) {
    const entry = filedRule(rule)
    const by = dimensions.find((dimension) => entry.lists[dimension] !== null)
    const { signal } = rule
    const properties = signal.type === 'index' ? feeding(signal.index) : [propertyWatched(rule)]
    for (const property of properties) {
      if (by === undefined) put(filed.all, property, entry)
      else {
        for (const value of entry.lists[by] ?? []) put(bucketOf(filed[by], value), property, entry)
      }
    }
  }
  return filed
}

export function filedRule(rule: Rule): Filed {
  const { device, site, district, kind } = rule.where
  const lists = {
    device: listOf(device),
    site: listOf(site),
    district: listOf(district),
    kind: listOf(kind),
  }
  return { rule, lists }
}

function listOf(list: readonly string[]): ReadonlySet<string> | null {
  return list.length === 0 ? null : new Set(list)
}

function bucketOf(buckets: Map<string, ByProperty>, value: string): ByProperty {
  const bucket = buckets.get(value) ?? new Map<string, Filed[]>()
  buckets.set(value, bucket)
  return bucket
}

function put(byProperty: ByProperty, property: string, entry: Filed): void {
  const list = byProperty.get(property)
  if (list === undefined) byProperty.set(property, [entry])
  else list.push(entry)
}

/** The buckets that can hold rules for this place: five lookups, however many rules there are. */
export function reach(buckets: Buckets, place: Place): ByProperty[] {
  const found = dimensions.flatMap((dimension) => {
    const value = place[dimension]
    const bucket = value === null ? undefined : buckets[dimension].get(value)
    return bucket === undefined ? [] : [bucket]
  })
  return [...found, buckets.all]
}

/** Whether any rule of the bucket covers the place, whatever its property. */
export function holds(byProperty: ByProperty, place: Place): boolean {
  for (const filed of byProperty.values()) {
    if (filed.some((entry) => matches(entry, place))) return true
  }
  return false
}

export function matches({ rule, lists }: Filed, place: Place): boolean {
  if (rule.signal.type === 'index' && place.site === null) return false
  return dimensions.every((dimension) => {
    const list = lists[dimension]
    const value = place[dimension]
    return list === null || (value !== null && list.has(value))
  })
}
