/** What messages tell about devices and is not in the ledger yet: who is connected, when seen, facts. */

import type { Uplink } from '../domain/uplink.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import type { Judged } from './batch.ts'
import type { Facts } from '../payload/decoders/sample.ts'
import type { Families } from './families.ts'

export interface StatusNotes {
  /** Milliseconds since 1970 UTC of the newest message of each device. */
  lastSeen: Map<string, number>
  connected: Map<string, boolean>
  facts: Map<string, Facts>
  /** Everybody was disconnected before what `connected` holds. */
  allGone: boolean
  /** Connections as far as they were written from here, so that only changes are noted. */
  written: Map<string, boolean>
  /** Position of the uplink that was noted last. */
  seq: number
}

export function emptyNotes(): StatusNotes {
  return {
    lastSeen: new Map(),
    connected: new Map(),
    facts: new Map(),
    allGone: false,
    written: new Map(),
    seq: 0,
  }
}

export interface NoteContext {
  registry: RegistryView
  families: Families
}

export function noteUplink(notes: StatusNotes, judged: Judged, context: NoteContext): void {
  notes.seq = judged.uplink.seq
  switch (judged.uplink.kind) {
    case 'broker-start':
      notes.allGone = true
      notes.connected.clear()
      notes.written.clear()
      return
    case 'session-open':
    case 'session-close':
      noteSession(notes, judged.uplink, context)
      return
    default:
      noteMessage(notes, judged, context)
  }
}

function noteSession(
  notes: StatusNotes,
  uplink: Uplink,
  { registry, families }: NoteContext,
): void {
  const { kind, device, receivedAt } = uplink
  if (registry.device(device) === undefined) return
  setConnected(notes, device, kind === 'session-open')
  if (kind === 'session-open') seen(notes, device, receivedAt)
  else for (const child of families.behind(device)) setConnected(notes, child, false)
}

function noteMessage(
  notes: StatusNotes,
  { uplink, verdict }: Judged,
  { registry }: NoteContext,
): void {
  const { device: sender, receivedAt } = uplink
  if (registry.device(sender) === undefined) return
  seen(notes, sender, receivedAt)
  let last = sender
  for (const { device } of verdict.accepted) {
    if (device === last) continue
    last = device
    seen(notes, device, receivedAt)
    /** A gateway need not announce a device before it sends for it. */
    if (device !== sender) setConnected(notes, device, true)
  }
  for (const [device, told] of verdict.attributes ?? []) {
    seen(notes, device, receivedAt)
    notes.facts.set(device, { ...notes.facts.get(device), ...told })
  }
  for (const [device, here] of verdict.presence ?? []) {
    if (here) seen(notes, device, receivedAt)
    setConnected(notes, device, here)
  }
}

export function seen(
  { lastSeen }: Pick<StatusNotes, 'lastSeen'>,
  device: string,
  at: number,
): void {
  const before = lastSeen.get(device)
  if (before === undefined || at > before) lastSeen.set(device, at)
}

function setConnected({ connected, written }: StatusNotes, device: string, value: boolean): void {
  if (connected.has(device) || written.get(device) !== value) connected.set(device, value)
}
