/**
 * What judging a reading for alerts costs, by the rules that watch it: a journal of 5-minute data of 500 devices is
 * judged from its beginning, and CPU time is divided by readings. Run: npx tsx test/bench/alert-signals.ts [uplinks each]
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry as Meters } from 'prom-client'
import { startAlerts } from '../../alerts/alerts.ts'
import { loadConfig } from '../../config.ts'
import { createJudge } from '../../payload/validate.ts'
import { createQualityControl } from '../../quality/quality-control.ts'
import { openJournalReader, openJournalWriter } from '../../stores/journal/sqlite.ts'
import { openAlertLog } from '../../stores/records/sqlite-alert-log.ts'
import { systemPorts } from '../../runtime/system.ts'
import { fakeBus } from '../fixtures/ports.ts'
import { openTown } from '../fixtures/registry.ts'

const [each = 600] = process.argv.slice(2).map(Number)
const devices = Array.from({ length: 500 }, (_, i) => ({ id: `d${i}` }))
const minute = 60_000
const levels = { red: 900 }
const scenes: Record<string, readonly object[]> = {
  'no rule': [],
  'a value rule on another property': [{ property: 'water_level' }],
  'a value rule': [{ property: 'pm25' }],
  'a 24 h mean': [{ property: 'pm25', signal: { type: 'mean', window: '24h' } }],
  'a 24 h mean, a 12 h sum and a 1 h rate': [
    { property: 'pm25', signal: { type: 'mean', window: '24h' } },
    { property: 'pm25', signal: { type: 'sum', window: '12h' } },
    { property: 'pm25', signal: { type: 'rate', window: '1h' } },
  ],
  'a 15 min silence': [{ property: 'pm25', signal: { type: 'silence', window: '15m' } }],
}

async function run(scene: string, rules: readonly object[], isTested: boolean): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'alert-signals-'))
  const ports = systemPorts('error', 'bench', new Meters())
  const town = await openTown(join(dir, 'registry.db'), {
    devices,
    rules: rules.map((rule, i) => ({ id: `r${i}`, levels, ...rule })),
  })
  const writer = openJournalWriter({
    dir: join(dir, 'journal'),
    segmentBytesMax: 64 << 20,
    bytesMax: 8 * 1024 ** 3,
    log: ports.log,
  })
  const start = Date.now() - each * 5 * minute
  for (let round = 0; round < each; round += 1) {
    const at = start + round * 5 * minute
    for (const { id } of devices) {
      const values = { pm25: 20 + (round % 17), pm10: 30, so2: 3, no2: 12 + (round % 5) }
      const payload = Buffer.from(JSON.stringify({ ts: at, values }))
      writer.append({ kind: 'telemetry', device: id, receivedAt: at, payload, readings: 4 })
    }
    if (round % 10 === 9 || round === each - 1) {
      await new Promise<void>((resolve) => writer.commit(() => resolve()))
    }
  }
  const config = loadConfig({ environment: {} })
  const journal = openJournalReader({ dir: join(dir, 'journal'), onDamage: console.error })
  const log = openAlertLog({ path: join(dir, 'alerts.db') })
  const before = process.cpuUsage()
  const startedAt = performance.now()
  const alerts = await startAlerts({
    ...{ config, ports, journal, log, bus: fakeBus(), registry: town.view },
    judge: createJudge({ registry: town.view, ...config }),
    quality: createQualityControl({
      ...{ registry: town.view, past: { range: () => [] }, enabled: isTested },
    }),
  })
  while (alerts.position() < writer.head) await new Promise((resolve) => setTimeout(resolve, 5))
  const cpu = process.cpuUsage(before)
  const seconds = (performance.now() - startedAt) / 1_000
  const readings = each * devices.length
  const perReadingUs = (cpu.user + cpu.system) / readings
  console.log(
    `${scene}: ${perReadingUs.toFixed(2)} µs CPU per uplink of 4 values, ${Math.round(readings / seconds)} uplinks/s`,
  )
  await alerts.stop()
  await log.close()
  journal.close()
  writer.close()
  await town.close()
  rmSync(dir, { recursive: true, force: true })
}

for (const [scene, rules] of Object.entries(scenes)) await run(scene, rules, false)
for (const scene of ['a value rule', 'a 24 h mean'] as const) {
  await run(`${scene}, with quality control`, scenes[scene] ?? [], true)
}
