/**
 * What messages tell about devices, on its way to the ledger: who is connected, when each was last seen,
 * facts.
 *
 * Facts and connections are written before the position in the journal moves, so that a crash loses none;
 * running them again ends in the same state. That a device was seen is written later and together: losing
 * some seconds of that is harmless, writing it for each message is not.
 */

import type { Clock } from '../domain/ports.ts'
import type { Verdict } from '../domain/quarantine.ts'
import type { Uplink } from '../domain/uplink.ts'
import type { Ledger } from '../stores/records/ledger.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import type { Judged } from './batch.ts'
import { createFamilies } from './families.ts'

type Change = Parameters<Ledger['updateStatus']>[0][number]
type Facts = NonNullable<Change['attributes']>

export interface StatusBook {
  note(judged: readonly Judged[]): void
  /** Of a message that is judged long after it came only the facts are news. */
  noteFacts(verdict: Verdict): void
  /** Writes what must not be lost. */
  settle(): Promise<void>
  /** Writes when devices were seen, if it is time. */
  flushIfDue(): Promise<void>
  /** Writes everything. */
  flush(): Promise<void>
}

export interface StatusBookOptions {
  ledger: Ledger
  registry: RegistryView
  clock: Clock
}

/** Seen devices are written every so often at most … */
const flushEveryMs = 2_000
/** … and take this share of the time at most, however many there are. */
const flushShare = 1 / 20
/** Devices that may wait to be written. */
const waitingMax = 100_000

export function createStatusBook({ ledger, registry, clock }: StatusBookOptions): StatusBook {
  const families = createFamilies(registry)
  const lastSeen = new Map<string, number>()
  const connected = new Map<string, boolean>()
  /** What the ledger holds as far as it was written from here, so that only changes are written. */
  const written = new Map<string, boolean>()
  const facts = new Map<string, Facts>()
  let allGone = false
  let nextFlushAt = 0

  function seen(device: string, at: number): void {
    const before = lastSeen.get(device)
    if (before === undefined || at > before) lastSeen.set(device, at)
  }

  function setConnected(device: string, value: boolean): void {
    if (connected.has(device) || written.get(device) !== value) connected.set(device, value)
  }

  function noteSession({ kind, device, receivedAt }: Uplink): void {
    if (kind === 'broker-start') {
      allGone = true
      connected.clear()
      written.clear()
    }
    if (registry.device(device) === undefined) return
    setConnected(device, kind === 'session-open')
    if (kind === 'session-open') seen(device, receivedAt)
    else for (const child of families.behind(device)) setConnected(child, false)
  }

  function noteMessage({ uplink, verdict }: Judged): void {
    const { device: sender, receivedAt } = uplink
    if (registry.device(sender) === undefined) return
    seen(sender, receivedAt)
    let last = sender
    for (const { device } of verdict.accepted) {
      if (device === last) continue
      last = device
      seen(device, receivedAt)
      /** A gateway need not announce a device before it sends for it. */
      if (device !== sender) setConnected(device, true)
    }
    for (const device of verdict.attributes?.keys() ?? []) seen(device, receivedAt)
    noteFacts(verdict)
    for (const [device, here] of verdict.presence ?? []) {
      if (here) seen(device, receivedAt)
      setConnected(device, here)
    }
  }

  function noteFacts({ attributes }: Verdict): void {
    for (const [device, told] of attributes ?? []) {
      facts.set(device, { ...facts.get(device), ...told })
    }
  }

  function take(devices: Iterable<string>): Change[] {
    return [...new Set(devices)].map((device) => ({
      device,
      ...optional('lastSeenAt', lastSeen.get(device)),
      ...optional('connected', connected.get(device)),
      ...optional('attributes', facts.get(device)),
    }))
  }

  /** Only forgets what was written once it is: after a fault everything is still here. */
  async function write(changes: readonly Change[]): Promise<void> {
    if (allGone) await ledger.disconnectAll()
    allGone = false
    await ledger.updateStatus(changes)
    for (const { device } of changes) lastSeen.delete(device)
    for (const [device, here] of connected) written.set(device, here)
    connected.clear()
    facts.clear()
  }

  async function flush(): Promise<void> {
    const start = clock.monotonic()
    await write(take([...lastSeen.keys(), ...connected.keys(), ...facts.keys()]))
    const end = clock.monotonic()
    nextFlushAt = end + Math.max(flushEveryMs, (end - start) / flushShare)
  }

  return {
    note(judged) {
      for (const one of judged) {
        if (isSession(one.uplink)) noteSession(one.uplink)
        else noteMessage(one)
      }
    },
    noteFacts,
    async settle() {
      if (!allGone && connected.size === 0 && facts.size === 0) return
      await write(take([...connected.keys(), ...facts.keys()]))
    },
    async flushIfDue() {
      if (lastSeen.size === 0) return
      if (clock.monotonic() >= nextFlushAt || lastSeen.size > waitingMax) await flush()
    },
    flush,
  }
}

function isSession({ kind }: Uplink): boolean {
  return kind === 'session-open' || kind === 'session-close' || kind === 'broker-start'
}

function optional<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { [K in Key]?: Value } {
  const field: { [K in Key]?: Value } = {}
  if (value !== undefined) field[key] = value
  return field
}
