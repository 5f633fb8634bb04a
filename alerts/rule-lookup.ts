/**
 * Which rules watch a series, so that a reading costs the rules that match it and not the rules that exist.
 *
 * Rules lie in buckets by the most selective list of their `where` (device, site, district, kind, or none)
 * and by property. What a device finds there is kept until its own entry, its site or the rules change;
 * other changes of the registry cost one comparison. `mayConcern` tells before a payload is decoded
 * whether any rule could want it; it may say yes in vain, never no in vain.
 */

import type { Device } from '../domain/device.ts'
import type { Clock } from '../domain/ports.ts'
import type { Rule } from '../domain/rule.ts'
import { type Place, placeOf } from '../domain/scope.ts'
import type { Site } from '../domain/site.ts'
import type { Uplink } from '../domain/uplink.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import { type Criteria, criteriaOf } from './criteria.ts'
import { watchKey } from './watch.ts'

/** One rule as it applies to one series. */
export interface SeriesRule {
  rule: Rule
  criteria: Criteria
  device: Device
  site: Site | undefined
  /** `watchKey`, made once: it is needed for each reading. */
  key: string
}

export interface RuleLookup {
  /** Takes over the registry as it stands; cheap when nothing changed. */
  update(): void
  of(device: string, property: string): readonly SeriesRule[]
  /** The one rule on one series, if it applies there. */
  one(rule: string, device: string, property: string): SeriesRule | undefined
  mayConcern(uplink: Pick<Uplink, 'kind' | 'device'>): boolean
}

interface Filed {
  rule: Rule
  lists: Readonly<Record<keyof Place, ReadonlySet<string> | null>>
}

type ByProperty = Map<string, Filed[]>
type Buckets = Readonly<Record<keyof Place, Map<string, ByProperty>>> & { all: ByProperty }

interface DeviceRules {
  version: number
  generation: number
  device: Device
  site: Site | undefined
  buckets: readonly ByProperty[]
  place: Place
  watched: boolean
  series: Map<string, readonly SeriesRule[]>
}

/** Most selective first. */
const dimensions = ['device', 'site', 'district', 'kind'] as const

/** Who is behind which gateway is found out anew no more often than this; until then a gateway is decoded. */
const gatewaysEveryMs = 2_000

export function createRuleLookup(registry: RegistryView, clock: Clock): RuleLookup {
  let version = -1
  let generation = 0
  let rules: readonly Rule[] = []
  let buckets = file(rules)
  const devices = new Map<string, DeviceRules>()
  const gateways = gatewayLookup(registry, clock, isWatched)

  function update(): void {
    if (registry.version === version) return
    version = registry.version
    const now = registry.all('rule')
    if (now.length === rules.length && now.every((rule, i) => rule === rules[i])) return
    rules = [...now]
    buckets = file(rules.filter((rule) => rule.enabled))
    generation += 1
  }

  function entryOf(id: string): DeviceRules | undefined {
    const known = devices.get(id)
    if (known?.version === version) return known
    const device = registry.device(id)
    if (device === undefined || !device.enabled) {
      devices.delete(id)
      return undefined
    }
    const site = device.site === null ? undefined : registry.site(device.site)
    if (known?.generation === generation && known.device === device && known.site === site) {
      known.version = version
      return known
    }
    const place = placeOf(device, site)
    const found = reach(buckets, place)
    const watched = found.some((byProperty) => holds(byProperty, place))
    const entry = { version, generation, device, site, buckets: found, place, watched }
    const made = { ...entry, series: new Map<string, readonly SeriesRule[]>() }
    devices.set(id, made)
    return made
  }

  function isWatched(device: string): boolean {
    return entryOf(device)?.watched ?? false
  }

  function of(device: string, property: string): readonly SeriesRule[] {
    const entry = entryOf(device)
    if (entry === undefined || !entry.watched) return []
    let found = entry.series.get(property)
    if (found === undefined) {
      found = seriesRules(entry, property)
      entry.series.set(property, found)
    }
    return found
  }

  return {
    update,
    of,
    one: (rule, device, property) => of(device, property).find((s) => s.rule.id === rule),
    mayConcern({ kind, device }) {
      if (rules.length === 0) return false
      if (kind === 'telemetry' || kind === 'attributes') return isWatched(device)
      if (kind !== 'gateway-telemetry' && kind !== 'gateway-attributes') return false
      return gateways(device, version)
    },
  }
}

function seriesRules(entry: DeviceRules, property: string): readonly SeriesRule[] {
  const { device, site, place } = entry
  return entry.buckets.flatMap((byProperty) =>
    (byProperty.get(property) ?? []).flatMap(({ rule, lists }) => {
      if (!matches(lists, place)) return []
      const criteria = criteriaOf(rule, site)
      if (criteria === null) return []
      const key = watchKey({ rule: rule.id, device: device.id, property })
      return [{ rule, criteria, device, site, key }]
    }),
  )
}

function file(rules: readonly Rule[]): Buckets {
  const filed: Buckets = {
    device: new Map(),
    site: new Map(),
    district: new Map(),
    kind: new Map(),
    all: new Map(),
  }
  for (const rule of rules) {
    const lists = {
      device: listOf(rule.where.device),
      site: listOf(rule.where.site),
      district: listOf(rule.where.district),
      kind: listOf(rule.where.kind),
    }
    const entry: Filed = { rule, lists }
    const by = dimensions.find((dimension) => lists[dimension] !== null)
    if (by === undefined) put(filed.all, rule.property, entry)
    else for (const value of lists[by] ?? []) put(bucketOf(filed[by], value), rule.property, entry)
  }
  return filed
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
function reach(buckets: Buckets, place: Place): ByProperty[] {
  const found = dimensions.flatMap((dimension) => {
    const value = place[dimension]
    const bucket = value === null ? undefined : buckets[dimension].get(value)
    return bucket === undefined ? [] : [bucket]
  })
  return [...found, buckets.all]
}

function holds(byProperty: ByProperty, place: Place): boolean {
  for (const filed of byProperty.values()) {
    if (filed.some(({ lists }) => matches(lists, place))) return true
  }
  return false
}

function matches(lists: Filed['lists'], place: Place): boolean {
  return dimensions.every((dimension) => {
    const list = lists[dimension]
    const value = place[dimension]
    return list === null || (value !== null && list.has(value))
  })
}

/** Whether any device behind a gateway, or the gateway itself, is watched. */
function gatewayLookup(
  registry: RegistryView,
  clock: Clock,
  isWatched: (device: string) => boolean,
): (gateway: string, version: number) => boolean {
  let children = new Map<string, string[]>()
  let known = new Map<string, boolean>()
  let madeFor = -1
  let madeAt = Number.NEGATIVE_INFINITY

  function rebuild(version: number): void {
    children = new Map()
    known = new Map()
    for (const { id, gateway } of registry.all('device')) {
      if (gateway === null) continue
      const siblings = children.get(gateway)
      if (siblings === undefined) children.set(gateway, [id])
      else siblings.push(id)
    }
    madeFor = version
    madeAt = clock.monotonic()
  }

  return (gateway, version) => {
    if (madeFor !== version) {
      if (clock.monotonic() - madeAt < gatewaysEveryMs) return true
      rebuild(version)
    }
    let watched = known.get(gateway)
    if (watched === undefined) {
      watched = isWatched(gateway) || (children.get(gateway) ?? []).some(isWatched)
      known.set(gateway, watched)
    }
    return watched
  }
}
