/**
 * The loop of the alerts role over the journal: read from where it stands, judge, evaluate, record.
 * It runs one pass at a time. Changes are recorded after at most 64 uplinks or 2 ms of work, however long
 * the page is, and the thread is given up regularly, so that webhooks are sent meanwhile.
 */

import type { AlertChange } from '../domain/alert.ts'
import type { Ports } from '../domain/ports.ts'
import type { Uplink } from '../domain/uplink.ts'
import type { JournalReader } from '../stores/journal/journal.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import { type Evaluation, evaluate } from './evaluate.ts'
import type { AlertMeters } from './meters.ts'
import type { Recorder } from './recorder.ts'
import { endOrphans, findStale, forgetOrphans, type Upkeep } from './upkeep.ts'

const pageUplinksMax = 512
const sliceUplinksMax = 64
const sliceMs = 2
const breathMs = 5
const housekeepingMs = 1_000
const forgetMs = 60_000

export interface StreamParts {
  ports: Ports
  journal: JournalReader
  registry: RegistryView
  evaluation: Evaluation
  upkeep: Upkeep
  recorder: Recorder
  meters: AlertMeters
  cursor: number
  stopping(): boolean
}

export interface Stream {
  /** Everything there is to do now; call it again when there may be more. Throws what the journal throws. */
  pass(): Promise<void>
  position(): number
}

export function createStream(parts: StreamParts): Stream {
  const { ports, journal, registry, recorder, meters } = parts
  const { clock } = ports
  let position = parts.cursor
  let version = -1
  let listeningSince = clock.now()
  let housekeptAt = clock.monotonic()
  let forgottenAt = clock.monotonic()

  async function followRegistry(): Promise<void> {
    await registry.refresh()
    if (registry.version === version) return
    version = registry.version
    parts.evaluation.rules.update()
    await recorder.changes(endOrphans(parts.upkeep, clock.now()), position)
  }

  async function readPage(page: readonly Uplink[]): Promise<void> {
    let found: AlertChange[] = []
    let oldest = 0
    let count = 0
    let sliceAt = clock.monotonic()
    let breathAt = sliceAt

    async function flush(): Promise<void> {
      const changes = found
      found = []
      await recorder.changes(changes, position)
      if (changes.length > 0) meters.recorded((clock.now() - oldest) / 1_000)
    }

    for (const uplink of page) {
      if (recorder.abandoned) return
      if (uplink.kind === 'broker-start') {
        listeningSince = Math.max(listeningSince, uplink.receivedAt)
      }
      const changes = evaluate(parts.evaluation, uplink)
      position = uplink.seq
      if (changes.length > 0 && found.length === 0) oldest = uplink.receivedAt
      found.push(...changes)
      count += 1
      const now = clock.monotonic()
      if (count < sliceUplinksMax && now - sliceAt < sliceMs) continue
      if (found.length > 0) await flush()
      if (now - breathAt >= breathMs) {
        await new Promise<void>((resolve) => ports.timers.soon(resolve))
        breathAt = clock.monotonic()
      }
      count = 0
      sliceAt = clock.monotonic()
    }
    if (found.length > 0) await flush()
    const last = page.at(-1)
    if (last !== undefined) meters.lag(Math.max(0, clock.now() - last.receivedAt) / 1_000)
  }

  async function housekeep(caughtUp: boolean): Promise<void> {
    const now = clock.monotonic()
    if (now - housekeptAt < housekeepingMs) return
    const room = await recorder.checkpoint(position)
    if (room) housekeptAt = now
    // While we lag behind the journal, a silence may be our own.
    if (caughtUp) {
      await recorder.changes(findStale(parts.upkeep, clock.now(), listeningSince), position)
    }
    if (now - forgottenAt >= forgetMs) {
      forgottenAt = now
      await recorder.forget(forgetOrphans(parts.upkeep))
    }
    meters.open(parts.upkeep.book.open().size)
  }

  return {
    async pass() {
      while (!parts.stopping() && !recorder.abandoned) {
        await followRegistry()
        const page = await journal.read(position, pageUplinksMax)
        await readPage(page)
        await housekeep(page.length === 0)
        if (page.length === 0) return
      }
    },
    position: () => position,
  }
}
