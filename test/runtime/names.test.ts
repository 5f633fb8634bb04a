/** Names of hosts: hosts file, DNS with its search list, and a name server that does not answer. */

import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createNames, type ResolveName } from '../../runtime/names.ts'
import { systemTimers } from '../../runtime/system.ts'

let dir: string
let server: Socket
/** What the name server was asked, without the type. */
let asked: Set<string>

/** Addresses by name; a name that ends in `.silent` is never answered, all others do not exist (RFC 1035 §4.1). */
const zone: Record<string, string> = {
  'influx.ops.example': '10.1.2.3',
  'both.example': '10.9.9.9',
  'half.silent': '10.7.7.7',
}

function answerTo(question: Buffer): Buffer | null {
  const labels: string[] = []
  let at = 12
  for (let size = question[at] ?? 0; size > 0; size = question[at] ?? 0) {
    labels.push(question.toString('latin1', at + 1, at + 1 + size))
    at += 1 + size
  }
  const type = question.readUInt16BE(at + 1)
  const name = labels.join('.')
  asked.add(name)
  const isA = type === 1
  const address = zone[name]
  if (name.endsWith('.silent') && !(isA && address !== undefined)) return null
  const header = Buffer.from(question.subarray(0, at + 5))
  header.writeUInt16BE(address === undefined ? 0x8183 : 0x8180, 2)
  header.writeUInt16BE(isA && address !== undefined ? 1 : 0, 6)
  header.writeUInt16BE(0, 8)
  header.writeUInt16BE(0, 10)
  if (!isA || address === undefined) return header
  const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split('.').map(Number)]
  return Buffer.concat([header, Buffer.from(record)])
}

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'bellwether-names-'))
  asked = new Set()
  server = createSocket('udp4')
  server.on('message', (question, from) => {
    const answer = answerTo(question)
    if (answer !== null) server.send(answer, from.port, from.address)
  })
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(() => {
  server.close()
  rmSync(dir, { recursive: true, force: true })
})

function names(files: { hosts?: string; resolver?: string } = {}): ResolveName {
  writeFileSync(join(dir, 'hosts'), files.hosts ?? '')
  writeFileSync(join(dir, 'resolv.conf'), files.resolver ?? '')
  const sources = {
    hostsFile: join(dir, 'hosts'),
    resolverFile: join(dir, 'resolv.conf'),
    servers: [`127.0.0.1:${server.address().port}`],
    timers: systemTimers,
  }
  return createNames(sources, async (name) => [{ address: `system ${name}`, family: 4 }])
}

test('the hosts file comes first, with both versions and without its comments', async () => {
  const hosts = '# 9.9.9.9 gauge\nfd00::5 gauge Gauge.local # the old one\n10.0.0.5\tgauge\n'
  const resolve = names({ hosts })
  expect(await resolve('GAUGE.')).toEqual([
    { address: '10.0.0.5', family: 4 },
    { address: 'fd00::5', family: 6 },
  ])
  expect(await resolve('gauge.local')).toEqual([{ address: 'fd00::5', family: 6 }])
  expect(asked.size).toBe(0)
})

test('localhost is this machine without anybody being asked', async () => {
  const found = await names()('localhost')
  expect(found[0]?.address).toBe('127.0.0.1')
  expect(isIPv6(found[1]?.address ?? '')).toBe(true)
  expect(asked.size).toBe(0)
})

test('a short name is looked for in the search list', async () => {
  const resolver = 'search lab.example ops.example\noptions timeout:1 ndots:2\n'
  const resolve = names({ resolver })
  expect(await resolve('influx')).toEqual([{ address: '10.1.2.3', family: 4 }])
  expect([...asked]).toEqual(['influx.lab.example', 'influx.ops.example'])
  expect(await resolve('both.example.')).toEqual([{ address: '10.9.9.9', family: 4 }])
})

test('a name that DNS does not know is left to the system', async () => {
  expect(await names()('printer.nowhere')).toEqual([
    { address: 'system printer.nowhere', family: 4 },
  ])
})

test('no answer is no answer: nobody else is asked, and it ends', async () => {
  await expect(names()('influx.silent')).rejects.toMatchObject({
    code: 'EAI_AGAIN',
    hostname: 'influx.silent',
  })
})

test('one version that is not answered does not hold up the other', async () => {
  expect(await names()('half.silent')).toEqual([{ address: '10.7.7.7', family: 4 }])
})
