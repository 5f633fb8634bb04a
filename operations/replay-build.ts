/** The store under construction of a replay, with all that uplinks are judged by. */

import { Registry } from 'prom-client'
import type { Config } from '../config.ts'
import { createJudge } from '../payload/validate.ts'
import { createQualityControl } from '../quality/quality-control.ts'
import { openJournalReader } from '../stores/journal/sqlite.ts'
import type { Progress } from '../stores/readings/readings.ts'
import { openLedger } from '../stores/records/sqlite-ledger.ts'
import { openRegistryView } from '../stores/records/sqlite-registry.ts'
import { systemPorts } from '../runtime/system.ts'
import { layoutOf } from '../runtime/data-layout.ts'
import { ledgerOptions } from '../stores/records/ledger-options.ts'
import { createPast } from '../stores/readings/past.ts'
import type { ReadingsPlace } from '../stores/readings/store-location.ts'
import { createReplay } from './replay-batches.ts'
import { type ReplayProgress, replayPass } from './replay-run.ts'
import type { Stage } from './replay-stage.ts'

const pastIdleMs = 30_000

export interface BuildOptions {
  place: ReadingsPlace
  /** Where the store's file is while it is built. */
  file: string
  stage: Stage
  from: number | null
  to: number | null
  /** Refused messages go to quarantine; off for a store that nobody will serve from this data folder. */
  isQuarantining: boolean
  tell(progress: ReplayProgress): void
}

export type Build = Awaited<ReturnType<typeof openBuild>>

export async function openBuild(config: Config, options: BuildOptions) {
  const { place, file, stage } = options
  const layout = layoutOf(config.dataDir)
  const ports = systemPorts(config.logLevel, 'replay', new Registry())
  const registry = await openRegistryView({ path: layout.registry })
  const store = await place.open(file, ports)
  const { writer: readings } = store.openWriter({
    registry,
    onRefused: (refused) =>
      ports.log.error(
        { readings: refused.length, reason: refused[0]?.reason },
        'The store refuses readings for good.',
      ),
    isAlone: true,
  })
  const journal = openJournalReader({ dir: layout.journal, onDamage: () => undefined })
  const ledger = options.isQuarantining
    ? openLedger(ledgerOptions(config, layout, ports.log))
    : null
  const past = createPast({
    open: () => store.openReader(),
    timers: ports.timers,
    idleMs: pastIdleMs,
  })
  const enabled = config.qualityControl
  const quality = createQualityControl({ registry, past, enabled })
  const judge = createJudge({ registry, ...config })
  const replay = createReplay({ ports, judge, quality, readings, ledger })

  let isOpen = true
  return {
    counts: replay.counts,
    progress: async () => readings.progress(),
    /** Settles what there is up to the newest uplink, and leaves the store tidy. */
    async run(): Promise<Progress> {
      await replayPass({
        history: { archiveDir: layout.archive, journal, onDamage: () => undefined },
        readings,
        settle: replay.settle,
        from: options.from,
        to: options.to,
        onMissing: stage.miss,
        onProgress: options.tell,
        clock: ports.clock,
      })
      while (await readings.tidy(ports.clock.now()));
      return readings.progress()
    },
    async close(): Promise<void> {
      if (!isOpen) return
      isOpen = false
      journal.close()
      await Promise.all([past.close(), readings.close(), ledger?.close(), registry.close()])
    },
  }
}
