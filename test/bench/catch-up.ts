/**
 * B5: the readings store was away for an hour (7.2 million uplinks of four values in the journal) and is back: how
 * fast is the backlog stored, and how far behind are the 2,000 uplinks/s that come meanwhile?
 *
 *   npm run bench:catch-up [-- --uplinks 7200000 --devices 10000 --rate 2000 --influx]
 *
 * The journal is written here, as the broker does; ingest is a process of the build that starts when the backlog is
 * there. `--influx` stores in an influxd 1.x of this machine, whose processor time is not counted.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadConfig } from '../../config.ts'
import { layoutOf } from '../../runtime/data-layout.ts'
import { readingsStore } from '../../stores/readings/readings-store.ts'
import type { JournalWriter } from '../../stores/journal/journal.ts'
import { openJournalReader, openJournalWriter } from '../../stores/journal/sqlite.ts'
import { fakePorts } from '../fixtures/ports.ts'
import { startInfluxd1 } from '../servers/influx/influxd.ts'
import { cpuSecondsOf, deviceId, quantile, registerDevices, rssBytesOf } from './bench-server.ts'
import { wait } from './load.ts'

const { values: options } = parseArgs({
  options: {
    uplinks: { type: 'string', default: '7200000' },
    devices: { type: 'string', default: '10000' },
    rate: { type: 'string', default: '2000' },
    influx: { type: 'boolean', default: false },
  },
})
const backlog = Number(options.uplinks)
const devices = Number(options.devices)
const rate = Number(options.rate)
const outageMs = 3_600_000
const liveEveryMs = 20
const lookEveryMs = 25
const root = new URL('../..', import.meta.url).pathname
const mebibyte = 1_048_576

const dir = mkdtempSync(join(tmpdir(), 'bellwether-bench-'))
await registerDevices(dir, devices)
const influxd = options.influx ? await startInfluxd1('/usr/bin/influxd') : undefined
const environment = {
  BELLWETHER_DATA_DIR: dir,
  BELLWETHER_ROLES: 'ingest',
  BELLWETHER_LOG_LEVEL: 'warn',
  ...(influxd && { BELLWETHER_READINGS: 'influx', BELLWETHER_INFLUX_URL: influxd.url }),
}
const layout = layoutOf(dir)
const store = await readingsStore(loadConfig({ environment }), layout, fakePorts())
const reader = store.openReader()
const journal = openJournalWriter({
  dir: layout.journal,
  segmentBytesMax: 64 * mebibyte,
  bytesMax: 65_536 * mebibyte,
  log: fakePorts().log,
})
const sums = openJournalReader({ dir: layout.journal, onDamage: () => undefined })
let sent = 0

/** Every device in turn, with a time of its own. */
function append(writer: JournalWriter, at: number): void {
  const n = sent++
  const [v, w] = [(n * 7) % 1_999, (n * 13) % 999]
  const payload = `{"ts":${at},"values":{"pm25":${v / 10},"pm10":${w / 5},"no2":${w / 10},"o3":${v / 20}}}`
  const device = deviceId(n % devices)
  const bytes = Buffer.from(payload)
  writer.append({ kind: 'telemetry', device, receivedAt: at, payload: bytes, readings: 4 })
}

const committed = (writer: JournalWriter) =>
  new Promise<void>((done, fail) => writer.commit((fault) => (fault ? fail(fault) : done())))

async function fill(): Promise<void> {
  const began = Date.now() - outageMs
  while (sent < backlog) {
    for (let i = 0; i < 2_000 && sent < backlog; i++) {
      append(journal, Math.floor(began + (sent / backlog) * outageMs))
    }
    await committed(journal)
  }
}

/** Groups of live uplinks that are not settled yet: their last position, and when they were on disk. */
const waiting: { seq: number; at: number }[] = []
let isLive = true

async function sendLive(): Promise<void> {
  const began = performance.now()
  const before = sent
  while (isLive) {
    const due = before + Math.floor(((performance.now() - began) / 1_000) * rate)
    while (sent < due) append(journal, Date.now())
    await committed(journal)
    waiting.push({ seq: journal.head, at: performance.now() })
    journal.trim((await reader.progress()).seq)
    await wait(liveEveryMs)
  }
}

/** When the first live uplink was found stored. Those that were sent before waited for the program to start. */
let liveSince = Number.POSITIVE_INFINITY

/** Looks how far ingest is; the lags of what is settled since the last look. */
async function look(): Promise<{ lags: number[]; left: number; isBehind: boolean }> {
  const { seq, ahead } = await reader.progress()
  const now = performance.now()
  const settled = ahead?.to ?? seq
  const lags: number[] = []
  for (let next = waiting[0]; next !== undefined && next.seq <= settled; next = waiting[0]) {
    waiting.shift()
    liveSince = Math.min(liveSince, now)
    if (next.at > liveSince) lags.push(now - next.at)
  }
  return { lags, left: Math.max(0, backlog - seq), isBehind: seq < backlog || ahead !== undefined }
}

function shown(lags: readonly number[]): string {
  const ms = (q: number) => quantile(lags, q).toFixed(0)
  return `live lag p50 ${ms(0.5)} p99 ${ms(0.99)} max ${Math.max(...lags).toFixed(0)} ms`
}

function peakMib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1_024
}

async function drain(ingest: ChildProcess): Promise<void> {
  const pid = ingest.pid ?? 0
  const began = performance.now()
  const all: number[] = []
  let tenth = { at: began, left: backlog, lags: 0 }
  for (let isBehind = true; isBehind; await wait(lookEveryMs)) {
    const seen = await look()
    isBehind = seen.isBehind
    all.push(...seen.lags)
    if (tenth.left - seen.left < backlog / 10 && isBehind) continue
    const perSecond = (tenth.left - seen.left) / ((performance.now() - tenth.at) / 1_000)
    const rss = Math.round(rssBytesOf(pid) / mebibyte)
    console.log(
      `${seen.left} left, ${Math.round(perSecond)} uplinks/s, ${shown(all.slice(tenth.lags))}, ${rss} MiB`,
    )
    tenth = { at: performance.now(), left: seen.left, lags: all.length }
  }
  const seconds = (performance.now() - began) / 1_000
  const cpu = cpuSecondsOf(pid)
  console.log(
    `the first live uplink was stored ${Math.round(liveSince - began)} ms after the start`,
  )
  console.log(
    `the backlog is stored after ${seconds.toFixed(1)} s, start included: ${Math.round(backlog / seconds)} uplinks/s ` +
      `beside ${rate} live ones; ${shown(all)}; ${((cpu / sent) * 1e6).toFixed(1)} CPU-s per million, peak ${Math.round(peakMib(pid))} MiB`,
  )
}

/** For comparison: live uplinks when there is no backlog. */
async function ordinary(): Promise<void> {
  const lags: number[] = []
  for (
    const until = performance.now() + 10_000;
    performance.now() < until;
    await wait(lookEveryMs)
  ) {
    lags.push(...(await look()).lags)
  }
  console.log(`afterwards ${shown(lags)}`)
}

await fill()
console.log(
  `${backlog} uplinks wait in ${Math.round(journal.bytes / mebibyte)} MiB of journal; load average ${loadavg().map((l) => l.toFixed(1))}`,
)
const args = [join(root, 'dist/cli/bellwether.js'), 'serve']
const ingest = spawn(process.execPath, args, {
  stdio: ['ignore', 'ignore', 'inherit'],
  env: { PATH: process.env.PATH ?? '', ...environment },
})
process.once('exit', () => ingest.kill('SIGKILL'))
const live = sendLive()
await drain(ingest)
await ordinary()
isLive = false
await live
while ((await sums.backlog((await reader.progress()).seq)).readings > 0) await wait(lookEveryMs)
const { received, stored, duplicate, quarantined } = await reader.progress()
const isExact = received === 4 * sent && stored === received
console.log(
  `${isExact ? 'exact' : 'WRONG'}: ${4 * sent} readings sent, ${received} received, ${stored} stored, ${duplicate} duplicate, ${quarantined} quarantined`,
)
const ended = once(ingest, 'exit')
ingest.kill('SIGTERM')
await ended
await reader.close()
await influxd?.stop()
rmSync(dir, { recursive: true, force: true })
process.exit(isExact ? 0 : 1)
