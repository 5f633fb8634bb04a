/**
 * Judges the rows of an import. A row is good when its site and device have the right form and, once all rows
 * are known, refer only to sites and gateways that exist or come with a good row. Bad rows are told by line;
 * the good ones are kept whatever the others are.
 */

import type { z } from 'zod'
import { type Device, deviceSchema } from '../domain/device.ts'
import { type Site, siteSchema } from '../domain/site.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import type { ImportRow } from './import-row.ts'
import { tellIssues } from './issues.ts'

/** Errors that are listed; all are counted. */
const errorsMax = 1_000

export interface ImportError {
  line: number
  reason: string
}

export interface ImportVerdict {
  accepted: number
  rejected: number
  /** The first 1,000, by line. */
  errors: readonly ImportError[]
  sites: readonly Site[]
  devices: readonly Device[]
}

interface Candidate {
  line: number
  site: Site | undefined
  device: Device | undefined
}

export interface ImportJudge {
  take(row: ImportRow): void
  finish(): ImportVerdict
}

export function createImportJudge(view: RegistryView): ImportJudge {
  const candidates: Candidate[] = []
  const siteLines = new Map<string, { line: number; text: string }>()
  const deviceLines = new Map<string, number>()
  const errors: ImportError[] = []

  function refuse(line: number, reason: string): void {
    errors.push({ line, reason })
  }

  /** The same site may stand in the rows of all its devices, but must be described the same. */
  function describedOtherwise(site: Site, line: number): number | undefined {
    const text = JSON.stringify(site)
    const before = siteLines.get(site.id)
    if (before === undefined) siteLines.set(site.id, { line, text })
    return before === undefined || before.text === text ? undefined : before.line
  }

  function judge({ line, ...row }: ImportRow): string | undefined {
    if (row.reason !== undefined) return row.reason
    const site = read(siteSchema, row.site)
    if (typeof site === 'string') return site
    const device = read(deviceSchema, row.device)
    if (typeof device === 'string') return device
    if (site === undefined && device === undefined) return 'holds neither a site nor a device'
    const again = device && deviceLines.get(device.id)
    if (again !== undefined) return `device: "${device?.id}" is on line ${again} already`
    const other = site && describedOtherwise(site, line)
    if (other !== undefined) return `site: "${site?.id}" is described otherwise on line ${other}`
    if (device !== undefined) deviceLines.set(device.id, line)
    candidates.push({ line, site, device })
    return undefined
  }

  return {
    take(row) {
      const reason = judge(row)
      if (reason !== undefined) refuse(row.line, reason)
    },
    finish() {
      const good = withGoodReferences(view, candidates, refuse)
      errors.sort((a, b) => a.line - b.line)
      const sites = new Map(
        good.flatMap(({ site }) => (site === undefined ? [] : [[site.id, site]])),
      )
      return {
        accepted: good.length,
        rejected: errors.length,
        errors: errors.slice(0, errorsMax),
        sites: [...sites.values()],
        devices: good.flatMap(({ device }) => (device === undefined ? [] : [device])),
      }
    },
  }
}

/** The checked value, undefined when there is none, or the reason against it. */
function read<T>(schema: z.ZodType<T>, value: unknown): T | undefined | string {
  if (value === undefined) return undefined
  const result = schema.safeParse(value)
  return result.success ? result.data : tellIssues(result.error.issues, 'body').detail.slice(0, 500)
}

/** A row that falls may take others with it, so this goes round until none falls. */
function withGoodReferences(
  view: RegistryView,
  candidates: readonly Candidate[],
  refuse: (line: number, reason: string) => void,
): readonly Candidate[] {
  let good = candidates
  for (;;) {
    const world = worldOf(view, good)
    const next = good.filter(({ line, device }) => {
      const reason = device === undefined ? undefined : badReference(device, world)
      if (reason !== undefined) refuse(line, reason)
      return reason === undefined
    })
    if (next.length === good.length) return good
    good = next
  }
}

interface World {
  hasSite(id: string): boolean
  device(id: string): Device | undefined
  /** True when a registered device that is not in the import stands behind this one. */
  isGateway(id: string): boolean
}

/** The registry as it would be with these rows. */
function worldOf(view: RegistryView, rows: readonly Candidate[]): World {
  const sites = new Set(rows.map(({ site }) => site?.id))
  const devices = new Map(rows.flatMap(({ device }) => (device ? [[device.id, device]] : [])))
  // Of rows that stand behind a row that stands behind another, those in front are refused for it.
  const gateways = new Set<string | null>()
  for (const { id, gateway } of view.all('device')) if (!devices.has(id)) gateways.add(gateway)
  return {
    hasSite: (id) => sites.has(id) || view.site(id) !== undefined,
    device: (id) => devices.get(id) ?? view.device(id),
    isGateway: (id) => gateways.has(id),
  }
}

function badReference({ id, site, gateway }: Device, world: World): string | undefined {
  if (site !== null && !world.hasSite(site)) return `site: there is no "${site}"`
  if (gateway === null) return undefined
  const over = world.device(gateway)
  if (over === undefined) return `gateway: there is no device "${gateway}"`
  if (gateway === id) return 'gateway: a device can not stand behind itself'
  if (over.gateway !== null) {
    return `gateway: "${gateway}" stands behind "${over.gateway}" itself, and gateways do not chain`
  }
  if (world.isGateway(id)) return 'gateway: other devices stand behind this one already'
  return undefined
}
