/**
 * The registry: what is registered and configured. Written by the API, read by every role.
 *
 * Every write is recorded in a change list in the same transaction, so that a reader in another thread or
 * process (`RegistryView`) can follow with a few microseconds of work when nothing has changed.
 */

import type { Device } from '../../domain/device.ts'
import type { Placements } from '../../domain/placement.ts'
import type { QualityPlan } from '../../domain/quality-plan.ts'
import type { Rule } from '../../domain/rule.ts'
import type { Silence } from '../../domain/silence.ts'
import type { Site } from '../../domain/site.ts'
import type { Token } from '../../domain/token.ts'
import type { Webhook } from '../../domain/webhook.ts'
import type { WrittenSites } from '../../domain/written-sites.ts'

/** SHA-256 of a secret, 64 hexadecimal digits in lower case. */
export type SecretHash = string

export interface Entities {
  site: Site
  device: Device
  rule: Rule
  webhook: Webhook & { secret: string }
  token: Token & { hash: SecretHash }
  silence: Silence
  'quality-plan': QualityPlan
}
export type EntityKind = keyof Entities

export interface AuditEntry {
  /** Milliseconds since 1970 UTC. */
  at: number
  /** Token id, `device:<id>` or `system`. */
  actor: string
  action: string
  /** Such as `device/g-17`. */
  target: string
  /** `unknown`: begun, and the process ended (or failed) before it was known whether it was done. */
  result: 'done' | 'refused' | 'unknown'
  /** Address the request came from, or the user of the machine that ran the command. */
  from: string
}

/** A change that is about to be made; the trail has it whatever happens to the process. */
export type BegunChange = Omit<AuditEntry, 'result'>

/** A device is known to have stood at a site, or at none, in a time. */
export interface PlacementChange {
  device: string
  site: string | null
  /** Milliseconds since 1970 UTC, −∞ for since ever. */
  from: number
  /** Null: it still stands there, or stood there until it was removed. */
  until: number | null
  /** Also for a device that nothing is known of. */
  force?: boolean
}

export interface Registry {
  /**
   * `conflict` when the id exists, `impossible` when it refers to a site or gateway that does not. `placedAt`, of
   * devices: since when it stands at its site (milliseconds since 1970 UTC) when that is neither since ever nor, for
   * one that is known, since now.
   */
  insert<K extends EntityKind>(kind: K, item: Entities[K], placedAt?: number): Promise<void>
  /** `not_found` when the id does not exist. */
  replace<K extends EntityKind>(kind: K, item: Entities[K], placedAt?: number): Promise<void>
  /**
   * Corrects where a device has stood; its own entry follows when it concerns today. `not_found` when there is no such
   * device or site, `impossible` for times that cannot be.
   */
  place(change: PlacementChange): Promise<void>
  /**
   * Where stored readings of an earlier version show devices that nothing else is known of to have stood; each that has
   * moved gets an entry of the trail. Answers which these are.
   */
  placeAsWritten(written: readonly WrittenSites[]): Promise<string[]>
  /** False when there was none; `conflict` when something still refers to it. */
  remove(kind: EntityKind, id: string): Promise<boolean>
  /**
   * Many sites and devices, inserted or replaced, in whatever order they refer to each other; for imports.
   * Transactions of at most 1,000 items: `impossible` names a row that refers to nothing, and what was
   * written in transactions before it stays.
   */
  upsertAll(sites: readonly Site[], devices: readonly Device[]): Promise<void>
  /** Replaces the device's token; null takes it away. `conflict` when another device has the same. */
  setDeviceToken(device: string, hash: SecretHash | null): Promise<void>
  /** Many new tokens in few transactions, for imports; `not_found` when a device does not exist. */
  setDeviceTokens(hashes: ReadonlyMap<string, SecretHash>): Promise<void>
  audit(entry: AuditEntry): Promise<void>
  /** Before a change: writes down that it begins; the answer is for `endAudit`. */
  beginAudit(change: BegunChange): Promise<number>
  /** After it: the entry of the trail; `target` when it was not known before. */
  endAudit(begun: number, entry: AuditEntry): Promise<void>
  /**
   * At the start of the one process that serves: what was begun and never ended comes into the trail as `unknown`.
   * Answers how many.
   */
  settleAudit(): Promise<number>
  auditTrail(limit: number, before?: number): Promise<readonly (AuditEntry & { id: number })[]>
  close(): Promise<void>
}

export interface RegisteredDevice extends Device {
  tokenHash: SecretHash | null
}

/** The whole registry in memory, kept up to date by `refresh`. Returned objects must not be changed. */
export interface RegistryView {
  /** Takes over what was committed since; true when something changed. Cheap when nothing did. */
  refresh(): Promise<boolean>
  /** Grows with every change. */
  readonly version: number
  device(id: string): RegisteredDevice | undefined
  deviceByTokenHash(hash: SecretHash): RegisteredDevice | undefined
  site(id: string): Site | undefined
  /** Undefined for a device that has stood at one site, or none, ever since. */
  placements(device: string): Placements | undefined
  /** Where the device stood at a moment, milliseconds since 1970 UTC; also one that is no longer registered. */
  siteAt(device: string, at: number): string | null
  /** Devices that have placements, registered or not. */
  placed(): Iterable<string>
  tokenByHash(hash: SecretHash): Token | undefined
  /** In the order of their ids. */
  all<K extends EntityKind>(kind: K): readonly Entities[K][]
  get<K extends EntityKind>(kind: K, id: string): Entities[K] | undefined
  close(): Promise<void>
}
