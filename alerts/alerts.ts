/**
 * The alerts role: judges the journal on its own, records changes of alerts with their deliveries, and
 * delivers them to webhooks.
 *
 * After a crash it goes on from the cursor and the watches of the alert log. What lies between is judged
 * again and changes nothing twice: each watch ignores what it has seen, ids follow from what a change is
 * about, and the log takes a change of a series at a moment once.
 */

import type { Config } from '../config.ts'
import type { AlertView } from '../domain/alert.ts'
import type { Bus, Ports } from '../domain/ports.ts'
import type { QualityControl } from '../quality/contract.ts'
import type { Judge } from '../domain/quarantine.ts'
import type { SignalIndex } from '../domain/rule.ts'
import type { Uplink } from '../domain/uplink.ts'
import { parseAllowList } from '../domain/webhook-target.ts'
import type { JournalReader } from '../stores/journal/journal.ts'
import type { AlertLog } from '../stores/records/alert-log.ts'
import type { AnsweredRetry } from '../stores/records/ledger.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import { createHistories, type Past } from './windows/window-buffers.ts'
import type { SiteIndices } from './indices/index-signal.ts'
import { type AlertMeters, createAlertMeters } from './meters.ts'
import { startNotifier } from './notify/notify.ts'
import { createSender, type Resolve } from './notify/webhook.ts'
import { createOwedNews, type OwedNews } from './owed-news.ts'
import { createCircuitBreaker, type CircuitBreaker } from '../runtime/async/circuit-breaker.ts'
import { createRetry, type Retry } from '../runtime/async/retry.ts'
import { createRecorder, type Recorder } from './recorder.ts'
import { Retried } from './late/retried.ts'
import { createRuleLookup } from './rules/rule-lookup.ts'
import { SecondLooks } from './late/second-looks.ts'
import { createSilenceClock } from './no-data.ts'
import { findStart, type Start } from './start.ts'
import { createStream, type Stream } from './stream.ts'
import {
  alertKey,
  createWatchBook,
  readWatch,
  type WatchBook,
  watchKey,
  watchOfAlert,
} from './lifecycle/watch.ts'

export interface AlertsParts {
  config: Config
  ports: Ports
  bus: Bus
  registry: RegistryView
  journal: JournalReader
  log: AlertLog
  judge: Judge
  /** The same tests as ingest; without it every reading counts as it was judged. */
  quality?: QualityControl
  /** What series have said before; without it windows hold what is heard from now on. */
  past?: Past
  /** Retries from quarantine after a request that are answered, with what they stored. */
  retried?: (after: number) => Promise<readonly AnsweredRetry[]>
  /** Without it rules on indices watch nothing. */
  indices?: SiteIndices
  /** Switches an endpoint off that has answered 410 Gone. */
  disableWebhook?: (id: string) => Promise<void>
  /** How names are resolved; the system's resolver if absent. */
  resolve?: Resolve
}

export interface Alerts {
  stop(): Promise<void>
  /** Journal position up to which everything is judged. */
  position(): number
  /** Rules on series of which late readings are still to be judged. */
  unsettled(): number
}

/** A bell is quicker; this is for rings that are lost, and for a broker in another process, which rings none. */
const lookAgainMs = { sameProcess: 250, otherProcess: 20 }
const lastCheckpointsMs = 3_000

export async function startAlerts(parts: AlertsParts): Promise<Alerts> {
  const { config, ports, bus, registry, log } = parts
  const meters = createAlertMeters(ports.meter)
  const retry = createRetry(ports, meters.fault)
  await registry.refresh()
  const book = await loadBook(log)

  const sender = createSender({
    allow: parseAllowList(config.webhookAllow).allow,
    timeoutMs: config.webhookTimeoutMs,
    timers: ports.timers,
    resolve: parts.resolve,
  })
  const notifier = startNotifier({
    ...{ config, ports, bus, log, registry, sender, meters },
    disableWebhook: parts.disableWebhook,
  })
  const guardOf = (what: string, timeoutMs?: number) =>
    createCircuitBreaker(ports, { what, timeoutMs }, () => meters.fault(`past_${what}`))
  const start = await findStart({ ...parts, note: ports.log, guard: guardOf('start') })
  const recorder = createRecorder(
    { log, book, registry, bus, clock: ports.clock, meters, retry, onOutbox: notifier.kick },
    start.cursor,
  )
  const { clock } = ports
  const owed = createOwedNews({
    ...{ log, registry, clock, onOutbox: notifier.kick },
    stopping: () => retry.stopped,
    onFault(error) {
      meters.fault('owed')
      ports.log.error({ error }, 'What is owed to webhooks cannot be told now; it is tried again.')
    },
  })
  const core = {
    book,
    recorder,
    owed,
    meters,
    retry,
    guardOf,
    start,
    head: await parts.journal.head(),
    retriesSeen: await log.retries(),
  }
  const bell: Bell = { ring: () => undefined }
  const { stream, looks } = createStreamOf(parts, core, bell)

  const loop = startLoop(parts, { stream, looks, retry, bell })
  return {
    async stop() {
      await loop.stop()
      await lastCheckpoints(parts, recorder, stream)
      await notifier.stop()
    },
    position: stream.position,
    unsettled: () => looks.pending,
  }
}

/** Rung when there is more to do for the stream than the journal says. */
interface Bell {
  ring(): void
}

interface Core {
  book: WatchBook
  recorder: Recorder
  owed: OwedNews
  meters: AlertMeters
  retry: Retry
  guardOf(what: string, timeoutMs?: number): CircuitBreaker
  start: Start
  /** The last position of the journal at the start. */
  head: number
  /** The request up to which retries from quarantine were seen. */
  retriesSeen: number
}

/** A second look may take long: the stream goes on meanwhile. */
const lookPatienceMs = 8_000

function createStreamOf(
  parts: AlertsParts,
  core: Core,
  bell: Bell,
): { stream: Stream; looks: SecondLooks } {
  const { config, ports, journal, registry, judge, quality, indices } = parts
  const { book, recorder, owed, meters, retry, guardOf, start } = core
  const { clock, timers } = ports
  const now = () => clock.now()
  const feeding = (index: SignalIndex) => indices?.feeding(index) ?? []
  const rules = createRuleLookup({ registry, clock, feeding })
  rules.update()
  const histories = createHistories({
    ...{ past: parts.past, guard: guardOf('history'), monotonic: () => clock.monotonic() },
    judgedTo: ({ rules }) =>
      Math.max(...rules.map(({ key, window }) => (window && book.get(key)?.life.at) ?? -Infinity)),
  })
  const looks = new SecondLooks(
    {
      ...{ book, rules, recorder, meters, clock, past: parts.past, log: parts.log },
      guard: guardOf('second_look', lookPatienceMs),
      aheadMs: config.readingAheadSecondsMax * 1_000,
      breathe: () => new Promise((resolve) => timers.soon(resolve)),
      onReady: () => bell.ring(),
    },
    core.head,
  )
  const silences = createSilenceClock({ registry, rules, book, now })
  const guards = { quality: guardOf('quality'), indices: guardOf('indices') }
  const shared = {
    ...{ rules, histories, quality, indices },
    onFault(error: unknown, uplink: Uplink) {
      meters.fault('judge')
      ports.log.error({ error, seq: uplink.seq }, 'An uplink could not be judged for alerts.')
    },
  }
  const evaluation = { ...shared, book, silences, now, looks, judgedTo: start.cursor }
  const retried = new Retried({
    ...{ answered: parts.retried, evaluation, recorder, seen: core.retriesSeen },
    onFault: () => meters.fault('retried'),
  })
  const stream = createStream({
    ...{ ports, journal, registry, recorder, owed, meters, looks, cursor: start.from },
    slicing: { ...shared, judge, guards },
    evaluation,
    retried,
    upkeep: { registry, rules, book, staleAfterMs: config.staleAfterSeconds * 1_000 },
    stopping: () => retry.stopped,
  })
  return { stream, looks }
}

interface LoopParts {
  stream: Stream
  looks: SecondLooks
  retry: Retry
  bell: Bell
}

/** Runs a pass at each ring and every so often; never two at a time, and none is missed. */
function startLoop(parts: AlertsParts, own: LoopParts) {
  const { config, ports, bus } = parts
  const { stream, looks, retry, bell } = own
  let wanted = false
  let running: Promise<void> | null = null

  async function run(): Promise<void> {
    while (wanted && !retry.stopped) {
      wanted = false
      await retry.run('alerts', () => stream.pass())
    }
    running = null
  }
  function wake(): void {
    wanted = true
    running ??= run()
  }

  const near = config.roles.includes('broker')
  const everyMs = near ? lookAgainMs.sameProcess : lookAgainMs.otherProcess
  const cancels = [
    bus.onRing('journal', wake),
    bus.onRing('registry', wake),
    bus.onRing('readings', () => looks.pending > 0 && wake()),
    ports.timers.every(everyMs, wake),
  ]
  bell.ring = wake
  wake()
  return {
    async stop() {
      for (const cancel of cancels) cancel()
      retry.stop()
      await running
    },
  }
}

/** So that the next start has little to do again; bounded, because a stop must end. */
async function lastCheckpoints(
  { ports }: AlertsParts,
  recorder: Recorder,
  stream: Stream,
): Promise<void> {
  const until = ports.clock.monotonic() + lastCheckpointsMs
  for (;;) {
    const done = await recorder.checkpoint(stream.position())
    if (done || recorder.abandoned || ports.clock.monotonic() > until) return
  }
}

/** The alerts of the log decide what is open; a watch that was lost is begun again from its alert. */
async function loadBook(log: AlertLog): Promise<WatchBook> {
  const book = createWatchBook()
  const alerts = new Map<string, AlertView>()
  for (const view of await log.open()) alerts.set(alertKey(view), view)
  for (const saved of await log.watches()) {
    book.add(readWatch(saved, alerts.get(watchKey(saved)) ?? null))
    alerts.delete(watchKey(saved))
  }
  for (const alert of alerts.values()) book.add(watchOfAlert(alert))
  return book
}
