/**
 * The newest reading of every series, in memory, for `/latest` and for event streams.
 *
 * It is loaded once and then follows the store: on each ring of `readings`, four times a second anyway, and
 * before each request that asks (`refresh`), so that what was stored before the request is seen by it.
 */

import type { Bus, Cancel, Ports } from '../../domain/ports.ts'
import { momentOf, type Reading } from '../../domain/reading.ts'
import type { FeedPosition, ReadingsReader } from './readings.ts'
import { yieldTo } from '../../runtime/async/yield.ts'

const pollMs = 250

/** What was stored since the last look; `gap` when the store could not tell all of it. */
export type StoredListener = (readings: readonly Reading[], gap: boolean) => void

export interface LatestTable {
  /** Takes over what was stored meanwhile; throws when the store cannot be read. */
  refresh(): Promise<void>
  /** Property → newest reading. */
  of(device: string): ReadonlyMap<string, Reading> | undefined
  /** Devices with readings, of one property or of any, in rising order of their code units. */
  devices(property?: string): readonly string[]
  /** One listener, told of every reading in the order stored. */
  onStored(listener: StoredListener): void
  stop(): void
}

export interface LatestTableParts {
  ports: Pick<Ports, 'timers' | 'log'>
  bus: Bus
  readings: ReadingsReader
}

export function createLatestTable({ ports, bus, readings }: LatestTableParts): LatestTable {
  const table = createTable()
  let position: FeedPosition | undefined
  let listener: StoredListener | undefined
  let running: Promise<void> | undefined
  let queued: Promise<void> | undefined
  let stopped = false
  let troubled = false

  /** The position is taken first: what is stored while the table is read comes again and changes nothing. */
  async function load(): Promise<Reading[]> {
    const from = await readings.position()
    const news: Reading[] = []
    for await (const page of readings.latest()) {
      for (const reading of page) {
        const newest = reading.observedAt > reading.receivedAt ? await behind(reading) : reading
        if (table.put(newest)) news.push(newest)
      }
      await yieldTo(ports.timers)
    }
    position = from
    return news
  }

  /** The store goes by observed time: behind one of a clock that was ahead there may be what was said since. */
  async function behind(ahead: Reading): Promise<Reading> {
    const { device, property, receivedAt: from, observedAt } = ahead
    const series = [{ device, property }]
    let newest = ahead
    for await (const page of readings.range({ series, from, to: observedAt })) {
      for (const reading of page) if (momentOf(reading) >= momentOf(newest)) newest = reading
    }
    return newest
  }

  async function follow(): Promise<void> {
    if (position === undefined) {
      await load()
      return
    }
    // One answer holds a bounded part of what is new; an empty one says that there is no more.
    for (;;) {
      const step = await readings.since(position)
      if (step.gap) {
        listener?.(await load(), true)
        return
      }
      position = step.position
      if (step.readings.length === 0) return
      for (const reading of step.readings) table.put(reading)
      listener?.(step.readings, false)
      await yieldTo(ports.timers)
    }
  }

  /** A look under way may have begun before what the caller means was stored, so it waits for the next. */
  function refresh(): Promise<void> {
    if (running !== undefined) {
      queued ??= running.then(refresh, refresh)
      return queued
    }
    queued = undefined
    if (stopped) return Promise.resolve()
    running = follow().finally(() => {
      running = undefined
    })
    return running
  }

  /** A look that nobody waits for: trouble is logged once, until it is over. */
  function look(): void {
    refresh().then(
      () => {
        troubled = false
      },
      (error: unknown) => {
        if (!troubled) ports.log.warn({ error }, 'The readings cannot be followed; trying again.')
        troubled = true
      },
    )
  }

  // Loaded before anybody asks, when the store can be read by now.
  look()
  const endings: Cancel[] = [bus.onRing('readings', look), ports.timers.every(pollMs, look)]
  return {
    refresh,
    of: table.of,
    devices: table.devices,
    onStored(run) {
      listener = run
    },
    stop() {
      stopped = true
      for (const end of endings) end()
    },
  }
}

function createTable() {
  const byDevice = new Map<string, Map<string, Reading>>()
  const all = createSortedNames()
  const byProperty = new Map<string, SortedNames>()

  /** A series that was not known before. */
  function begin({ device, property }: Reading, series: Map<string, Reading> | undefined) {
    const begun = series ?? new Map<string, Reading>()
    if (series === undefined) {
      byDevice.set(device, begun)
      all.add(device)
    }
    const names = byProperty.get(property) ?? createSortedNames()
    byProperty.set(property, names)
    names.add(device)
    return begun
  }

  return {
    /** True when the reading is the newest of its series and says something new. */
    put(reading: Reading): boolean {
      const series = byDevice.get(reading.device)
      const known = series?.get(reading.property)
      if (series === undefined || known === undefined) {
        begin(reading, series).set(reading.property, reading)
        return true
      }
      if (momentOf(known) > momentOf(reading)) return false
      series.set(reading.property, reading)
      return (
        known.observedAt !== reading.observedAt ||
        known.value !== reading.value ||
        known.quality !== reading.quality
      )
    },
    of: (device: string): ReadonlyMap<string, Reading> | undefined => byDevice.get(device),
    devices(property?: string): readonly string[] {
      return (property === undefined ? all : byProperty.get(property))?.sorted() ?? []
    },
  }
}

interface SortedNames {
  /** A name that is not there yet. */
  add(name: string): void
  sorted(): readonly string[]
}

/** Names come seldom and are asked for often: they are sorted when asked for, if any came. */
function createSortedNames(): SortedNames {
  let names: string[] = []
  let inOrder = true
  return {
    add(name) {
      inOrder &&= names.length === 0 || (names.at(-1) ?? '') < name
      names.push(name)
    },
    sorted() {
      if (!inOrder) names = [...names].sort()
      inOrder = true
      return names
    },
  }
}
