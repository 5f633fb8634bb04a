/**
 * Judges the rows of an import. A row says something of a site, a device or both, and is laid over what is registered.
 * It is good when both have the right form then and, once all rows are known, refer only to sites and gateways that
 * exist or come with a good row. Bad rows are told by line; the good ones are kept whatever the others are.
 */

import type { z } from 'zod'
import { type Device, deviceSchema } from '../../domain/device.ts'
import { Fault } from '../../domain/errors.ts'
import { type Site, siteSchema } from '../../domain/site.ts'
import { unusableAttribute } from '../../domain/site-attributes.ts'
import { newIdSchema } from '../../domain/text.ts'
import type { RegistryView } from '../../stores/records/registry.ts'
import {
  changesOf,
  type FieldChange,
  isFields,
  laidOver,
  merged,
  type Schema,
  saidPaths,
} from './import-merge.ts'
import type { ImportRow } from './import-row.ts'
import { tellIssues } from '../http/validation-messages.ts'

/** Errors and changes that are listed; all are counted. */
const listedMax = 1_000

export interface ImportError {
  line: number
  reason: string
}

export interface ImportChange {
  /** The last row that says something of it. */
  line: number
  kind: 'site' | 'device'
  id: string
  change: 'create' | 'change'
  fields: Record<string, FieldChange>
}

export interface ImportVerdict {
  accepted: number
  rejected: number
  created: number
  changed: number
  unchanged: number
  /** The first 1,000, by line. */
  errors: readonly ImportError[]
  /** The first 1,000, by line. */
  changes: readonly ImportChange[]
  /** Those that are made or changed. */
  sites: readonly Site[]
  devices: readonly Device[]
  /** Ids of all devices that the file names in good rows. */
  named: readonly string[]
}

export interface ImportParts {
  view: RegistryView
  /** `numberAttributes` of the rules. */
  numbers: ReadonlySet<string>
  /** Throws `conflict` when the change of a site may not be made. */
  mayChange(before: Site, after: Site): Promise<void>
}

interface Candidate {
  line: number
  /** What it says of a site. */
  given: Readonly<Record<string, unknown>> | undefined
  site: Site | undefined
  device: Device | undefined
}

export class ImportJudge {
  readonly #parts: ImportParts
  readonly #candidates: Candidate[] = []
  /** Site and path → what was said there, and on which line. */
  readonly #said = new Map<string, { line: number; json: string }>()
  readonly #deviceLines = new Map<string, number>()
  readonly #errors: ImportError[] = []

  constructor(parts: ImportParts) {
    this.#parts = parts
  }

  take(row: ImportRow): void {
    const reason = this.#judge(row)
    if (reason !== undefined) this.#refuse(row.line, reason)
  }

  async finish(): Promise<ImportVerdict> {
    const { view } = this.#parts
    const allowed = await this.#allowed()
    const good = withGoodReferences(view, allowed, (line, reason) => this.#refuse(line, reason))
    this.#errors.sort((a, b) => a.line - b.line)
    const sites = new Map<string, { item: Site; line: number }>()
    const devices = new Map<string, { item: Device; line: number }>()
    for (const { line, given, site, device } of good) {
      if (site !== undefined && given !== undefined) {
        const known = sites.get(site.id)?.item
        const both = known === undefined ? undefined : laidOver(siteSchema, known, given)
        if (both?.success === false) throw both.error
        sites.set(site.id, { item: both?.data ?? site, line })
      }
      if (device !== undefined) devices.set(device.id, { item: device, line })
    }
    const written = {
      sites: changed('site', sites, (id) => view.site(id)),
      devices: changed('device', devices, (id) => deviceOf(view, id)),
    }
    const changes = [...written.sites, ...written.devices].sort((a, b) => a.told.line - b.told.line)
    const created = changes.filter(({ told }) => told.change === 'create').length
    return {
      accepted: good.length,
      rejected: this.#errors.length,
      created,
      changed: changes.length - created,
      unchanged: sites.size + devices.size - changes.length,
      errors: this.#errors.slice(0, listedMax),
      changes: changes.slice(0, listedMax).map(({ told }) => told),
      sites: written.sites.map(({ item }) => item),
      devices: written.devices.map(({ item }) => item),
      named: [...devices.keys()],
    }
  }

  #refuse(line: number, reason: string): void {
    this.#errors.push({ line, reason })
  }

  #judge({ line, ...row }: ImportRow): string | undefined {
    if (row.reason !== undefined) return row.reason
    const site = this.#read(row.site ?? undefined, siteSchema, (id) => this.#parts.view.site(id))
    if (typeof site === 'string') return site
    const device = this.#read(row.device ?? undefined, deviceSchema, (id) =>
      deviceOf(this.#parts.view, id),
    )
    if (typeof device === 'string') return device
    if (site === undefined && device === undefined) return 'holds neither a site nor a device'
    const unusable = site && this.#unusable(site)
    if (unusable !== undefined) return unusable
    const again = device && this.#deviceLines.get(device.id)
    if (again !== undefined) return `device: "${device?.id}" is on line ${again} already`
    const given = isFields(row.site) ? row.site : undefined
    const other = site && given && this.#saidOtherwise(site.id, given, line)
    if (other !== undefined) return other
    if (device !== undefined) this.#deviceLines.set(device.id, line)
    this.#candidates.push({ line, given, site, device })
    return undefined
  }

  /** The whole thing as it would be, undefined when the row says nothing of it, or the reason against it. */
  #read<T extends Site | Device>(
    given: unknown,
    schema: Schema<T>,
    knownOf: (id: string) => T | undefined,
  ): T | undefined | string {
    if (given === undefined) return undefined
    const known = isFields(given) && typeof given.id === 'string' ? knownOf(given.id) : undefined
    const result =
      known !== undefined && isFields(given)
        ? laidOver(schema, known, given)
        : schema.safeParse(withoutNulls(given))
    if (!result.success) return told(result.error)
    if (known !== undefined) return result.data
    const id = newIdSchema.safeParse(result.data.id)
    return id.success ? result.data : `id: ${told(id.error).replace(/^body: /, '')}`
  }

  #unusable(site: Site): string | undefined {
    const { view, numbers } = this.#parts
    const bad = unusableAttribute(view.site(site.id), site, numbers)
    return bad === null ? undefined : `attributes.${bad.name}: ${bad.reason}.`
  }

  /** The same site may stand in the rows of all its devices, but must not be described otherwise there. */
  #saidOtherwise(
    id: string,
    given: Readonly<Record<string, unknown>>,
    line: number,
  ): string | undefined {
    const paths = saidPaths(given).map(([path, json]) => ({ path, key: `${id}\n${path}`, json }))
    for (const { path, key, json } of paths) {
      const before = this.#said.get(key)
      if (before !== undefined && before.json !== json) {
        return `site: "${id}" is described otherwise on line ${before.line} (${path})`
      }
    }
    for (const { key, json } of paths) {
      if (!this.#said.has(key)) this.#said.set(key, { line, json })
    }
    return undefined
  }

  /** Without the rows that change a site as it may not be changed. */
  async #allowed(): Promise<readonly Candidate[]> {
    const allowed: Candidate[] = []
    for (const candidate of this.#candidates) {
      const { line, site } = candidate
      const before = site && this.#parts.view.site(site.id)
      try {
        if (site !== undefined && before !== undefined) await this.#parts.mayChange(before, site)
        allowed.push(candidate)
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== 'conflict') throw error
        this.#refuse(line, error.message)
      }
    }
    return allowed
  }
}

function told(error: z.ZodError): string {
  return tellIssues(error.issues, 'body').detail.slice(0, 500)
}

/** Of something new there is nothing to clear. */
function withoutNulls(given: unknown): unknown {
  return isFields(given) ? merged({}, given) : given
}

function deviceOf(view: RegistryView, id: string): Device | undefined {
  const known = view.device(id)
  if (known === undefined) return undefined
  const { tokenHash: _, ...device } = known
  return device
}

function changed<T extends Site | Device>(
  kind: 'site' | 'device',
  items: ReadonlyMap<string, { item: T; line: number }>,
  knownOf: (id: string) => T | undefined,
): { item: T; told: ImportChange }[] {
  return [...items].flatMap(([id, { item, line }]) => {
    const before = knownOf(id)
    const fields = changesOf(before, item)
    if (before !== undefined && Object.keys(fields).length === 0) return []
    const change = before === undefined ? 'create' : 'change'
    return [{ item, told: { line, kind, id, change, fields } }]
  })
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
  if (site !== null && !world.hasSite(site)) return `site: there is no "${site}"; make it first`
  if (gateway === null) return undefined
  const over = world.device(gateway)
  if (over === undefined) return `gateway: there is no device "${gateway}"; make it first`
  if (gateway === id) return 'gateway: a device cannot stand behind itself'
  if (over.gateway !== null) {
    return `gateway: "${gateway}" stands behind "${over.gateway}" itself, and gateways do not chain`
  }
  if (world.isGateway(id)) return 'gateway: other devices stand behind this one already'
  return undefined
}
