/**
 * Runs a city against a broker: every device speaks at its time, over its own connection or its gateway's, with the
 * faults that strike it. Bounded in connections, queues and work per turn; stops cleanly and says what it did.
 */

import type { Ports } from '../domain/ports.ts'
import { type City, type CityDevice, sceneOf } from './city.ts'
import type { Episode } from './episodes.ts'
import { type FaultRates, isOut, stormNumber } from './faults.ts'
import { type Link, openLink } from './link.ts'
import { nextSample, type Piece, piecesAt, type ReportOptions, sampleTime } from './reports.ts'
import { newTally, type Tally } from './tally.ts'
import type { Timeline } from './timeline.ts'
import { createWheel, type Wheel } from './wheel.ts'

export interface FleetOptions {
  city: City
  episodes: readonly Episode[]
  faults: FaultRates
  timeline: Timeline
  mqttUrl: string
  /** Token of every device that signs in itself, gateways included. */
  tokens: ReadonlyMap<string, string>
  renew: ((device: string) => Promise<string>) | null
  ports: Pick<Ports, 'clock' | 'timers' | 'random'>
}

export interface Fleet {
  readonly tally: Tally
  status(): FleetStatus
  /** Lets a device say something beyond its own life, over its own connection. */
  say(device: CityDevice, piece: Piece): void
  /** Stops publishing, waits up to `drainMs` for acknowledgements, disconnects. */
  stop(drainMs: number): Promise<void>
}

export interface FleetStatus {
  links: number
  connected: number
  /** Parts of messages that wait for their connection. */
  waiting: number
  inFlight: number
  /** Milliseconds since 1970 UTC in the city. */
  cityMs: number
  /** How far the work is behind the city's clock, in its milliseconds. */
  lagMs: number
}

/** Something a device will do: take a sample, or send what was made before. */
type Due = { device: CityDevice; index: number } | { device: CityDevice; piece: Piece }

const tickMs = 50
/** More would keep the acknowledgements of this process waiting. */
const duePerTick = 2_000

export function runFleet(options: FleetOptions): Fleet {
  const { city, timeline, ports } = options
  const tally = newTally()
  const links = openLinks(options, tally)
  const scene = sceneOf(city, options.episodes)
  const reports: ReportOptions = { scene, faults: options.faults, stamp: timeline.stamp }
  const startMs = timeline.cityTime(ports.clock.now())
  const wheel = createWheel<Due>(startMs, Math.max(1_000, tickMs * timeline.speed))
  for (const device of city.devices) plan(wheel, device, nextSample(device, startMs))
  let lagMs = 0
  let storm = stormNumber(options.faults, scene.key, startMs)

  function tick(): void {
    const nowMs = timeline.cityTime(ports.clock.now())
    disturb(nowMs)
    const due = wheel.take(nowMs, duePerTick)
    for (const item of due) act(item)
    const last = due.at(-1)
    const behind = due.length >= duePerTick && last !== undefined
    lagMs = behind ? Math.max(0, nowMs - dueTime(last)) : 0
  }

  function act(item: Due): void {
    const link = links.get(item.device.gateway ?? item.device.id)
    if ('piece' in item) {
      link?.say(item.piece)
      return
    }
    const atMs = sampleTime(item.device, item.index)
    for (const piece of piecesAt(item.device, item.index, reports)) {
      if (piece.sendMs > atMs) wheel.add(piece.sendMs, { device: item.device, piece })
      else link?.say(piece)
    }
    plan(wheel, item.device, item.index + 1)
  }

  /** Outages of single connections, and storms in which all come back at once. */
  function disturb(nowMs: number): void {
    const stormNow = stormNumber(options.faults, scene.key, nowMs)
    const breaks = stormNow !== storm && stormNow !== 0
    storm = stormNow
    for (const [id, link] of links) {
      link.setDown(isOut(options.faults, id, nowMs))
      if (breaks) link.drop()
    }
  }

  const cancel = ports.timers.every(tickMs, tick)
  return {
    tally,
    say: (device, piece) => links.get(device.gateway ?? device.id)?.say(piece),
    status: () => ({ ...statusOf(links), cityMs: timeline.cityTime(ports.clock.now()), lagMs }),
    async stop(drainMs) {
      cancel()
      await drained({ links, ports, drainMs })
      await Promise.all([...links.values()].map((link) => link.close()))
    },
  }
}

function plan(wheel: Wheel<Due>, device: CityDevice, index: number): void {
  wheel.add(sampleTime(device, index), { device, index })
}

function dueTime(item: Due): number {
  return 'piece' in item ? item.piece.sendMs : sampleTime(item.device, item.index)
}

function openLinks(options: FleetOptions, tally: Tally): Map<string, Link> {
  const { city, mqttUrl, ports, renew } = options
  const behind = new Map<string, string[]>(city.gateways.map((id) => [id, []]))
  for (const device of city.devices) {
    if (device.gateway !== null) behind.get(device.gateway)?.push(device.id)
  }
  const alone = city.devices.filter((device) => device.gateway === null)
  const sleepers = new Set(alone.filter((d) => d.samplesPerReport > 1).map((d) => d.id))
  const links = new Map<string, Link>()
  for (const id of connectors(city)) {
    const token = options.tokens.get(id)
    if (token === undefined) throw new Error(`there is no token of ${id}; register the city first`)
    const link = openLink({
      id,
      token,
      mqttUrl,
      behind: behind.get(id) ?? null,
      sleepy: sleepers.has(id),
      ports,
      tally,
      renew,
    })
    // Everything starts cut off; the first turn lets them in, except those that are in an outage.
    link.setDown(true)
    links.set(id, link)
  }
  return links
}

/** Ids that sign in themselves: gateways and lone devices. */
export function connectors(city: City): string[] {
  const alone = city.devices.filter((device) => device.gateway === null).map(({ id }) => id)
  return [...city.gateways, ...alone]
}

function statusOf(links: ReadonlyMap<string, Link>) {
  const status = { links: links.size, connected: 0, waiting: 0, inFlight: 0 }
  for (const link of links.values()) {
    if (link.connected) status.connected++
    status.waiting += link.waiting
    status.inFlight += link.inFlight
  }
  return status
}

interface Drain {
  links: ReadonlyMap<string, Link>
  ports: Pick<Ports, 'clock' | 'timers'>
  drainMs: number
}

/** Resolves when nothing connected is unacknowledged, or after `drainMs`. */
function drained({ links, ports, drainMs }: Drain): Promise<void> {
  const until = ports.clock.monotonic() + drainMs
  return new Promise((resolve) => {
    function look(): void {
      const busy = [...links.values()].some((l) => l.connected && l.inFlight + l.waiting > 0)
      if (!busy || ports.clock.monotonic() >= until) resolve()
      else ports.timers.after(20, look)
    }
    look()
  })
}
