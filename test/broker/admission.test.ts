import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Admission, createAdmission } from '../../broker/admission.ts'
import type { AckTarget } from '../../broker/group.ts'
import { Fault } from '../../domain/errors.ts'
import type { Timers } from '../../domain/ports.ts'
import type { UplinkDraft } from '../../domain/uplink.ts'
import { openJournalWriter } from '../../stores/journal/sqlite.ts'
import { systemPorts } from '../../runtime/system.ts'
import { gate, type GatedJournal } from './broker-under-test.ts'

/** Time that stands still until the test moves it. */
function manualTime() {
  let now = 1_000
  let soon: (() => void)[] = []
  let timers: { at: number; run: () => void; every?: number }[] = []
  function fire(): void {
    for (;;) {
      const due = timers.filter((timer) => timer.at <= now).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) return
      if (due.every === undefined) timers = timers.filter((timer) => timer !== due)
      else due.at += due.every
      due.run()
    }
  }
  const ports: Timers = {
    after(delayMs, run) {
      const timer = { at: now + delayMs, run }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    every(periodMs, run) {
      const timer = { at: now + periodMs, run, every: periodMs }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    soon: (run) => void soon.push(run),
  }
  return {
    timers: ports,
    clock: { now: () => now, monotonic: () => now },
    /** Ends this turn of the event loop. */
    turn() {
      const ready = soon
      soon = []
      for (const run of ready) run()
    },
    advance(ms: number) {
      now += ms
      fire()
    },
  }
}

class Target implements AckTarget {
  lastGroup = 0
  dueMessages = 0
  dueAcks = 0
  ackAt = 0
  ids: number[] = []
  writes = 0
  settled = 0
  failed = 0
  acknowledge(pubacks: Uint8Array | null, messages: number): void {
    this.settled += messages
    if (pubacks === null) return
    this.writes++
    for (let at = 0; at < pubacks.length; at += 4) {
      expect([pubacks[at], pubacks[at + 1]]).toEqual([0x40, 2])
      this.ids.push(((pubacks[at + 2] ?? 0) << 8) | (pubacks[at + 3] ?? 0))
    }
  }
  fail(): void {
    this.failed++
  }
}

const draft = (n = 0): UplinkDraft => ({
  kind: 'telemetry',
  device: 'd',
  receivedAt: 1,
  payload: Buffer.from(String(n)),
  readings: 1,
})

let dir: string
let journal: GatedJournal
let time: ReturnType<typeof manualTime>
let admission: Admission
let commits: number[]
let troubles: (string | null)[]
let rooms: number

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bellwether-admission-'))
  const { log } = systemPorts('silent', 'test', new Registry())
  journal = gate(openJournalWriter({ dir, segmentBytesMax: 4_194_304, bytesMax: 268_435_456, log }))
  time = manualTime()
  commits = []
  troubles = []
  rooms = 0
  admission = createAdmission({
    journal,
    clock: time.clock,
    timers: time.timers,
    log,
    delayMs: 2,
    groupMessagesMax: 10,
    journalBytesMax: 268_435_456,
    onCommit: (messages) => commits.push(messages),
    onTrouble: (trouble) => troubles.push(trouble),
    onRoom: () => rooms++,
  })
})
afterEach(() => {
  admission.close()
  journal.close()
  rmSync(dir, { recursive: true, force: true })
})

describe('when a group is committed', () => {
  test('the first message after idle: at the end of the same turn, with what came beside it', () => {
    const a = new Target()
    admission.take(draft(), a, 1)
    admission.take(draft(), a, 2)
    expect(commits).toEqual([])
    time.turn()
    expect(commits).toEqual([2])
    expect(a.ids).toEqual([1, 2])
    expect(a.writes).toBe(1)
  })

  test('soon after a commit: messages of others wait for the rest of the delay', () => {
    const [a, b] = [new Target(), new Target()]
    admission.take(draft(), a, 1)
    time.turn()
    admission.take(draft(), b, 1)
    time.turn()
    expect(commits).toEqual([1])
    time.advance(1)
    expect(commits).toEqual([1])
    time.advance(1)
    expect(commits).toEqual([1, 1])
    expect(b.ids).toEqual([1])
  })

  test('one connection that waits for each acknowledgement never waits for the delay', () => {
    const a = new Target()
    for (let id = 1; id <= 50; id++) {
      admission.take(draft(), a, id)
      time.turn()
      expect(a.ids.at(-1)).toBe(id)
    }
  })

  test('neither do several that all wait: the group is whole when the last has sent again', () => {
    const all = [new Target(), new Target(), new Target()]
    for (const target of all) admission.take(draft(), target, 1)
    time.turn()
    for (let id = 2; id <= 20; id++) {
      for (const [i, target] of all.entries()) {
        expect(target.ids.at(-1)).toBe(id - 1)
        admission.take(draft(), target, id)
        if (i < 2) time.turn()
      }
      time.turn()
    }
    expect(commits).toEqual(Array(20).fill(3))
  })

  test('a full group: at once', () => {
    const a = new Target()
    for (let id = 1; id <= 25; id++) admission.take(draft(), a, id)
    expect(commits).toEqual([10, 10])
    expect(a.ids).toHaveLength(20)
    time.turn()
    time.advance(2)
    expect(a.ids).toHaveLength(25)
  })

  test('large messages fill a group before its number of messages does', () => {
    const a = new Target()
    const large = { ...draft(), payload: Buffer.alloc(3_000_000) }
    admission.take(large, a, 1)
    expect(commits).toEqual([])
    admission.take(large, a, 2)
    expect(commits).toEqual([2])
  })

  test('events that nobody waits for: together, a while later, or with the next message', () => {
    const a = new Target()
    admission.note(draft())
    time.turn()
    admission.note(draft())
    time.turn()
    time.advance(49)
    expect(commits).toEqual([])
    time.advance(1)
    expect(commits).toEqual([2])
    time.advance(100)
    admission.note(draft())
    time.turn()
    admission.take(draft(), a, 1)
    time.turn()
    expect(commits).toEqual([2, 2])
  })

  test('one at a time: while a commit is under way the next group collects, and is congested when full', () => {
    const a = new Target()
    journal.hold()
    admission.take(draft(), a, 1)
    time.turn()
    for (let id = 2; id <= 11; id++) admission.take(draft(), a, id)
    time.turn()
    time.advance(10)
    expect(journal.waiting).toBe(1)
    expect(admission.congested).toBe(true)
    journal.release()
    time.turn()
    expect(admission.congested).toBe(false)
    expect(rooms).toBe(1)
    expect(a.ids).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    expect(commits).toEqual([1, 10])
  })
})

describe('order', () => {
  test('for any mix of connections, QoS and callbacks: each connection in order, callbacks between its messages', () => {
    const step = fc.record({
      who: fc.nat(3),
      what: fc.constantFrom('ack', 'ack', 'ack', 'quiet', 'callback', 'note', 'turn', 'time'),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const targets = [new Target(), new Target(), new Target(), new Target()]
        const wanted: number[][] = [[], [], [], []]
        let messages = 0
        for (const [i, { who, what }] of steps.entries()) {
          const target = targets[who]!
          const id = i + 1
          if (what === 'turn') time.turn()
          else if (what === 'time') time.advance(3)
          else if (what === 'note') admission.note(draft())
          else {
            messages++
            if (what !== 'quiet') wanted[who]!.push(id)
            if (what === 'callback') {
              admission.takeThen(draft(), target, (fault) => {
                expect(fault).toBeNull()
                target.ids.push(id)
                target.settled++
              })
            } else admission.take(draft(), target, what === 'ack' ? id : 0)
          }
        }
        time.turn()
        time.advance(50)
        expect(targets.map((target) => target.ids)).toEqual(wanted)
        expect(targets.reduce((sum, target) => sum + target.settled, 0)).toBe(messages)
      }),
      { numRuns: 200 },
    )
  })

  test('a callback that throws hinders no other', () => {
    const a = new Target()
    admission.takeThen(draft(), a, () => {
      throw new Error('a bug')
    })
    admission.take(draft(), a, 2)
    time.turn()
    expect(a.ids).toEqual([2])
  })

  test('flush resolves when everything taken before it is settled', async () => {
    const a = new Target()
    admission.take(draft(), a, 1)
    time.turn()
    admission.take(draft(), a, 2)
    await admission.flush()
    expect(a.ids).toEqual([1, 2])
    await admission.flush()
  })
})

describe('a fault', () => {
  const fault = new Fault('journal_unwritable', 'No space left.')

  test('fails every connection of the group once, acknowledges nothing, and takes nothing more', () => {
    const [a, b, other] = [new Target(), new Target(), new Target()]
    const faults: (Error | null)[] = []
    journal.fault = fault
    admission.take(draft(), a, 1)
    admission.take(draft(), a, 2)
    admission.takeThen(draft(), b, (error) => faults.push(error))
    admission.take(draft(), b, 3)
    time.turn()
    expect([a.failed, b.failed, other.failed]).toEqual([1, 1, 0])
    expect([a.ids, b.ids]).toEqual([[], []])
    expect(faults).toEqual([fault])
    expect(troubles).toEqual(['No space left.'])
    expect(admission.take(draft(), other, 1)).toBe(false)
    admission.takeThen(draft(), other, (error) => faults.push(error))
    expect(faults[1]).toBeInstanceOf(Fault)
    expect(journal.head).toBe(0)
  })

  test('is over when a probe works; then messages are taken again', () => {
    const a = new Target()
    journal.fault = fault
    admission.take(draft(), a, 1)
    time.turn()
    time.advance(1_700)
    expect(admission.trouble).toBe('No space left.')
    journal.fault = null
    time.advance(499)
    time.advance(1)
    expect(admission.trouble).toBeNull()
    expect(troubles).toEqual(['No space left.', null])
    expect(admission.take(draft(), a, 2)).toBe(true)
    time.turn()
    expect(a.ids).toEqual([2])
  })

  test('a full journal: what is in the open group is still committed', () => {
    const [a, b] = [new Target(), new Target()]
    admission.take(draft(), a, 1)
    journal.full = true
    expect(admission.take(draft(), b, 1)).toBe(false)
    time.turn()
    expect(a.ids).toEqual([1])
    time.advance(1_000)
    expect(admission.trouble).not.toBeNull()
    journal.full = false
    time.advance(500)
    expect(admission.trouble).toBeNull()
  })

  test('an exception from the journal is a fault like any other', () => {
    const a = new Target()
    const commit = journal.commit
    journal.commit = () => {
      throw new Error('a bug')
    }
    admission.take(draft(), a, 1)
    time.turn()
    expect(a.failed).toBe(1)
    expect(admission.trouble).toBe('a bug')
    journal.commit = commit
  })
})
