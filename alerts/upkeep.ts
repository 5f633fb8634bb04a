/**
 * Changes of alerts that no reading causes.
 *
 * - *Stale*: the series of an open alert has been silent for too long, and silence is not what it is about. Silence is measured by receipt, from
 *   the last counting reading or from when we began to listen, whichever is later: an outage of our own is
 *   not the device's silence. Data that stops never ends an alert.
 * - *Ended by an edit*: the rule was removed, switched off or no longer covers the series, the device was
 *   removed, switched off or moved, or the site of an index was removed. Nobody will ever clear such an alert, so it is resolved, with the reason.
 *   An edited rule that still covers the series keeps its alert and judges it by the new bounds from the
 *   next reading on.
 */

import { type AlertChange, type AlertView, siteOfSubject } from '../domain/alert.ts'
import type { Device } from '../domain/device.ts'
import { durationMs } from '../domain/text.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import { changeByClock } from './lifecycle/change.ts'
import { whyUnwatched } from './lifecycle/ending.ts'
import type { RuleLookup, SeriesRule } from './rules/rule-lookup.ts'
import type { Reason } from './lifecycle/summary.ts'
import type { Watch, WatchBook } from './lifecycle/watch.ts'

export interface Upkeep {
  registry: RegistryView
  rules: RuleLookup
  book: WatchBook
  staleAfterMs: number
}

/** `listeningSince`: from when on silence is the device's own, milliseconds since 1970 UTC. */
export function findStale(parts: Upkeep, now: number, listeningSince: number): AlertChange[] {
  const { rules, book } = parts
  const changes: AlertChange[] = []
  const patienceMs = createPatienceMs(parts)
  for (const watch of book.open()) {
    if (watch.stale || !hasAlert(watch)) continue
    const silentMs = now - Math.max(watch.seenAt, listeningSince)
    if (silentMs < patienceMs(watch.device, silentMs)) continue
    const series = rules.one(watch.rule, watch.device, watch.property)
    if (series?.rule.signal.type === 'silence') continue
    const change = changeByClock('alert.stale', watch, { series, reason: null, now })
    watch.stale = true
    watch.alert = change.view
    book.touch(watch, false)
    changes.push(change)
  }
  return changes
}

/**
 * How long a subject may be silent: three expected intervals of the device where one is set. A site waits as long
 * as usual, and longer for the slowest of its devices; which that is, is looked up only when it matters.
 */
function createPatienceMs({ registry, staleAfterMs }: Upkeep) {
  let slowest: Map<string, number> | undefined

  function expectedMs({ expectedInterval }: Device): number {
    return expectedInterval === null ? 0 : 3 * durationMs(expectedInterval)
  }

  function slowestAt(site: string): number {
    if (slowest === undefined) {
      slowest = new Map()
      for (const device of registry.all('device')) {
        if (device.site === null || !device.enabled) continue
        const before = slowest.get(device.site) ?? 0
        slowest.set(device.site, Math.max(before, expectedMs(device)))
      }
    }
    return slowest.get(site) ?? 0
  }

  return (subject: string, silentMs: number): number => {
    const site = siteOfSubject(subject)
    if (site !== null) {
      return silentMs < staleAfterMs ? staleAfterMs : Math.max(staleAfterMs, slowestAt(site))
    }
    const device = registry.device(subject)
    const ms = device === undefined ? 0 : expectedMs(device)
    return ms > 0 ? ms : staleAfterMs
  }
}

/** Ends what nothing watches any more. Call it after every change of the registry. */
export function endOrphans(parts: Upkeep, now: number): AlertChange[] {
  const changes: AlertChange[] = []
  for (const watch of [...parts.book.open()]) {
    const reason = orphaned(parts, watch)
    if (reason === null || !hasAlert(watch)) continue
    const series = parts.rules.one(watch.rule, watch.device, watch.property)
    changes.push(changeByClock('alert.resolved', watch, { series, reason, now }))
    close(parts.book, watch)
  }
  return changes
}

/** Takes the alert off a watch without a reading. */
export function close(book: WatchBook, watch: Watch): void {
  watch.alert = null
  watch.stale = false
  watch.life = { ...watch.life, level: null, clocks: {} }
  watch.calmSince = watch.life.at
  delete watch.ground
  book.touch(watch, false)
}

/** Watches without an alert whose rule or device is gone; they are taken out of the book. */
export function forgetOrphans(parts: Upkeep): Watch[] {
  const gone: Watch[] = []
  for (const watch of parts.book.all()) {
    if (watch.alert === null && orphaned(parts, watch) !== null) gone.push(watch)
  }
  for (const watch of gone) parts.book.remove(watch)
  return gone
}

function orphaned(parts: Upkeep, watch: Watch): Reason | null {
  const { registry, rules } = parts
  const rule = registry.get('rule', watch.rule)
  if (rule === undefined) return 'rule_removed'
  if (!rule.enabled) return 'rule_disabled'
  const site = siteOfSubject(watch.device)
  const gone = site === null ? deviceGone(parts, watch) : siteGone(parts, site)
  if (gone !== null) return gone
  const still = rules.one(watch.rule, watch.device, watch.property)
  if (still !== undefined) return isTurned(watch, still) ? 'rule_turned' : null
  const { alert } = watch
  if (alert === null) return 'not_watched'
  return whyUnwatched(alert, rule, registry.site(alert.site?.id ?? ''))
}

/** What stood above a bound says nothing of standing below one. */
function isTurned({ alert, life }: Watch, { criteria }: SeriesRule): boolean {
  return alert !== null && life.basis !== '' && !life.basis.startsWith(`${criteria.direction} `)
}

function deviceGone({ registry }: Upkeep, watch: Watch): Reason | null {
  const device = registry.device(watch.device)
  if (device === undefined) return 'device_removed'
  if (!device.enabled) return 'device_disabled'
  if (watch.alert !== null && (watch.alert.site?.id ?? null) !== device.site) return 'device_moved'
  return null
}

function siteGone({ registry }: Upkeep, site: string): Reason | null {
  return registry.site(site) === undefined ? 'site_removed' : null
}

function hasAlert(watch: Watch): watch is Watch & { alert: AlertView } {
  return watch.alert !== null
}
