/**
 * B1: durable acknowledgements per second, with sign-in and access checks, against Debian's Mosquitto without
 * persistence and without checks. Broker and generator in processes of their own, interleaved rounds.
 *
 *   node --import tsx test/bench/acks.ts [--rounds 3] [--seconds 4] [--shapes 1x1,50x20,200x5,5000x1]
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    shapes: { type: 'string', default: '1x1,50x20,200x5,5000x1' },
    mosquitto: { type: 'string', default: '/usr/sbin/mosquitto' },
  },
})
const shapes = values.shapes.split(',').map((text) => {
  const [connections = 1, window = 1] = text.split('x').map(Number)
  return { name: text, connections, window }
})
const devicesMax = Math.max(...shapes.map((shape) => shape.connections))

interface Server {
  name: string
  port: number
  process: ChildProcess
  stop(): Promise<void>
}

interface Result {
  acksPerSecond: number
  p50Ms: number
  p99Ms: number
  cpuShare: number
  /** Processor time of the server for each message. */
  serverCpuUs: number
}

/** The lines of a child, one after the other, parsed. */
function linesOf(child: ChildProcess): () => Promise<unknown> {
  if (child.stdout === null) throw new Error('no output')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error('it has ended without an answer')
    return JSON.parse(String(value))
  }
}

async function startOurs(): Promise<Server> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'test/bench/broker-process.ts', '--devices', String(devicesMax)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const { port } = (await linesOf(child)()) as { port: number }
  return {
    name: 'bellwether',
    port,
    process: child,
    stop: () => ended(child, () => child.stdin?.end()),
  }
}

async function startMosquitto(): Promise<Server> {
  const dir = mkdtempSync(join(tmpdir(), 'mosquitto-bench-'))
  const port = await freePort()
  const config = join(dir, 'mosquitto.conf')
  const lines = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', 'persistence false']
  writeFileSync(config, `${[...lines, 'log_type none', 'set_tcp_nodelay true'].join('\n')}\n`)
  const child = spawn(values.mosquitto, ['-c', config], { stdio: 'ignore' })
  await sleep(500)
  return {
    name: 'mosquitto',
    port,
    process: child,
    async stop() {
      await ended(child, () => child.kill())
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

function ended(child: ChildProcess, act: () => void): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    act()
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Processor seconds of a process since its start, from `/proc`. */
function cpuSeconds(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}

async function load(server: Server, connections: number, window: number): Promise<Result> {
  const args = [
    ...['--port', server.port, '--connections', connections, '--window', window],
    ...['--seconds', values.seconds, '--warmup', connections > 1_000 ? 2 : 1],
  ].map(String)
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/bench/mqtt-load.ts', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const next = linesOf(child)
  await next()
  const before = cpuSeconds(server.process.pid)
  const result = (await next()) as Result & { acks: number }
  const used = cpuSeconds(server.process.pid) - before
  return { ...result, serverCpuUs: (used / result.acks) * 1e6 }
}

const median = (list: readonly number[]) =>
  [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0

const ours = await startOurs()
const theirs = await startMosquitto()
try {
  for (const { name, connections, window } of shapes) {
    const rounds: { a: Result; b: Result }[] = []
    for (let round = 0; round < Number(values.rounds); round++) {
      const a = await load(ours, connections, window)
      await sleep(300)
      const b = await load(theirs, connections, window)
      await sleep(300)
      rounds.push({ a, b })
    }
    const of = (pick: (round: { a: Result; b: Result }) => number) => median(rounds.map(pick))
    console.log(
      JSON.stringify({
        shape: name,
        bellwether: of(({ a }) => a.acksPerSecond),
        mosquitto: of(({ b }) => b.acksPerSecond),
        ratio: Number(of(({ a, b }) => a.acksPerSecond / b.acksPerSecond).toFixed(2)),
        p50Ms: [of(({ a }) => a.p50Ms), of(({ b }) => b.p50Ms)],
        p99Ms: [of(({ a }) => a.p99Ms), of(({ b }) => b.p99Ms)],
        cpuUs: [of(({ a }) => a.serverCpuUs), of(({ b }) => b.serverCpuUs)].map((us) =>
          Number(us.toFixed(2)),
        ),
        generatorCpu: [of(({ a }) => a.cpuShare), of(({ b }) => b.cpuShare)],
        rounds: rounds.map(({ a, b }) => [a.acksPerSecond, b.acksPerSecond]),
        load: Number((loadavg()[0] ?? 0).toFixed(1)),
      }),
    )
  }
} finally {
  await ours.stop()
  await theirs.stop()
}
