/**
 * Kills real server processes with SIGKILL at random moments, again and again, while devices publish, and then
 * compares what was promised with what is there.
 *
 *   npm run test:crash -- --rounds 1000             each role in its own process, a random one is killed
 *   npm run test:crash -- --rounds 100 --together   all roles in one process
 *   npm run test:crash -- --rounds 100 --outages 3  ingest is away for a while in between, so that a backlog is drained
 *   npm run test:crash -- --rounds 20 --unsafe      a broker that acknowledges first: must find losses
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type ProcessSpec, type Running, freePort, serveArgs, startProcess } from './processes.ts'
import { type Publisher, startPublisher } from './publishers.ts'
import { checkNews, type Message, registerNews, silenceMs, silenceNews } from './news.ts'
import {
  type Api,
  balance,
  checkAlerts,
  checkReadings,
  type Findings,
  get,
  post,
} from './verify.ts'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '30' },
    devices: { type: 'string', default: '12' },
    outages: { type: 'string', default: '0' },
    together: { type: 'boolean', default: false },
    unsafe: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
})
const rounds = Number(options.rounds)
const outages = Number(options.outages)
/** Longer than uplinks count as live. */
const outageMs = 13_000
const pendingDelivery = '/api/v1/deliveries?state=pending&limit=1'
const adminToken = 'crash-test-admin-token'
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

interface Receiver {
  port: number
  /** webhook-id → body. */
  received: Map<string, string>
  /** In the order they came, repetitions included. */
  messages: Message[]
  reused: () => number
  close(): void
}

/** Takes every webhook; the same id must always carry the same body. */
async function startReceiver(): Promise<Receiver> {
  const received = new Map<string, string>()
  const messages: Message[] = []
  let reused = 0
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    request.on('end', () => {
      const id = String(request.headers['webhook-id'])
      if (received.has(id) && received.get(id) !== body) reused++
      received.set(id, body)
      messages.push({ path: request.url ?? '', id, body })
      response.writeHead(204).end()
    })
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return { port, received, messages, reused: () => reused, close: () => server.close() }
}

async function startAll(dir: string): Promise<{ running: Running[]; mqttPort: number; api: Api }> {
  const [mqttPort, httpPort] = [await freePort(), await freePort()]
  const env = {
    BELLWETHER_DATA_DIR: join(dir, 'data'),
    BELLWETHER_MQTT_PORT: String(mqttPort),
    BELLWETHER_HTTP_PORT: String(httpPort),
    BELLWETHER_ADMIN_TOKEN: adminToken,
    BELLWETHER_WEBHOOK_ALLOW: '127.0.0.1',
    BELLWETHER_LOG_LEVEL: 'warn',
    BELLWETHER_API_REQUESTS_PER_MINUTE_MAX: '1000000',
    // Small segments, so that rolling and dropping them is part of the test.
    BELLWETHER_JOURNAL_SEGMENT_MIB: '1',
    // Small batches when there are outages, so that a backlog takes many.
    ...(outages > 0 ? { BELLWETHER_INGEST_BATCH_MESSAGES_MAX: '200' } : {}),
  }
  const roles = options.together
    ? ['broker,ingest,alerts,api']
    : ['broker', 'ingest', 'alerts', 'api']
  const specs: ProcessSpec[] = roles.map((role) => ({
    name: role.includes(',') ? 'all' : role,
    args:
      role === 'broker' && options.unsafe
        ? ['--import', 'tsx', new URL('./unsafe-broker.ts', import.meta.url).pathname]
        : serveArgs,
    env: { ...env, BELLWETHER_ROLES: role },
  }))
  const running = await Promise.all(specs.map((spec) => startProcess(spec, dir)))
  return { running, mqttPort, api: { url: `http://127.0.0.1:${httpPort}`, token: adminToken } }
}

async function register(api: Api, receiver: Receiver, devices: readonly string[]) {
  await post(api, '/api/v1/sites', { id: 'crash-site', kind: 'air-station', name: { en: 'Crash' } })
  await post(api, '/api/v1/rules', { id: 'crash-rule', property: 'pm25', levels: { red: 100 } })
  await post(api, '/api/v1/webhooks', { id: 'duty', url: `http://127.0.0.1:${receiver.port}/` })
  await registerNews(api, `http://127.0.0.1:${receiver.port}`)
  const tokens = new Map<string, string>()
  for (const id of devices) {
    await post(api, '/api/v1/devices', { id, site: 'crash-site' })
    const { token } = await post<{ token: string }>(api, `/api/v1/devices/${id}/token`, {})
    tokens.set(id, token)
  }
  return tokens
}

async function killRounds(running: readonly Running[], api: Api): Promise<Map<string, number>> {
  const kills = new Map<string, number>()
  let silenced = 0
  for (let round = 1; round <= rounds; round++) {
    await wait(30 + Math.random() * 300)
    const victim = running[Math.floor(Math.random() * running.length)]!
    await victim.kill()
    await victim.restart()
    if (round % 5 === 0 && (await silenceNews(api))) silenced++
    kills.set(victim.name, (kills.get(victim.name) ?? 0) + 1)
    if (round % Math.ceil(rounds / (outages + 1)) === 0) await outage(running)
    if (round % 50 === 0) console.log(`${round} rounds`)
  }
  console.log(`${silenced} silences`)
  return kills
}

/** Kills follow while the backlog is drained. */
async function outage(running: readonly Running[]): Promise<void> {
  const ingest = running.find(({ name }) => name === 'ingest')
  if (ingest === undefined || outages === 0) return
  await ingest.kill()
  await wait(outageMs)
  await ingest.restart()
}

/** Waits until nothing is in flight or to be sent; gives up when nothing has moved for a minute, and what is missing is found. */
async function settle(api: Api, receiver: Receiver): Promise<void> {
  let quietFor = 0
  let stuckFor = 0
  let before = ''
  while (quietFor < 20 && stuckFor < 600) {
    const figures = await balance(api)
    const { items } = await get<{ items: unknown[] }>(api, pendingDelivery)
    const now = JSON.stringify([figures, receiver.messages.length])
    const isSame = now === before
    const isDone = figures.inFlight === 0 && items.length === 0
    quietFor = isSame && isDone ? quietFor + 1 : 0
    stuckFor = isSame && !isDone ? stuckFor + 1 : 0
    before = now
    await wait(100)
  }
}

/** The balance must hold at any moment, so it is looked at all the time while processes die. */
function watchBalance(api: Api, findings: Findings) {
  const timer = setInterval(() => {
    balance(api).then(
      (b) => {
        if (b.received !== b.stored + b.duplicate + b.quarantined + b.inFlight)
          findings.outOfBalance++
      },
      () => {}, // The API is one of those that are killed.
    )
  }, 200)
  return () => clearInterval(timer)
}

async function main(): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'bellwether-crash-'))
  const receiver = await startReceiver()
  const { running, mqttPort, api } = await startAll(dir)
  const devices = Array.from({ length: Number(options.devices) }, (_, i) => `crash-${i + 1}`)
  const tokens = await register(api, receiver, devices)
  const findings: Findings = {
    sent: 0,
    acknowledged: 0,
    lost: 0,
    doubled: 0,
    wrongValue: 0,
    changes: 0,
    changesMissing: 0,
    changesDoubled: 0,
    changesWrong: 0,
    webhooksMissing: 0,
    webhookIdsReused: 0,
    news: 0,
    newsWithoutBeginning: 0,
    newsWithoutEnd: 0,
    newsAfterEnd: 0,
    outOfBalance: 0,
  }
  const stopWatching = watchBalance(api, findings)
  const publishers: Publisher[] = devices.map((device) =>
    startPublisher({ device, token: tokens.get(device)!, port: mqttPort, periodMs: 10 }),
  )
  const kills = await killRounds(running, api)
  await Promise.all(publishers.map((publisher) => publisher.finish()))
  // What the last silence muted is told when it is over.
  await wait(silenceMs + 2_000)
  await settle(api, receiver)
  stopWatching()
  const stored = await checkReadings(api, publishers, findings)
  await checkAlerts(api, stored, receiver.received, findings)
  await checkNews(api, receiver.messages, findings)
  findings.webhookIdsReused = receiver.reused()
  const codes = await Promise.all(running.map((process) => process.stop()))
  receiver.close()
  return report(dir, findings, kills, codes)
}

function report(
  dir: string,
  findings: Findings,
  kills: Map<string, number>,
  codes: (number | null)[],
) {
  console.log(
    JSON.stringify({ rounds, kills: Object.fromEntries(kills), exitCodes: codes, ...findings }),
  )
  const { sent: _, acknowledged, changes, news, ...bad } = findings
  const told = acknowledged > 0 && changes > 0 && news > 0
  const clean = Object.values(bad).every((count) => count === 0) && told
  if (!options.keep && clean) rmSync(dir, { recursive: true, force: true })
  else console.log(`data and logs: ${dir}`)
  if (options.unsafe) {
    console.log(findings.lost > 0 ? 'PASS: the losses were found' : 'FAIL: the lie was not found')
    return findings.lost > 0 ? 0 : 1
  }
  console.log(clean ? 'PASS' : 'FAIL')
  return clean ? 0 : 1
}

process.exitCode = await main()
