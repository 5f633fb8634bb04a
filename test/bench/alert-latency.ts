/**
 * From the commit of an uplink in the journal to the webhook at the receiver, all in one process, idle and with
 * uplinks of other devices. Run: npx tsx test/bench/alert-latency.ts [seconds] [uplinks per second] [rules]
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry as Meters } from 'prom-client'
import { startAlerts } from '../../alerts/alerts.ts'
import { loadConfig } from '../../config.ts'
import { webhookSchema } from '../../domain/webhook.ts'
import { createJudge } from '../../payload/validate.ts'
import { openJournalReader, openJournalWriter } from '../../stores/journal/sqlite.ts'
import { openAlertLog } from '../../stores/records/sqlite-alert-log.ts'
import { systemPorts } from '../../runtime/system.ts'
import { webhookSecret } from '../fixtures/alert-city.ts'
import { fakeBus } from '../fixtures/ports.ts'
import { openReceiver } from '../fixtures/receiver.ts'
import { openTown } from '../fixtures/registry.ts'

const [seconds = 10, perSecond = 0, rulesCount = 1, watched = 0] = process.argv.slice(2).map(Number)
const groupMs = 2

const dir = mkdtempSync(join(tmpdir(), 'alert-latency-'))
const receiver = await openReceiver()
const ports = systemPorts('error', 'bench', new Meters())
const town = await openTown(join(dir, 'registry.db'), {
  devices: [{ id: 'probe' }, ...Array.from({ length: 5_000 }, (_, i) => ({ id: `d${i}` }))],
  rules: [
    { id: 'probe', property: 'pm25', levels: { red: 100 }, where: { device: ['probe'] } },
    ...(watched ? [{ id: 'everything', property: 'pm10', levels: { red: 900 } }] : []),
    ...Array.from({ length: rulesCount - 1 }, (_, i) => ({
      id: `r${i}`,
      property: 'pm25',
      levels: { red: 100 },
      where: { site: [`s${i}`] },
    })),
  ],
})
const webhook = webhookSchema.parse({ id: 'w', url: receiver.url() })
await town.registry.insert('webhook', { ...webhook, secret: webhookSecret })

const config = loadConfig({ environment: { BELLWETHER_WEBHOOK_ALLOW: '127.0.0.1' } })
const journal = openJournalReader({ dir: join(dir, 'journal'), onDamage: console.error })
const writer = openJournalWriter({
  dir: join(dir, 'journal'),
  segmentBytesMax: 64 << 20,
  bytesMax: 8 * 1024 ** 3,
  log: ports.log,
})
const bus = fakeBus()
const log = openAlertLog({ path: join(dir, 'alerts.db') })
const alerts = await startAlerts({
  config,
  ports,
  bus,
  registry: town.view,
  journal,
  log,
  judge: createJudge({ registry: town.view, ...config }),
})

const sentAt = new Map<number, number>()
const delaysMs: number[] = []
receiver.answer(({ body }, response) => {
  const { value } = JSON.parse(body).data.alert as { value: number }
  const at = sentAt.get(value)
  if (at !== undefined) delaysMs.push(performance.now() - at)
  response.writeHead(204).end()
})

const other = Buffer.from('{"values":{"pm25":20,"pm10":30,"so2":3,"no2":12}}')
let next = 0
let value = 100
const perGroup = Math.round((perSecond * groupMs) / 1_000)
function commit(): Promise<void> {
  return new Promise((resolve) =>
    writer.commit(() => {
      bus.ring('journal')
      resolve()
    }),
  )
}
const append = (device: string, payload: Uint8Array) =>
  writer.append({ kind: 'telemetry', device, receivedAt: Date.now(), payload, readings: 4 })

const endAt = performance.now() + seconds * 1_000
const startedAt = performance.now()
const cpu = process.cpuUsage()
let groups = 0
let probeAt = performance.now() + 200
while (performance.now() < endAt) {
  const dueGroups = Math.floor((performance.now() - startedAt) / groupMs)
  const due = Math.min(20, dueGroups - groups)
  groups = dueGroups
  for (let i = 0; i < perGroup * due; i += 1) append(`d${next++ % 5_000}`, other)
  if (performance.now() >= probeAt) {
    // Up and down in turn, so that each reading is a change; the value is its name.
    value = value >= 100 ? 99 - Math.random() : 100 + Math.random()
    sentAt.set(value, performance.now())
    append('probe', Buffer.from(JSON.stringify({ pm25: value })))
    probeAt = performance.now() + 50 + Math.random() * 50
  }
  if (writer.pending > 0) await commit()
  await new Promise((resolve) => setTimeout(resolve, 1))
}
await new Promise((resolve) => setTimeout(resolve, 500))
delaysMs.sort((a, b) => a - b)
const at = (part: number) => delaysMs[Math.floor((delaysMs.length - 1) * part)]?.toFixed(2)
const used = process.cpuUsage(cpu)
console.log(
  `${delaysMs.length} of ${sentAt.size} changes, ${next} other uplinks: p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms, behind ${writer.head - alerts.position()}, cpu ${((used.user + used.system) / 1e6).toFixed(1)} s`,
)
await alerts.stop()
await receiver.close()
await log.close()
journal.close()
writer.close()
await town.close()
rmSync(dir, { recursive: true, force: true })
