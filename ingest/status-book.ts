/**
 * The status of devices on its way to the ledger.
 *
 * Facts and connections are written before the position in the journal moves, so that a crash loses none;
 * running them again ends in the same state. That a device was seen is written later and together: losing
 * some seconds of that is harmless, writing it for each message is not.
 */

import type { Clock } from '../domain/ports.ts'
import type { Ledger, Told } from '../stores/records/ledger.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import type { Judged } from './batch.ts'
import { createFamilies } from './families.ts'
import { emptyNotes, noteUplink, type StatusNotes, seen } from './status-notes.ts'

export interface StatusBook {
  /** Whether newer uplinks were settled already than those that are noted here. */
  told: Told
  /** When devices were seen, as far as it waits to be written. */
  readonly lastSeen: ReadonlyMap<string, number>
  note(judged: readonly Judged[]): void
  /** Takes over when devices were seen from a book that is used no more. */
  takeOver(other: StatusBook): void
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
  const context = { registry, families: createFamilies(registry) }
  const notes = emptyNotes()
  const { lastSeen, connected, facts } = notes
  let nextFlushAt = 0

  async function flush(): Promise<void> {
    const start = clock.monotonic()
    const devices = [...lastSeen.keys(), ...connected.keys(), ...facts.keys()]
    await write(ledger, notes, { devices, told: book.told })
    const end = clock.monotonic()
    nextFlushAt = end + Math.max(flushEveryMs, (end - start) / flushShare)
  }

  const book: StatusBook = {
    told: 'newest',
    lastSeen,
    note(judged) {
      for (const one of judged) noteUplink(notes, one, context)
    },
    takeOver(other) {
      for (const [device, at] of other.lastSeen) seen(notes, device, at)
    },
    async settle() {
      if (!notes.allGone && connected.size === 0 && facts.size === 0) return
      const devices = [...connected.keys(), ...facts.keys()]
      await write(ledger, notes, { devices, told: book.told })
    },
    async flushIfDue() {
      if (lastSeen.size === 0) return
      if (clock.monotonic() >= nextFlushAt || lastSeen.size > waitingMax) await flush()
    },
    flush,
  }
  return book
}

/** All facts and connections, and when these devices were seen. Forgets only what was written. */
async function write(
  ledger: Ledger,
  notes: StatusNotes,
  { devices, told }: { devices: readonly string[]; told: Told },
): Promise<void> {
  const { lastSeen, connected, facts, written, seq } = notes
  const changes = [...new Set(devices)].map((device) => ({
    device,
    seq,
    ...optional('lastSeenAt', lastSeen.get(device)),
    ...optional('connected', connected.get(device)),
    ...optional('attributes', facts.get(device)),
  }))
  if (notes.allGone) await ledger.disconnectAll(seq, told)
  notes.allGone = false
  await ledger.updateStatus(changes, told)
  for (const { device } of changes) lastSeen.delete(device)
  for (const [device, here] of connected) written.set(device, here)
  connected.clear()
  facts.clear()
}

function optional<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { [K in Key]?: Value } {
  const field: { [K in Key]?: Value } = {}
  if (value !== undefined) field[key] = value
  return field
}
