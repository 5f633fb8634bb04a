/**
 * One group of messages that share a disk write, and how their acknowledgements go out: one write per
 * connection, PUBACKs in the order of their PUBLISHes (MQTT 3.1.1 §4.6), callbacks in order between them.
 */

/** A connection as seen from here. The numbers are this module's own scratch space on it. */
export interface AckTarget {
  /** Number of the last group that holds a message of this connection. */
  lastGroup: number
  /** Messages and PUBACKs of the group that is being settled. */
  dueMessages: number
  dueAcks: number
  ackAt: number
  /** `messages` are durable; `pubacks` are the bytes to send for them, or null when none is owed. */
  acknowledge(pubacks: Uint8Array | null, messages: number): void
  /** A message of this connection was not taken: nothing more may be promised to it. */
  fail(fault: Error): void
}

type Done = (fault: Error | null) => void

const callbackEntry = -1

export class Group {
  number: number
  /** Uplinks in it; callbacks that only wait are not counted. */
  messages = 0
  bytes = 0
  /** Entries that somebody waits for, and since when (monotonic milliseconds). */
  waiting = 0
  waitingSince = 0
  /** Connections in this group; and those of them that were in the group before. */
  distinct = 0
  returned = 0
  readonly targets: (AckTarget | null)[] = []
  /** Packet id of QoS 1, 0 when nothing is owed, `callbackEntry` for a callback. */
  readonly packetIds: number[] = []
  readonly callbacks: Done[] = []

  constructor(number: number) {
    this.number = number
  }

  add(target: AckTarget | null, packetId: number, bytes: number): void {
    this.messages++
    this.bytes += bytes
    this.#enter(target, packetId)
  }

  /** Acknowledged in its turn; nothing of it is in the journal. */
  owe(target: AckTarget, packetId: number): void {
    this.#enter(target, packetId)
  }

  addCallback(target: AckTarget | null, done: Done, bytes: number): void {
    this.callbacks.push(done)
    this.add(target, callbackEntry, bytes)
  }

  /** Called back after everything before it, and nothing else. */
  addWaiting(done: Done): void {
    this.callbacks.push(done)
    this.#enter(null, callbackEntry)
  }

  get empty(): boolean {
    return this.targets.length === 0
  }

  #enter(target: AckTarget | null, packetId: number): void {
    if (target !== null || packetId === callbackEntry) this.waiting++
    if (target !== null && target.lastGroup !== this.number) {
      this.distinct++
      if (target.lastGroup === this.number - 1) this.returned++
      target.lastGroup = this.number
    }
    this.targets.push(target)
    this.packetIds.push(packetId)
  }

  clear(): void {
    this.targets.length = 0
    this.packetIds.length = 0
    this.callbacks.length = 0
    this.messages = 0
    this.bytes = 0
    this.waiting = 0
    this.distinct = 0
    this.returned = 0
  }

  reuse(number: number): Group {
    this.number = number
    return this
  }
}

/** Acknowledges (or fails) everything in the group, in order. `onError` hears of callbacks that throw. */
export function settleGroup(
  group: Group,
  fault: Error | null,
  onError: (error: unknown) => void,
): void {
  const size = group.targets.length
  let from = 0
  let callback = 0
  if (group.callbacks.length > 0) {
    for (let i = 0; i < size; i++) {
      if (group.packetIds[i] !== callbackEntry) continue
      settleRange(group, from, i, fault)
      from = i + 1
      try {
        group.callbacks[callback]?.(fault)
      } catch (error) {
        onError(error)
      }
      callback++
    }
  }
  settleRange(group, from, size, fault)
}

function settleRange(group: Group, from: number, to: number, fault: Error | null): void {
  if (from === to) return
  const due = countDue(group, from, to)
  if (fault !== null) {
    for (const target of due) {
      target.dueMessages = 0
      target.dueAcks = 0
      target.fail(fault)
    }
    return
  }
  const acks = new Uint8Array(ackBytes(due))
  writeAcks(group, from, to, acks)
  for (const target of due) {
    const messages = target.dueMessages
    const bytes = target.dueAcks * 4
    target.dueMessages = 0
    target.dueAcks = 0
    target.acknowledge(
      bytes === 0 ? null : acks.subarray(target.ackAt - bytes, target.ackAt),
      messages,
    )
  }
}

/** The connections of the range, each with what is due to it. */
function countDue(group: Group, from: number, to: number): AckTarget[] {
  const due: AckTarget[] = []
  for (let i = from; i < to; i++) {
    const target = group.targets[i]
    const id = group.packetIds[i]
    if (target === null || target === undefined || id === callbackEntry) continue
    if (target.dueMessages++ === 0) due.push(target)
    if (id !== 0) target.dueAcks++
  }
  return due
}

/** Gives each connection its place in the shared buffer; returns the bytes of all. */
function ackBytes(due: readonly AckTarget[]): number {
  let at = 0
  for (const target of due) {
    target.ackAt = at
    at += target.dueAcks * 4
  }
  return at
}

/** Moves each connection's `ackAt` to the end of its part. */
function writeAcks(group: Group, from: number, to: number, acks: Uint8Array): void {
  for (let i = from; i < to; i++) {
    const id = group.packetIds[i] ?? 0
    const target = group.targets[i]
    if (id === 0 || target === null || target === undefined) continue
    const at = target.ackAt
    acks[at] = 0x40
    acks[at + 1] = 2
    acks[at + 2] = id >> 8
    acks[at + 3] = id & 0xff
    target.ackAt = at + 4
  }
}
