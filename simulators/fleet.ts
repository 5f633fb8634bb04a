/**
 * Runs a city against a broker: every device speaks at its time, over its own connection or its gateway's, with the
 * faults that strike it. Bounded in connections, queues and work per turn; stops cleanly and says what it did.
 */

import type { Cancel, Ports } from '../domain/ports.ts'
import { type City, sceneOf } from './city.ts'
import type { CityDevice } from './device.ts'
import type { Episode, Scene } from './episodes.ts'
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
  /** NB-IoT devices between two reports. */
  asleep: number
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
  return new RunningFleet(options)
}

class RunningFleet implements Fleet {
  readonly tally = newTally()
  readonly #options: FleetOptions
  readonly #links: ReadonlyMap<string, Link>
  readonly #scene: Scene
  readonly #wheel: Wheel<Due>
  readonly #endTicks: Cancel
  #storm: number
  #lagMs = 0

  constructor(options: FleetOptions) {
    const { city, timeline, ports } = options
    this.#options = options
    this.#links = openLinks(options, this.tally)
    this.#scene = sceneOf(city, options.episodes)
    const startMs = timeline.cityTime(ports.clock.now())
    this.#wheel = createWheel<Due>(startMs, Math.max(1_000, tickMs * timeline.speed))
    for (const device of city.devices) this.#plan(device, nextSample(device, startMs))
    this.#storm = stormNumber(options.faults, this.#scene.key, startMs)
    this.#endTicks = ports.timers.every(tickMs, () => this.#tick())
  }

  say(device: CityDevice, piece: Piece): void {
    this.#linkOf(device)?.say(piece)
  }

  status(): FleetStatus {
    const { timeline, ports } = this.#options
    const status = { links: this.#links.size, connected: 0, asleep: 0, waiting: 0, inFlight: 0 }
    for (const link of this.#links.values()) {
      if (link.connected) status.connected++
      if (link.asleep) status.asleep++
      status.waiting += link.waiting
      status.inFlight += link.inFlight
    }
    return { ...status, cityMs: timeline.cityTime(ports.clock.now()), lagMs: this.#lagMs }
  }

  async stop(drainMs: number): Promise<void> {
    this.#endTicks()
    await drained({ links: this.#links, ports: this.#options.ports, drainMs })
    await Promise.all([...this.#links.values()].map((link) => link.close()))
  }

  #tick(): void {
    const nowMs = this.#options.timeline.cityTime(this.#options.ports.clock.now())
    this.#disturb(nowMs)
    const due = this.#wheel.take(nowMs, duePerTick)
    for (const item of due) this.#act(item)
    for (const link of this.#links.values()) link.flush()
    const last = due.at(-1)
    const behind = due.length >= duePerTick && last !== undefined
    this.#lagMs = behind ? Math.max(0, nowMs - dueTime(last)) : 0
  }

  #act(item: Due): void {
    const { device } = item
    if ('piece' in item) {
      this.say(device, item.piece)
      return
    }
    const { faults, timeline } = this.#options
    const reports: ReportOptions = { scene: this.#scene, faults, stamp: timeline.stamp }
    const atMs = sampleTime(device, item.index)
    for (const piece of piecesAt(device, item.index, reports)) {
      if (piece.sendMs > atMs) this.#wheel.add(piece.sendMs, { device, piece })
      else this.say(device, piece)
    }
    this.#plan(device, item.index + 1)
  }

  #plan(device: CityDevice, index: number): void {
    this.#wheel.add(sampleTime(device, index), { device, index })
  }

  #linkOf(device: CityDevice): Link | undefined {
    return this.#links.get(device.gateway ?? device.id)
  }

  /** Outages of single connections, and storms in which all come back at once. */
  #disturb(nowMs: number): void {
    const { faults } = this.#options
    const storm = stormNumber(faults, this.#scene.key, nowMs)
    const breaks = storm !== this.#storm && storm !== 0
    this.#storm = storm
    for (const [id, link] of this.#links) {
      link.setDown(isOut(faults, id, nowMs))
      if (breaks) link.drop()
    }
  }
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
