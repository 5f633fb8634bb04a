/**
 * The loop of the alerts role over the journal: read from where it stands, judge, fetch what is needed of the
 * past, evaluate, record. It runs one pass at a time. Changes are recorded after at most 64 uplinks or 2 ms of
 * work, however long the page is, and the thread is given up regularly, so that webhooks are sent meanwhile.
 */

import type { AlertChange } from '../domain/alert.ts'
import type { Ports } from '../domain/ports.ts'
import type { Uplink } from '../domain/uplink.ts'
import type { JournalReader } from '../stores/journal/journal.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import { type Evaluation, evaluate } from './evaluate.ts'
import type { AlertMeters } from './meters.ts'
import type { OwedNews } from './owed-news.ts'
import type { Recorder } from './recorder.ts'
import type { Retried } from './late/retried.ts'
import type { SecondLooks } from './late/second-looks.ts'
import { type Heard, hearing, prepare, type SliceParts } from './slice.ts'
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
  slicing: SliceParts
  evaluation: Evaluation
  upkeep: Upkeep
  recorder: Recorder
  owed: OwedNews
  looks: SecondLooks
  retried: Retried
  meters: AlertMeters
  cursor: number
  stopping(): boolean
}

interface Slice {
  start: number
  end: number
  /** Those that a rule may concern, in the order of the page. */
  heard: readonly Heard[]
}

const none: readonly AlertChange[] = []

export interface Stream {
  /** Everything there is to do now; call it again when there may be more. Throws what the journal throws. */
  pass(): Promise<void>
  position(): number
}

export function createStream(parts: StreamParts): Stream {
  const { ports, journal, registry, recorder, looks, meters, evaluation } = parts
  const { clock } = ports
  const { rules } = evaluation
  let position = parts.cursor
  let version = -1
  let listeningSince = clock.now()
  let housekeptAt = clock.monotonic()
  let forgottenAt = clock.monotonic()

  async function followRegistry(): Promise<void> {
    await registry.refresh()
    if (registry.version === version) return
    version = registry.version
    rules.update()
    evaluation.silences.follow(clock.now())
    await recorder.changes(endOrphans(parts.upkeep, clock.now()), position)
    await parts.owed.look()
  }

  /** Judges uplinks from `start` on, until the slice is full; nothing is held of those that no rule concerns. */
  function judgeSlice(page: readonly Uplink[], start: number): Slice {
    const heard: Heard[] = []
    const startedAt = clock.monotonic()
    const last = Math.min(start + sliceUplinksMax, page.length)
    let end = start
    while (end < last && (end === start || clock.monotonic() - startedAt < sliceMs / 2)) {
      const uplink = page[end]
      const found = uplink === undefined ? null : hearing(parts.slicing, uplink)
      if (found !== null) heard.push(found)
      end += 1
    }
    return { start, end, heard }
  }

  async function readSlice(page: readonly Uplink[], { start, end, heard }: Slice): Promise<void> {
    let found: AlertChange[] = []
    let oldest = 0
    let evaluated = 0
    let startedAt = clock.monotonic()

    async function flush(): Promise<void> {
      const changes = found
      found = []
      await recorder.changes(changes, position)
      meters.recorded((clock.now() - oldest) / 1_000)
    }

    for (let i = start; i < end && !recorder.abandoned; i += 1) {
      const uplink = page[i]
      if (uplink === undefined) break
      if (uplink.kind === 'broker-start') {
        listeningSince = Math.max(listeningSince, uplink.receivedAt)
      }
      const own = heard[evaluated]
      const isOwn = own?.uplink === uplink
      const changes = isOwn ? evaluate(evaluation, own) : none
      if (isOwn) evaluated += 1
      position = uplink.seq
      if (changes.length === 0) continue
      if (found.length === 0) oldest = uplink.receivedAt
      found.push(...changes)
      const now = clock.monotonic()
      if (now - startedAt < sliceMs) continue
      await flush()
      startedAt = clock.monotonic()
    }
    if (found.length > 0) await flush()
  }

  async function readPage(page: readonly Uplink[]): Promise<void> {
    let breathAt = clock.monotonic()
    for (let next = 0; next < page.length && !recorder.abandoned; ) {
      const slice = judgeSlice(page, next)
      if (slice.heard.length > 0) await prepare(parts.slicing, slice.heard)
      await readSlice(page, slice)
      next = slice.end
      if (clock.monotonic() - breathAt < breathMs) continue
      await new Promise<void>((resolve) => ports.timers.soon(resolve))
      breathAt = clock.monotonic()
    }
    const last = page.at(-1)
    if (last !== undefined) meters.lag(Math.max(0, clock.now() - last.receivedAt) / 1_000)
  }

  /** `heardUntil`: what was received before is judged; while we lag, silence since then may be our own. */
  async function housekeep(heardUntil: number): Promise<void> {
    const now = clock.monotonic()
    if (now - housekeptAt < housekeepingMs) return
    await parts.retried.follow()
    const room = await recorder.checkpoint(position)
    if (room) housekeptAt = now
    await recorder.changes(findStale(parts.upkeep, heardUntil, listeningSince), position)
    await recorder.changes(evaluation.silences.look(heardUntil, listeningSince), position)
    await parts.owed.look()
    if (now - forgottenAt >= forgetMs) {
      forgottenAt = now
      await recorder.forget(forgetOrphans(parts.upkeep))
      evaluation.histories.sweep((device, property) => rules.of(device, property).reachMs > 0)
    }
    meters.open(parts.upkeep.book.open().size)
    meters.due(looks.pending)
  }

  return {
    async pass() {
      while (!parts.stopping() && !recorder.abandoned) {
        await followRegistry()
        const askedAt = clock.now()
        const page = await journal.read(position, pageUplinksMax)
        await readPage(page)
        await looks.settle(position)
        await housekeep(page.at(-1)?.receivedAt ?? askedAt)
        if (page.length === 0) return
      }
    },
    position: () => position,
  }
}
