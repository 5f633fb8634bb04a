/**
 * The broker alone in a process of its own, with a real journal and registry in a temporary folder, for
 * benchmarks. Prints one JSON line when it is ready and one when it has stopped (SIGTERM, or stdin closed).
 *
 *   node --import tsx test/bench/broker-process.ts --devices 200
 *
 * Device `i` is `d-i` with the token `bench-token-i`. Nothing reads the journal; it is dropped as it is consumed.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Registry } from 'prom-client'
import { startBroker } from '../../broker/broker.ts'
import { loadConfig } from '../../config.ts'
import { deviceSchema } from '../../domain/device.ts'
import { hashSecret } from '../../runtime/secret.ts'
import { openBus } from '../../runtime/bus.ts'
import { openMoments } from '../../stores/journal/moments.ts'
import { openJournalWriter } from '../../stores/journal/sqlite.ts'
import { openRegistry, openRegistryView } from '../../stores/records/sqlite-registry.ts'
import { systemClock, systemPorts } from '../../runtime/system.ts'

const { values } = parseArgs({ options: { devices: { type: 'string', default: '200' } } })
const mebibyte = 1_048_576
const dir = mkdtempSync(join(tmpdir(), 'bellwether-bench-'))
const config = loadConfig({
  environment: {
    BELLWETHER_MQTT_PORT: '0',
    BELLWETHER_MQTT_CONNECTS_PER_SECOND_MAX: '100000',
    BELLWETHER_MQTT_MESSAGES_PER_SECOND_MAX: '10000000',
    BELLWETHER_LOG_LEVEL: 'warn',
    ...process.env,
    BELLWETHER_DATA_DIR: dir,
  },
})
const ports = systemPorts(config.logLevel, 'bench-broker', new Registry())

const registryPath = join(dir, 'registry.db')
const registry = openRegistry({ path: registryPath, clock: systemClock })
const ids = Array.from({ length: Number(values.devices) }, (_, i) => `d-${i}`)
await registry.upsertAll(
  [],
  ids.map((id) => deviceSchema.parse({ id })),
)
for (const [i, id] of ids.entries())
  await registry.setDeviceToken(id, hashSecret(`bench-token-${i}`))
await registry.close()

const view = await openRegistryView({ path: registryPath })
const journal = openJournalWriter({
  dir: join(dir, 'journal'),
  segmentBytesMax: 64 * mebibyte,
  bytesMax: 4_096 * mebibyte,
  log: ports.log,
})
const bus = openBus(dir)
const broker = await startBroker({
  config,
  ports,
  bus,
  registry: view,
  journal,
  consumed: async () => journal.head,
  moments: openMoments({ dir: join(dir, 'journal'), now: Date.now() }),
})
console.log(JSON.stringify({ ready: true, port: broker.mqttPort, pid: process.pid }))

function rssBytes(): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))
  return Number(line?.[1] ?? 0) * 1024
}

/** SIGUSR2: collects garbage (with --expose-gc) and tells what is used. */
process.on('SIGUSR2', () => {
  globalThis.gc?.()
  setTimeout(() => {
    globalThis.gc?.()
    const { heapUsed } = process.memoryUsage()
    console.log(JSON.stringify({ rssBytes: rssBytes(), heapBytes: heapUsed }))
  }, 1_000)
})

async function stop(): Promise<void> {
  const cpu = process.cpuUsage()
  const peakBytes = rssBytes()
  const { head } = journal
  await broker.stop()
  journal.close()
  await view.close()
  bus.close()
  rmSync(dir, { recursive: true, force: true })
  const cpuSeconds = (cpu.user + cpu.system) / 1e6
  console.log(JSON.stringify({ stopped: true, head, cpuSeconds, rssBytes: peakBytes }))
  process.exit(0)
}

process.once('SIGTERM', () => void stop())
process.stdin.once('end', () => void stop()).resume()
