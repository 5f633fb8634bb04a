/**
 * The only place where parts are assembled. One function a role; read them top to bottom to see the whole
 * way of a message: broker → journal → ingest → readings, and journal → alerts → webhooks; the API beside.
 *
 * Each role loads its own folder when it starts, so that a thread carries only what it runs: that halves the
 * time until the server listens, and its memory.
 */

import type { Config, RoleName } from './config.ts'
import type { Ports } from './domain/ports.ts'
import { createStoreRefusals } from './ingest/store-refusals.ts'
import { hashSecret } from './runtime/secret.ts'
import { edgeFile } from './runtime/edge-file.ts'
import { type DataLayout, layoutOf } from './runtime/data-layout.ts'
import { ledgerOptions } from './stores/records/ledger-options.ts'
import { createMonitor } from './api/monitor.ts'
import { createOpened, type Opened } from './runtime/opened.ts'
import { createLatestTable } from './stores/readings/latest-table.ts'
import { createPast, type Past } from './stores/readings/past.ts'
import { createPlacedPast } from './stores/readings/placed-past.ts'
import { type ReadingsStore, readingsStore } from './stores/readings/readings-store.ts'
import type { BoardFeed, BoardFeedParts } from './grafana/feed/feed.ts'
import { createSiteIndex } from './indices/site-series.ts'
import type { RoleContext, RunningRole } from './runtime/role.ts'
import type { RunFile } from './runtime/run-file.ts'
import { type Trouble, troubleFile } from './runtime/trouble-file.ts'
import { createWrittenPlacements } from './stores/records/written-placements.ts'
import type { JournalDamage } from './stores/journal/journal.ts'
import { openMoments } from './stores/journal/moments.ts'
import { openJournalReader, openJournalWriter } from './stores/journal/sqlite.ts'
import type { RegistryView } from './stores/records/registry.ts'
import { openAlertLog } from './stores/records/sqlite-alert-log.ts'
import { openLedger } from './stores/records/sqlite-ledger.ts'
import { openRegistry, openRegistryView } from './stores/records/sqlite-registry.ts'
import { lockRole } from './stores/role-lock.ts'

/** How long a stop waits for ingest to finish what was accepted; the rest stays in the journal. */
const drainMs = 4_000
const pastIdleMs = 30_000
const mebibyte = 1_048_576

export async function startRole(role: RoleName, context: RoleContext): Promise<RunningRole> {
  const layout = layoutOf(context.config.dataDir)
  const opened = createOpened()
  try {
    opened.keep({ close: lockRole(layout.run, role) })
    const { clock, log } = context.ports
    const begunAt = clock.monotonic()
    log.info({ part: role }, 'A role starts.')
    const running = await starters[role](context, layout, opened)
    log.info({ part: role, ms: Math.round(clock.monotonic() - begunAt) }, 'A role has started.')
    return {
      ...running,
      async stop() {
        await running.stop()
        await opened.close()
      },
    }
  } catch (error) {
    await opened.close()
    throw error
  }
}

/** What it opens is kept in `opened`, which is closed after the stop or when the start fails. */
type Starter = (context: RoleContext, layout: DataLayout, opened: Opened) => Promise<RunningRole>

const starters: Record<RoleName, Starter> = {
  broker: runBroker,
  ingest: runIngest,
  alerts: runAlerts,
  api: runApi,
}

async function runBroker(
  { config, ports, bus }: RoleContext,
  layout: DataLayout,
  { keep }: Opened,
): Promise<RunningRole> {
  const registry = keep(await openRegistryView({ path: layout.registry }))
  const readings = keep((await readingsStore(config, layout, ports)).openReader())
  const alerts = keep(openAlertLog({ path: layout.alerts }))
  const positions = async () => [(await readings.progress()).seq, await alerts.cursor()]
  const { seq, ahead } = await readings.progress()
  const journal = keep(
    openJournalWriter({
      dir: layout.journal,
      segmentBytesMax: config.journalSegmentMib * mebibyte,
      bytesMax: config.journalMibMax * mebibyte,
      // A journal that was lost must not give positions anew that its consumers are past.
      after: Math.max(ahead?.to ?? seq, await alerts.cursor()),
      log: ports.log,
      ...archiveOf(config, ports, layout),
    }),
  )
  const consumed = async () => Math.min(...(await positions()))
  const moments = openMoments({ dir: layout.journal, now: ports.clock.now() })

  const { startBroker } = await import('./broker/broker.ts')
  const broker = await startBroker({ config, ports, bus, registry, journal, consumed, moments })
  const edge = edgeFile(layout.run)
  edge.write(broker.edge)

  return {
    mqttPort: broker.mqttPort,
    ...(broker.mqttsPort === undefined ? {} : { mqttsPort: broker.mqttsPort }),
    async stop() {
      edge.remove()
      await broker.stop()
    },
  }
}

async function runIngest(
  { config, ports, bus }: RoleContext,
  layout: DataLayout,
  { keep }: Opened,
): Promise<RunningRole> {
  const registry = keep(await openRegistryView({ path: layout.registry }))
  const journal = keep(openJournalReader({ dir: layout.journal, onDamage: reportDamage(ports) }))
  const store = await readingsStore(config, layout, ports)
  const ledger = keep(openLedger(ledgerOptions(config, layout, ports.log)))
  const refusals = createStoreRefusals(ledger)
  const { writer: readings, interrupt } = store.openWriter({
    registry,
    onRefused: refusals.refuse,
    onWritten: createWrittenPlacements({ path: layout.registry, view: registry, ports, bus }),
  })
  keep(readings)
  const past = keep(openPast(ports, store))
  const { judge, quality } = await openJudgement(config, registry, past)

  const trouble = troubleFile(layout.run)
  trouble.remove()

  const { startIngest } = await import('./ingest/ingest.ts')
  const ingest = startIngest({
    ...{ config, ports, bus, registry, journal, readings, ledger, judge, quality, refusals },
    onTrouble: noteIn(trouble, ports),
  })

  return {
    async stop() {
      const cancel = ports.timers.after(drainMs, interrupt)
      await ingest.stop(drainMs)
      cancel()
    },
  }
}

async function runAlerts(
  { config, ports, bus }: RoleContext,
  layout: DataLayout,
  { keep }: Opened,
): Promise<RunningRole> {
  const view = keep(await openRegistryView({ path: layout.registry }))
  const registry = keep(openRegistry({ path: layout.registry, clock: ports.clock }))
  const journal = keep(openJournalReader({ dir: layout.journal, onDamage: reportDamage(ports) }))
  const log = keep(openAlertLog({ path: layout.alerts }))
  const ledger = keep(openLedger(ledgerOptions(config, layout, ports.log)))
  const past = keep(openPast(ports, await readingsStore(config, layout, ports)))
  const { judge, quality } = await openJudgement(config, view, past)

  /** An endpoint that answers 410 Gone wants no more. */
  async function disableWebhook(id: string): Promise<void> {
    const webhook = view.get('webhook', id)
    if (webhook?.enabled !== true) return
    const at = ports.clock.now()
    const entry = { at, actor: 'system', action: 'webhook.disable', target: `webhook/${id}` }
    const begun = await registry.beginAudit({ ...entry, from: '410 Gone' })
    await registry.replace('webhook', { ...webhook, enabled: false })
    await registry.endAudit(begun, { ...entry, from: '410 Gone', result: 'done' })
    bus.ring('registry')
  }

  const { startAlerts } = await import('./alerts/alerts.ts')
  const { createSiteIndices } = await import('./alerts/indices/site-indices.ts')
  const { timeZone } = config
  const indices = createSiteIndices({ registry: view, clock: ports.clock, timeZone, past })
  const alerts = await startAlerts({
    ...{ config, ports, bus, registry: view, journal, log, judge, quality, indices },
    past: createPlacedPast(past, view),
    retried: (after) => ledger.answeredRetries(after),
    disableWebhook,
  })

  return { stop: () => alerts.stop() }
}

async function runApi(
  context: RoleContext,
  layout: DataLayout,
  { keep }: Opened,
): Promise<RunningRole> {
  const { config, ports, bus } = context
  const registry = keep(openRegistry({ path: layout.registry, clock: ports.clock }))
  const view = keep(await openRegistryView({ path: layout.registry }))
  const store = await readingsStore(config, layout, ports)
  const readings = keep(store.openReader())
  const sink = store.openBoards()
  const ledger = keep(openLedger(ledgerOptions(config, layout, ports.log)))
  const alerts = keep(openAlertLog({ path: layout.alerts }))
  const journal = keep(openJournalReader({ dir: layout.journal, onDamage: reportDamage(ports) }))
  const edge = () => edgeFile(layout.run).read()
  const monitor = createMonitor({
    journal,
    readings,
    alerts,
    ledger,
    edge,
    trouble: () => troubleFile(layout.run).read(),
    meters: context.meters,
    timers: ports.timers,
  })

  const latest = createLatestTable({ ports, bus, readings })
  keep({ close: () => latest.stop() })
  const sites = createSiteIndex(view)

  const { startApi } = await import('./api/api.ts')
  const api = await startApi({
    config,
    ports,
    bus,
    registry,
    view,
    readings,
    latest,
    sites,
    ledger,
    alerts,
    monitor,
    edge: async () => edge(),
    adminTokenHash: config.adminToken === undefined ? null : hashSecret(config.adminToken),
  })

  const series = { view, readings, latest, sites, timers: ports.timers }
  const { figures } = monitor
  const feed =
    sink && (await startFeed({ config, ports, bus, ledger, alerts, sink, figures, ...series }))

  return {
    httpPort: api.port,
    async stop() {
      await Promise.all([api.stop(), feed?.stop()])
    },
  }
}

/** What boards show beside readings, where boards can ask for it. */
async function startFeed(parts: BoardFeedParts): Promise<BoardFeed> {
  const { startBoardFeed } = await import('./grafana/feed/feed.ts')
  return startBoardFeed(parts)
}

/** The full disk that keeps readings from being stored keeps this note from being written as well. */
function noteIn(file: RunFile<Trouble>, { log }: Ports) {
  return (trouble: Trouble | null) => {
    try {
      if (trouble === null) file.remove()
      else file.write(trouble)
    } catch (error) {
      log.warn({ error }, 'What keeps readings from being stored cannot be noted for the API.')
    }
  }
}

function archiveOf({ journalArchiveDays: keepDays }: Config, ports: Ports, layout: DataLayout) {
  return keepDays === 0 ? {} : { archive: { dir: layout.archive, keepDays, ports } }
}

/** What series have said before a role began to listen; asked seldom, and mostly soon after the start. */
function openPast({ timers }: Ports, { openReader: open }: ReadingsStore) {
  return createPast({ open, timers, idleMs: pastIdleMs })
}

/** What a message means and how good its values are: ingest stores it, alerts are raised on it. */
async function openJudgement(config: Config, registry: RegistryView, past: Past) {
  const { createJudge } = await import('./payload/validate.ts')
  const { createQualityControl } = await import('./quality/quality-control.ts')
  return {
    judge: createJudge({ registry, ...config }),
    quality: createQualityControl({ registry, past, enabled: config.qualityControl }),
  }
}

function reportDamage(ports: Ports): (damage: JournalDamage) => void {
  const count = ports.meter.counter(
    'bellwether_journal_damage_total',
    'Damaged parts of the journal met.',
  )
  return (damage) => {
    count()
    ports.log.error({ ...damage }, 'A part of the journal is damaged and cannot be read.')
  }
}
