/**
 * A broker that lies: it acknowledges before the append. Exists only to show that the crash test finds it.
 * The same broker as ever, with a journal that says "done" at once and writes a moment later.
 */

import { Registry } from 'prom-client'
import { startBroker } from '../../broker/broker.ts'
import { loadConfig } from '../../config.ts'
import type { UplinkDraft } from '../../domain/uplink.ts'
import { openBus } from '../../runtime/bus.ts'
import { edgeFile } from '../../runtime/edge-file.ts'
import { layoutOf } from '../../runtime/data-layout.ts'
import type { JournalWriter } from '../../stores/journal/journal.ts'
import { openMoments } from '../../stores/journal/moments.ts'
import { openJournalWriter } from '../../stores/journal/sqlite.ts'
import { openRegistryView } from '../../stores/records/sqlite-registry.ts'
import { systemPorts } from '../../runtime/system.ts'

const lateByMs = 40

function lying(real: JournalWriter): JournalWriter {
  let group: UplinkDraft[] = []
  return {
    append: (draft) => {
      group.push({ ...draft, payload: Uint8Array.from(draft.payload) })
    },
    get pending() {
      return group.length
    },
    commit(done) {
      const late = group
      group = []
      done(null)
      setTimeout(() => {
        for (const draft of late) real.append(draft)
        real.commit(() => {})
      }, lateByMs)
    },
    get head() {
      return real.head
    },
    probe: () => real.probe(),
    trim: (seq) => real.trim(seq),
    get bytes() {
      return real.bytes
    },
    close: () => real.close(),
  }
}

const config = loadConfig()
const layout = layoutOf(config.dataDir)
const ports = systemPorts(config.logLevel, 'unsafe-broker', new Registry())
const journal = openJournalWriter({
  dir: layout.journal,
  segmentBytesMax: 64 * 1_048_576,
  bytesMax: 1_024 * 1_048_576,
  log: ports.log,
})
const broker = await startBroker({
  config,
  ports,
  bus: openBus(config.dataDir),
  registry: await openRegistryView({ path: layout.registry }),
  journal: lying(journal),
  consumed: async () => 0,
  moments: openMoments({ dir: layout.journal, now: ports.clock.now() }),
})
edgeFile(layout.run).write(broker.edge)
process.stdout.write('{"msg":"ready"}\n')
