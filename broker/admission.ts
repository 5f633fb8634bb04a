/**
 * Admission: the one way into the journal. Messages join the open group, the group is committed with one
 * disk write, and only then is anything acknowledged, in the order of arrival.
 *
 * When to commit: at once if the disk has been idle, or if every connection of the last group has sent again
 * (a closed loop: waiting would only cost time); otherwise `delayMs` after the last commit, or when the group
 * is full. Events that nobody waits for wait longer, or go along with what comes. When a commit fails, none of its messages is acknowledged, `trouble` says why, and the disk is
 * tried again every half second until it works.
 */

import { Fault } from '../domain/errors.ts'
import type { Cancel, Clock, Log, Timers } from '../domain/ports.ts'
import type { UplinkDraft } from '../domain/uplink.ts'
import type { JournalWriter } from '../stores/journal/journal.ts'
import { type AckTarget, Group, settleGroup } from './group.ts'

const probeEveryMs = 500
/** How long events wait that nobody waits for, so that a thousand sign-ins do not cost a thousand disk writes. */
const noteDelayMs = 50
/** A full journal must have shrunk to this part of its limit, so that it does not come and go. */
const recoveredShare = 15 / 16
/** A group is also full at this size, so that large messages do not pile up in memory. */
const groupBytesMax = 4 * 1_048_576

export interface AdmissionOptions {
  journal: JournalWriter
  clock: Clock
  timers: Timers
  log: Log
  delayMs: number
  groupMessagesMax: number
  /** Size at which the journal refuses; admission waits until it is below again. */
  journalBytesMax: number
  /** After each durable commit: how many messages, and how long the first that somebody waits for has waited. */
  onCommit(messages: number, waitedSeconds: number | null): void
  /** The journal became unwritable (a reason) or works again (null). */
  onTrouble(trouble: string | null): void
  /** There is room again after `congested`. */
  onRoom(): void
}

export interface Admission {
  /** Takes one message of a connection; false when the journal cannot be written: close the connection. */
  take(draft: UplinkDraft, target: AckTarget, packetId: number): boolean
  /** Owes an acknowledgement in its turn for a message that is not kept; false as `take`. */
  owe(target: AckTarget, packetId: number): boolean
  /** The same for whoever needs a callback: Aedes' hooks. Called in order with the acknowledgements. */
  takeThen(draft: UplinkDraft, target: AckTarget | null, done: (fault: Error | null) => void): void
  /** Durable, but nobody waits for it; lost without harm while the journal cannot be written. */
  note(draft: UplinkDraft): void
  /** Calls back when everything taken so far is settled. */
  settled(done: (fault: Error | null) => void): void
  /** True while a full group waits for the commit before it: read no more until `onRoom`. */
  readonly congested: boolean
  /** Why nothing can be taken now, or null. */
  readonly trouble: string | null
  /** Commits what is open and resolves when all is settled; nothing waits for a delay any more. */
  flush(): Promise<void>
  close(): void
}

export function createAdmission(options: AdmissionOptions): Admission {
  const { journal, clock, timers, log, delayMs, groupMessagesMax } = options
  let open = new Group(1)
  let spare: Group | null = null
  let lastDistinct = 0
  let lastCommitAt = Number.NEGATIVE_INFINITY
  let committing = false
  let looking = false
  let timer: Cancel | null = null
  let timerAt = 0
  let trouble: string | null = null
  let probe: Cancel | null = null
  let congested = false

  function take(draft: UplinkDraft, target: AckTarget | null, packetId: number): boolean {
    if (trouble !== null || !append(draft)) return false
    const group = open
    if (group.waiting === 0 && target !== null) group.waitingSince = clock.monotonic()
    group.add(target, packetId, draft.payload.length)
    if (group.messages >= groupMessagesMax || group.bytes >= groupBytesMax) full()
    else if (!looking) lookSoon()
    return true
  }

  function owe(target: AckTarget, packetId: number): boolean {
    if (trouble !== null) return false
    if (open.waiting === 0) open.waitingSince = clock.monotonic()
    open.owe(target, packetId)
    lookSoon()
    return true
  }

  function append(draft: UplinkDraft): boolean {
    try {
      journal.append(draft)
      return true
    } catch (error) {
      // What is in the open group already may still become durable.
      lookSoon()
      fail(error)
      return false
    }
  }

  function full(): void {
    if (committing) congested = true
    else commit()
  }

  function lookSoon(): void {
    if (looking) return
    looking = true
    timers.soon(look)
  }

  /** After the input that was waiting in this turn of the loop: is it time to commit? */
  function look(): void {
    looking = false
    if (open.empty || committing) return
    const sinceLastMs = clock.monotonic() - lastCommitAt
    const allReturned = lastDistinct > 0 && open.returned >= lastDistinct
    if (open.waiting === 0) commitIn(noteDelayMs)
    else if (sinceLastMs >= delayMs || allReturned) commit()
    else commitIn(delayMs - sinceLastMs)
  }

  function commitIn(waitMs: number): void {
    const at = clock.monotonic() + waitMs
    if (timer !== null && timerAt <= at) return
    timer?.()
    timerAt = at
    timer = timers.after(waitMs, onTimer)
  }

  function onTimer(): void {
    timer = null
    if (!open.empty && !committing) commit()
  }

  function commit(): void {
    timer?.()
    timer = null
    const group = open
    open = spare?.reuse(group.number + 1) ?? new Group(group.number + 1)
    spare = null
    lastDistinct = group.distinct
    lastCommitAt = clock.monotonic()
    committing = true
    let called = false
    const done = (fault: Error | null) => {
      if (called) return
      called = true
      settle(group, fault)
    }
    try {
      if (journal.pending === 0) done(null)
      else journal.commit(done)
    } catch (error) {
      done(faultOf(error))
    }
  }

  function settle(group: Group, fault: Error | null): void {
    if (fault !== null) fail(fault)
    else if (group.messages > 0) options.onCommit(group.messages, waitedSeconds(group))
    // `committing` still holds: what this lets in joins the next group and cannot commit inside of us.
    settleGroup(group, fault, (error) =>
      log.error({ error }, 'A callback of an acknowledgement failed; this is a bug.'),
    )
    group.clear()
    spare = group
    committing = false
    if (congested) {
      congested = false
      timers.soon(options.onRoom)
    }
    if (open.empty) return
    if (open.messages >= groupMessagesMax || open.bytes >= groupBytesMax) commit()
    else lookSoon()
  }

  function waitedSeconds({ waiting, waitingSince }: Group): number | null {
    return waiting === 0 ? null : (clock.monotonic() - waitingSince) / 1_000
  }

  function fail(error: unknown): void {
    const fault = faultOf(error)
    if (trouble !== null) return
    trouble = fault.message
    log.error(
      { error: fault, code: fault.code },
      'The journal cannot be written; nothing is acknowledged.',
    )
    probe ??= timers.every(probeEveryMs, tryAgain)
    options.onTrouble(trouble)
  }

  function tryAgain(): void {
    const enough = journal.bytes <= options.journalBytesMax * recoveredShare
    if (!enough || !works()) return
    probe?.()
    probe = null
    trouble = null
    log.info({}, 'The journal can be written again.')
    options.onTrouble(null)
  }

  function works(): boolean {
    try {
      return journal.probe()
    } catch (error) {
      log.debug({ error }, 'The journal still cannot be written.')
      return false
    }
  }

  function settled(done: (fault: Error | null) => void): void {
    open.addWaiting(done)
    if (!committing) commit()
  }

  return {
    take,
    owe,
    takeThen(draft, target, done) {
      if (trouble !== null || !append(draft)) {
        done(new Fault('journal_unwritable', trouble ?? 'The journal cannot be written.'))
        return
      }
      if (open.waiting === 0) open.waitingSince = clock.monotonic()
      open.addCallback(target, done, draft.payload.length)
      if (open.messages >= groupMessagesMax) full()
      else lookSoon()
    },
    note: (draft) => void take(draft, null, 0),
    settled,
    get congested() {
      return congested
    },
    get trouble() {
      return trouble
    },
    flush: () => new Promise<void>((resolve) => settled(() => resolve())),
    close() {
      timer?.()
      probe?.()
    },
  }
}

function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error
  return new Fault('journal_unwritable', error instanceof Error ? error.message : String(error), {
    cause: error,
  })
}
