/**
 * B4: memory of an idle, signed-in connection: the broker against stock Aedes, each in a process of its own,
 * with the clients in a third. Resident memory is read after a forced garbage collection, before and after.
 *
 *   node --import tsx test/bench/idle.ts [--connections 15000] [--settle 10]
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '15000' },
    settle: { type: 'string', default: '10' },
    role: { type: 'string', default: 'main' },
    port: { type: 'string', default: '0' },
  },
})
const connections = Number(values.connections)
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes])
}

function connectFrame(i: number): Buffer {
  const head = Buffer.concat([text('MQTT'), Buffer.of(4, 0xc2, 0x0e, 0x10), text(`idle-${i}`)])
  const body = Buffer.concat([head, text(`d-${i}`), text(`bench-token-${i}`)])
  return Buffer.concat([Buffer.of(0x10, body.length), body])
}

/** Opens the connections and keeps them. */
async function hold(): Promise<void> {
  const sockets: Socket[] = []
  const open = (i: number) =>
    new Promise<void>((resolve, reject) => {
      const socket = connect({ port: Number(values.port), host: '127.0.0.1' })
      sockets.push(socket)
      socket.write(connectFrame(i))
      socket.once('error', reject)
      socket.once('data', (answer) =>
        answer[3] === 0 ? resolve() : reject(new Error(`refused: ${answer[3]}`)),
      )
    })
  const start = Date.now()
  for (let i = 0; i < connections; i += 100) {
    await Promise.all(Array.from({ length: Math.min(100, connections - i) }, (_, k) => open(i + k)))
  }
  console.log(JSON.stringify({ connected: sockets.length, seconds: (Date.now() - start) / 1_000 }))
}

/** Stock Aedes, as its README starts it. */
async function stock(): Promise<void> {
  const { Aedes } = await import('aedes')
  const aedes = await Aedes.createBroker()
  const server = createServer((socket) => void aedes.handle(socket))
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () => {
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    console.log(JSON.stringify({ ready: true, port }))
  })
  process.on('SIGUSR2', () => {
    globalThis.gc?.()
    setTimeout(() => {
      globalThis.gc?.()
      const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))
      const { heapUsed } = process.memoryUsage()
      console.log(JSON.stringify({ rssBytes: Number(line?.[1]) * 1024, heapBytes: heapUsed }))
    }, 1_000)
  })
}

interface Reader {
  child: ChildProcess
  next(): Promise<Record<string, number>>
}

function run(args: readonly string[]): Reader {
  const child = spawn(process.execPath, ['--expose-gc', '--import', 'tsx', ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  if (child.stdout === null) throw new Error('no output')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return { child, next: async () => JSON.parse((await lines.next()).value as string) }
}

async function measure(name: string, server: Reader): Promise<void> {
  const self = fileURLToPath(import.meta.url)
  const { port } = await server.next()
  const used = async () => {
    server.child.kill('SIGUSR2')
    return server.next()
  }
  // The first connections load code and grow the heap: they are not what an idle connection costs.
  const warm = run([self, '--role', 'hold', '--port', String(port), '--connections', '200'])
  await warm.next()
  warm.child.kill()
  await sleep(2_000)
  const before = await used()
  const holder = run([
    self,
    '--role',
    'hold',
    '--port',
    String(port),
    '--connections',
    String(connections),
  ])
  const { seconds } = await holder.next()
  await sleep(Number(values.settle) * 1_000)
  const after = await used()
  const each = (key: string) => Math.round(((after[key] ?? 0) - (before[key] ?? 0)) / connections)
  console.log(
    JSON.stringify({
      server: name,
      connections,
      connectSeconds: seconds,
      rssBytesEach: each('rssBytes'),
      heapBytesEach: each('heapBytes'),
      rssBytesBefore: before.rssBytes,
    }),
  )
  holder.child.kill()
  server.child.kill('SIGKILL')
}

if (values.role === 'hold') await hold()
else if (values.role === 'stock') await stock()
else {
  await measure(
    'bellwether',
    run(['test/bench/broker-process.ts', '--devices', String(connections)]),
  )
  await measure('stock aedes', run([fileURLToPath(import.meta.url), '--role', 'stock']))
}
