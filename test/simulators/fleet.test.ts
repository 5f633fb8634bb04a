/** The fleet against a plain Aedes: what it promises about its own side of the connection. */

import { createServer, type Server, type Socket } from 'node:net'
import { Aedes, type AuthenticateError, type Client } from 'aedes'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hourMs } from '../../simulators/calendar.ts'
import { makeCity } from '../../simulators/city.ts'
import { noFaults } from '../../simulators/faults.ts'
import { connectors, type FleetOptions, runFleet } from '../../simulators/fleet.ts'
import { type Link, type LinkOptions, openLink } from '../../simulators/link.ts'
import type { Piece } from '../../simulators/reports.ts'
import { newTally, type Tally } from '../../simulators/tally.ts'
import { compressed } from '../../simulators/timeline.ts'
import { systemClock, systemTimers } from '../../runtime/system.ts'

const ports = {
  clock: systemClock,
  timers: systemTimers,
  random: { bytes: () => new Uint8Array(1), fraction: () => 0 },
}

interface Received {
  client: string
  topic: string
  payload: string
}

let broker: Aedes
let server: Server
let url: string
let received: Received[]
let sockets: Set<Socket>
/** Identity → password that is let in; none means everybody. */
let passwords: Map<string, string> | null
let closers: (() => Promise<void>)[]

beforeEach(async () => {
  received = []
  sockets = new Set()
  passwords = null
  closers = []
  broker = await Aedes.createBroker()
  broker.authenticate = (client: Client, user, password, done) => {
    const allowed = passwords === null || passwords.get(user ?? '') === password?.toString()
    const refusal: AuthenticateError = Object.assign(new Error('no'), { returnCode: 4 })
    done(allowed && client.id === user ? null : refusal, allowed)
  }
  broker.authorizePublish = (client, packet, done) => {
    received.push({
      client: client?.id ?? '',
      topic: packet.topic,
      payload: packet.payload.toString(),
    })
    done(null)
  }
  server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    broker.handle(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  url = `mqtt://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
})

afterEach(async () => {
  for (const close of closers) await close()
  for (const socket of sockets) socket.destroy()
  await new Promise<void>((resolve) => broker.close(resolve))
  await new Promise<void>((resolve) => server.close(() => resolve()))
})

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10))
}

function piece(n: number): Piece {
  const text = JSON.stringify({ ts: n, values: { pm25: n } })
  return { device: 'a', kind: 'readings', text, readings: 1, sendMs: 0 }
}

function link(options: Partial<LinkOptions>): { link: Link; tally: Tally } {
  const tally = newTally()
  const opened = openLink({
    id: 'a',
    token: 't',
    mqttUrl: url,
    behind: null,
    sleepy: false,
    ports,
    tally,
    renew: null,
    ...options,
  })
  closers.push(() => opened.close())
  return { link: opened, tally }
}

/** Every `ts` that arrived, in order of arrival. */
function stamps(): number[] {
  return received
    .filter(({ topic }) => topic.endsWith('telemetry'))
    .flatMap(({ payload }) => {
      const body = JSON.parse(payload) as { ts: number } | { ts: number }[]
      return (Array.isArray(body) ? body : [body]).map(({ ts }) => ts)
    })
}

describe('a connection', () => {
  test('sends what waited in few messages and counts what is acknowledged', async () => {
    const { link: it, tally } = link({})
    for (let n = 1; n <= 600; n++) it.say(piece(n))
    it.flush()
    await until(() => tally.readings === 600)
    expect(stamps()).toEqual(Array.from({ length: 600 }, (_, i) => i + 1))
    expect(received.length).toBe(3)
    expect(tally).toMatchObject({ sent: 3, acked: 3, givenUp: 0, connects: 1 })
  })

  test('loses nothing when it is broken again and again', async () => {
    const { link: it, tally } = link({})
    for (let n = 1; n <= 30; n++) {
      it.say(piece(n))
      it.flush()
      if (n % 10 === 0) {
        await until(() => it.connected)
        for (const socket of sockets) socket.destroy()
      }
    }
    await until(() => it.waiting + it.inFlight === 0)
    expect(new Set(stamps())).toEqual(new Set(Array.from({ length: 30 }, (_, i) => i + 1)))
    expect(tally.readings).toBe(30)
    expect(tally.connects).toBeGreaterThan(1)
  })

  test('keeps what it has to say during an outage and sends it together after', async () => {
    const { link: it, tally } = link({})
    it.setDown(true)
    for (let n = 1; n <= 20; n++) {
      it.say(piece(n))
      it.flush()
    }
    expect(it.connected).toBe(false)
    expect(it.waiting).toBe(20)
    it.setDown(false)
    await until(() => tally.readings === 20)
    expect(received.length).toBe(1)
  })

  test('that sleeps hangs up when all is acknowledged and comes back to speak', async () => {
    const { link: it, tally } = link({ sleepy: true })
    it.flush()
    expect(it.connected).toBe(false)
    for (let n = 1; n <= 3; n++) {
      it.say(piece(n))
      it.flush()
      await until(() => tally.acked === n)
      await until(() => sockets.size === 0)
    }
    expect(tally.connects).toBe(3)
    expect(it.asleep).toBe(true)
    expect(it.inFlight).toBe(0)
  })

  test('of a gateway says who is behind it each time it comes', async () => {
    const { link: it } = link({ behind: ['x', 'y'] })
    it.flush()
    await until(() => received.length === 2)
    it.drop()
    await until(() => received.length === 4)
    expect(received.map(({ topic }) => topic)).toEqual(Array(4).fill('v1/gateway/connect'))
    expect(received.map(({ payload }) => JSON.parse(payload).device)).toEqual(['x', 'y', 'x', 'y'])
  })

  test('that is refused asks for a new token and goes on with it', async () => {
    passwords = new Map([['a', 'new']])
    const { link: it, tally } = link({ token: 'old', renew: async () => 'new' })
    it.say(piece(1))
    it.flush()
    await until(() => tally.readings === 1)
    expect(tally.refused).toBe(1)
  })

  test('that is refused for good does not ask forever', async () => {
    passwords = new Map()
    let asked = 0
    const { link: it, tally } = link({ renew: async () => String(++asked) })
    it.flush()
    await until(() => tally.refused >= 3)
    expect(asked).toBeLessThanOrEqual(3)
    expect(it.connected).toBe(false)
    expect(tally.lastError).toMatch(/refused/i)
  })

  test('gives up the oldest of a queue that is full, and counts it', () => {
    const { link: it, tally } = link({})
    it.setDown(true)
    for (let n = 1; n <= 5_010; n++) it.say(piece(n))
    expect(it.waiting).toBe(5_000)
    expect(tally.givenUp).toBe(10)
  })
})

describe('a fleet', () => {
  const start = Date.parse('2026-06-15T00:00:00Z')

  function fleet(more: Partial<FleetOptions> = {}) {
    const city = makeCity({ seed: 7, devices: 60, connections: 20 })
    const speed = 3_600
    const it = runFleet({
      city,
      episodes: [],
      faults: noFaults,
      timeline: compressed({ realStartMs: systemClock.now(), cityStartMs: start, speed }),
      mqttUrl: url,
      tokens: new Map(connectors(city).map((id) => [id, 't'])),
      renew: null,
      ports,
      ...more,
    })
    closers.push(() => it.stop(100))
    return { city, fleet: it }
  }

  test('lets every wired device speak within an hour of the city, over few connections', async () => {
    const { city, fleet: it } = fleet()
    await until(() => it.status().cityMs > start + 3 * hourMs)
    await it.stop(3_000)
    const text = received.map(({ client, payload }) => client + payload).join()
    for (const device of city.devices.filter(({ radio }) => radio === 'wired')) {
      expect(text, device.id).toContain(device.id)
    }
    expect(new Set(received.map(({ client }) => client)).size).toBeLessThanOrEqual(20)
    expect(it.tally.acked).toBe(it.tally.sent)
    expect(it.tally.givenUp).toBe(0)
  })

  test('stamps messages close to now although the city lives 3600 times as fast', async () => {
    const { fleet: it } = fleet()
    await until(() => it.tally.acked > 100)
    const before = Date.now()
    for (const ts of [
      ...received
        .map(({ payload }) => payload)
        .join()
        .matchAll(/"ts":(\d+)/g),
    ]) {
      expect(Math.abs(Number(ts[1]) - before)).toBeLessThan(60_000)
    }
  })

  test('comes back after storms and outages without losing a message it was not told to lose', async () => {
    const { fleet: it } = fleet({ faults: { ...noFaults, storm: 1, outage: 0.3 } })
    await until(() => it.status().cityMs > start + 4 * hourMs)
    expect(it.tally.connects).toBeGreaterThan(30)
    expect(it.tally.givenUp).toBe(0)
    expect(it.tally.acked).toBeGreaterThan(100)
  })

  test('without the token of a device is not started', () => {
    expect(() => fleet({ tokens: new Map() })).toThrow(/no token of lt-gw-001/)
  })

  test('lets a device say something of its own', async () => {
    const { city, fleet: it } = fleet()
    const device = city.devices.find(({ gateway }) => gateway !== null)!
    it.say(device, { ...piece(77), device: device.id })
    await until(() => received.some(({ payload }) => payload.includes('"ts":77')))
  })
})
