/**
 * Which rules watch a series, so that a reading costs the rules that match it and not the rules that exist.
 *
 * What a device finds in the filed rules is kept until its own entry, its site or the rules change; other
 * changes of the registry cost one comparison. `mayConcern` tells before a payload is decoded whether any rule
 * could want it; it may say yes in vain, never no in vain.
 */

import { siteOfSubject, siteSubject } from '../../domain/alert.ts'
import type { Device } from '../../domain/device.ts'
import type { Clock } from '../../domain/ports.ts'
import { propertyWatched, type Rule, type SignalIndex } from '../../domain/rule.ts'
import { type Place, placeOf } from '../../domain/scope.ts'
import type { Site } from '../../domain/site.ts'
import { durationMs } from '../../domain/text.ts'
import type { Uplink } from '../../domain/uplink.ts'
import type { RegistryView } from '../../stores/records/registry.ts'
import { type Criteria, criteriaOf } from '../lifecycle/criteria.ts'
import { createGatewayLookup } from './gateways.ts'
import { type ByProperty, filedRule, fileRules, holds, matches, reach } from './rules-by-scope.ts'
import { watchKey } from '../lifecycle/watch.ts'
import { type Window, windowOf } from '../windows/window.ts'

/** One rule as it applies to one series, or to one site for a rule on an index. */
export interface SeriesRule {
  rule: Rule
  criteria: Criteria
  /** Null for a rule on an index. */
  device: Device | null
  /** Always there for a rule on an index. */
  site: Site | undefined
  /** What the alerts are kept under, with the rule: `Watch.device` and `Watch.property`. */
  subject: string
  property: string
  /** `watchKey`, made once: it is needed for each reading. */
  key: string
  /** Null when the signal has no window of readings. */
  window: Window | null
  /** Between two readings of the device, milliseconds; 0 when it is not set. */
  expectedMs: number
}

/** One series with the rules that its readings concern. */
export interface WatchedSeries {
  device: string
  property: string
  key: string
  rules: readonly SeriesRule[]
  /** Length of the longest window of the rules; 0 without one. */
  reachMs: number
}

const unwatched: WatchedSeries = { device: '', property: '', key: '', rules: [], reachMs: 0 }

export interface RuleLookup {
  /** Takes over the registry as it stands; cheap when nothing changed. */
  update(): void
  /**
   * The series with its rules; none when nothing watches it, or when what was observed `at` (milliseconds since 1970
   * UTC) was taken before the device came to its site.
   */
  of(device: string, property: string, at?: number): WatchedSeries
  isWatched(device: string): boolean
  /** The one rule on one subject (a device, or a site as `siteSubject` says), if it applies there. */
  one(rule: string, subject: string, property: string): SeriesRule | undefined
  mayConcern(uplink: Pick<Uplink, 'kind' | 'device'>): boolean
}

export interface RuleLookupParts {
  registry: RegistryView
  clock: Clock
  /** The properties that an index is made from. */
  feeding: (index: SignalIndex) => readonly string[]
}

interface DeviceRules {
  version: number
  generation: number
  device: Device
  site: Site | undefined
  /** When it came to its site, milliseconds since 1970 UTC; -Infinity when it was always there. */
  since: number
  buckets: readonly ByProperty[]
  place: Place
  watched: boolean
  series: Map<string, WatchedSeries>
}

export function createRuleLookup({ registry, clock, feeding }: RuleLookupParts): RuleLookup {
  let version = -1
  let generation = 0
  let rules: readonly Rule[] = []
  let buckets = fileRules(rules, feeding)
  const devices = new Map<string, DeviceRules>()
  const gateways = createGatewayLookup(registry, clock, isWatched)

  function update(): void {
    if (registry.version === version) return
    version = registry.version
    const now = registry.all('rule')
    if (now.length === rules.length && now.every((rule, i) => rule === rules[i])) return
    rules = [...now]
    buckets = fileRules(
      rules.filter((rule) => rule.enabled),
      feeding,
    )
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
    const since = registry.placements(id)?.at(-1)?.from ?? Number.NEGATIVE_INFINITY
    const entry = { version, generation, device, site, since, buckets: found, place, watched }
    const made = { ...entry, series: new Map<string, WatchedSeries>() }
    devices.set(id, made)
    return made
  }

  function isWatched(device: string): boolean {
    return entryOf(device)?.watched ?? false
  }

  function of(device: string, property: string, at = Number.POSITIVE_INFINITY): WatchedSeries {
    const entry = entryOf(device)
    if (entry === undefined || !entry.watched || at < entry.since) return unwatched
    let found = entry.series.get(property)
    if (found === undefined) {
      found = watchedSeries(entry, property)
      entry.series.set(property, found)
    }
    return found
  }

  /** A rule on an index asks nothing of the devices of the site. */
  function ofSite(id: string, siteId: string): SeriesRule | undefined {
    const rule = registry.get('rule', id)
    const site = registry.site(siteId)
    if (rule?.enabled !== true || rule.signal.type !== 'index' || site === undefined)
      return undefined
    const place = { device: null, site: site.id, kind: site.kind, district: site.district }
    return matches(filedRule(rule), place) ? seriesRule(rule, null, site) : undefined
  }

  return {
    update,
    of,
    isWatched,
    one(rule, subject, property) {
      const siteId = siteOfSubject(subject)
      if (siteId === null) {
        return of(subject, property).rules.find((s) => s.rule.id === rule && s.subject === subject)
      }
      const found = ofSite(rule, siteId)
      return found?.property === property ? found : undefined
    },
    mayConcern({ kind, device }) {
      if (rules.length === 0) return false
      if (kind === 'telemetry' || kind === 'attributes') return isWatched(device)
      if (kind !== 'gateway-telemetry' && kind !== 'gateway-attributes') return false
      return gateways(device, version)
    },
  }
}

function watchedSeries(entry: DeviceRules, property: string): WatchedSeries {
  const { device, site, since, place } = entry
  const rules = entry.buckets.flatMap((byProperty) =>
    (byProperty.get(property) ?? []).flatMap((filed) => {
      if (!matches(filed, place)) return []
      const found = seriesRule(filed.rule, device, site, since)
      return found === undefined ? [] : [found]
    }),
  )
  const reachMs = Math.max(0, ...rules.map(({ window }) => window?.reachMs ?? 0))
  const key = `${device.id}\n${property}${sinceText(since)}`
  return { device: device.id, property, key, rules, reachMs }
}

/** What was begun at another site does not go on. */
function sinceText(since: number): string {
  return Number.isFinite(since) ? `\n${since}` : ''
}

function seriesRule(
  rule: Rule,
  device: Device | null,
  site: Site | undefined,
  since = Number.NEGATIVE_INFINITY,
): SeriesRule | undefined {
  const bounds = criteriaOf(rule, site)
  if (bounds === null) return undefined
  const stay = sinceText(since)
  const criteria = {
    ...bounds,
    ...{ basis: `${bounds.basis}${stay}`, terms: `${bounds.terms}${stay}` },
  }
  const ofSite = rule.signal.type === 'index'
  const subject = ofSite ? siteSubject(site?.id ?? '') : (device?.id ?? '')
  const property = propertyWatched(rule)
  const key = watchKey({ rule: rule.id, device: subject, property })
  const window = windowOf(rule)
  const own = ofSite ? null : device
  const expectedMs = durationMs(own?.expectedInterval ?? '0s')
  return { rule, criteria, device: own, site, subject, property, key, window, expectedMs }
}
