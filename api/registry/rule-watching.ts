/**
 * What a rule watches as things are registered now: how many series, at how many of them it has no bound, and what
 * looks like a slip of the pen. A rule that watches nothing is taken, because its sites may be registered later; but
 * whoever makes it is told.
 */

import { z } from 'zod'
import { boundAt } from '../../domain/bound.ts'
import type { Device } from '../../domain/device.ts'
import { type AlertLevel, alertLevels, type Rule } from '../../domain/rule.ts'
import { boundFault, signalRange } from '../../domain/signal-range.ts'
import type { Site } from '../../domain/site.ts'
import type { RegistryView } from '../../stores/records/registry.ts'
import type { LatestTable } from '../../stores/readings/latest-table.ts'
import { boundReason } from './rule-bounds.ts'

export const watchingFields = {
  watching: z
    .strictObject({
      series: z.int().meta({
        description:
          'Series that the rule covers: of enabled devices that have sent the property, or have sent nothing yet; for an index, sites with an enabled device',
      }),
      withoutBound: z.int().meta({
        description: 'Of these, those at which no level has a bound: they are not watched',
      }),
    })
    .meta({ id: 'RuleWatching' }),
  warnings: z
    .array(z.string())
    .meta({ description: 'What the rule names and is not there, and bounds that make no sense' }),
}

export interface RuleWatching {
  watching: { series: number; withoutBound: number }
  warnings: string[]
}

const namesShown = 5

interface Parts {
  view: RegistryView
  latest: Pick<LatestTable, 'of' | 'devices'>
}

/** Worked out again when the registry or the number of series has changed. */
export function createRuleWatching(parts: Parts): (rule: Rule) => RuleWatching {
  const { view, latest } = parts
  const known = new WeakMap<Rule, { of: string; found: RuleWatching }>()
  return (rule) => {
    const of = [view.version, latest.devices().length, latest.devices(rule.property).length].join()
    const before = known.get(rule)
    if (before?.of === of) return before.found
    const found = watchingOf(parts, rule)
    known.set(rule, { of, found })
    return found
  }
}

function watchingOf({ view, latest }: Parts, rule: Rule): RuleWatching {
  const at = new Map<Site | undefined, number>()
  for (const site of coveredSeries(view, latest, rule)) at.set(site, (at.get(site) ?? 0) + 1)
  let series = 0
  let withoutBound = 0
  for (const [site, count] of at) {
    series += count
    if (alertLevels.every((level) => boundAt(rule.levels[level], site) === null))
      withoutBound += count
  }
  const warnings = [...unknownNames(view, rule)]
  if (series === 0) warnings.push(`It watches nothing: ${nothingCovered(rule)}.`)
  warnings.push(...missingBounds(rule, [...at.keys()]), ...senselessBounds(rule, [...at.keys()]))
  return { watching: { series, withoutBound }, warnings }
}

/** The site of each series. */
function* coveredSeries(
  view: RegistryView,
  latest: Parts['latest'],
  rule: Rule,
): Generator<Site | undefined> {
  const covers = coverageOf(rule)
  const { property = '', signal, where } = rule
  const sites = new Set<Site>()
  for (const device of devicesOf(view, where.device)) {
    if (!device.enabled) continue
    const site = device.site === null ? undefined : view.site(device.site)
    if (signal.type === 'index') {
      if (site !== undefined && covers(null, site)) sites.add(site)
      continue
    }
    const said = latest.of(device.id)
    if (covers(device.id, site) && (said === undefined || said.has(property))) yield site
  }
  yield* sites
}

function devicesOf(view: RegistryView, named: readonly string[]): readonly Device[] {
  if (named.length === 0) return view.all('device')
  return [...new Set(named)].flatMap((id) => view.device(id) ?? [])
}

function coverageOf({ where }: Rule): (device: string | null, site: Site | undefined) => boolean {
  const lists = [where.device, where.site, where.kind, where.district].map(
    (list) => new Set<string>(list),
  )
  return (device, site) => {
    const place = [device, site?.id, site?.kind, site?.district]
    return lists.every((list, i) => list.size === 0 || list.has(place[i] ?? ''))
  }
}

function* unknownNames(view: RegistryView, { where }: Rule): Generator<string> {
  const none = (list: readonly string[], isKnown: (name: string) => boolean) =>
    list.filter((name) => !isKnown(name))
  const sites = none(where.site, (id) => view.site(id) !== undefined)
  if (sites.length > 0) yield unregistered('site', sites)
  const devices = none(where.device, (id) => view.device(id) !== undefined)
  if (devices.length > 0) yield unregistered('device', devices)
  if (where.district.length === 0) return
  const there = new Set(view.all('site').map(({ district }) => district))
  const districts = none(where.district, (code) => there.has(code))
  if (districts.length > 0) yield `where.district: no site lies in ${names(districts)}.`
}

function nothingCovered({ signal, property }: Rule): string {
  if (signal.type === 'index') return 'no site that "where" covers has an enabled device'
  return `no enabled device that "where" covers has sent ${property}, or may still send it`
}

function* missingBounds({ levels }: Rule, sites: readonly (Site | undefined)[]): Generator<string> {
  for (const level of alertLevels) {
    const bound = levels[level]
    if (typeof bound !== 'object') continue
    const without = sites.filter((site) => boundAt(bound, site) === null)
    if (without.length === 0) continue
    const where = `at ${without.length} of ${sites.length} sites`
    const which = names(without.map((site) => site?.id ?? 'a device without a site'))
    yield `levels.${level}: the attribute "${bound.attribute}" is missing or no number ${where} (${which}); there the rule has no ${level}.`
  }
}

/** Bounds from attributes that are never reached or never left; the first of each level. */
function* senselessBounds(rule: Rule, sites: readonly (Site | undefined)[]): Generator<string> {
  const range = signalRange(rule)
  const faultAt = (level: AlertLevel, site: Site | undefined) => {
    const bound = boundAt(rule.levels[level], site)
    const fault = bound === null ? null : boundFault(rule, bound, range)
    return bound === null || fault === null ? null : { level, bound, fault }
  }
  for (const level of alertLevels) {
    if (typeof rule.levels[level] !== 'object') continue
    for (const site of sites) {
      const found = faultAt(level, site)
      if (found === null) continue
      yield `levels.${level}: at the site "${site?.id}" ${boundReason(rule, found, range)}.`
      break
    }
  }
}

function unregistered(kind: 'site' | 'device', all: readonly string[]): string {
  const [are, them] = all.length === 1 ? ['is', 'it'] : ['are', 'them']
  return `where.${kind}: ${names(all)} ${are} not registered; make ${them} first (POST /api/v1/${kind}s).`
}

function names(all: readonly string[]): string {
  const shown = all.slice(0, namesShown).map((name) => `"${name}"`)
  const more = all.length - shown.length
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ')
}
