/**
 * How to ask InfluxDB about single identities: few queries, none of which brings back much more than was asked for.
 * Times of a device that lie close together become a stretch; stretches of several devices about the same time become
 * one query.
 */

export interface Wanted {
  measurement: string
  device: string
  property: string
  observedAt: number
}

export interface LookupQuery<Item extends Wanted> {
  measurement: string
  items: Item[]
  devices: Set<string>
  properties: Set<string>
  /** First and last time, both included. */
  from: number
  to: number
}

const devicesMax = 200
const itemsMax = 5_000
/** Times this close are one stretch, or at four times the closest two of the device. */
const closeMs = 60_000

export function planLookups<Item extends Wanted>(wanted: readonly Item[]): LookupQuery<Item>[] {
  const stretches = byDevice(wanted).flatMap(stretchesOf)
  stretches.sort((a, b) => compare(a.measurement, b.measurement) || a.from - b.from)
  const queries: LookupQuery<Item>[] = []
  for (const stretch of stretches) {
    const last = queries.at(-1)
    if (last !== undefined && fits(last, stretch)) join(last, stretch)
    else queries.push(stretch)
  }
  return queries
}

/** One query for all of these, whatever it brings back. */
export function queryFor<Item extends Wanted>(items: Item[]): LookupQuery<Item> | undefined {
  const [first, ...rest] = items.map(single)
  for (const each of rest) if (first !== undefined) join(first, each)
  return first
}

function byDevice<Item extends Wanted>(wanted: readonly Item[]): Item[][] {
  const groups = new Map<string, Item[]>()
  for (const item of wanted) {
    const name = `${item.measurement} ${item.device}`
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [item])
    else group.push(item)
  }
  return [...groups.values()]
}

function stretchesOf<Item extends Wanted>(items: Item[]): LookupQuery<Item>[] {
  items.sort((a, b) => a.observedAt - b.observedAt)
  let closest = Number.POSITIVE_INFINITY
  for (const [i, item] of items.entries()) {
    const apart = item.observedAt - (items[i - 1]?.observedAt ?? Number.NEGATIVE_INFINITY)
    if (apart > 0) closest = Math.min(closest, apart)
  }
  const apartMax = Math.max(closeMs, Number.isFinite(closest) ? 4 * closest : 0)
  const stretches: LookupQuery<Item>[] = []
  for (const item of items) {
    const last = stretches.at(-1)
    const isClose = last !== undefined && item.observedAt - last.to <= apartMax
    if (isClose && last.items.length < itemsMax) join(last, single(item))
    else stretches.push(single(item))
  }
  return stretches
}

function single<Item extends Wanted>(item: Item): LookupQuery<Item> {
  return {
    measurement: item.measurement,
    items: [item],
    devices: new Set([item.device]),
    properties: new Set([item.property]),
    from: item.observedAt,
    to: item.observedAt,
  }
}

function fits<Item extends Wanted>(query: LookupQuery<Item>, stretch: LookupQuery<Item>): boolean {
  if (query.measurement !== stretch.measurement) return false
  if (query.devices.size >= devicesMax || query.items.length >= itemsMax) return false
  const longest = Math.max(query.to - query.from, stretch.to - stretch.from)
  const joined = Math.max(query.to, stretch.to) - Math.min(query.from, stretch.from)
  return joined <= Math.max(closeMs, 2 * longest)
}

function join<Item extends Wanted>(query: LookupQuery<Item>, stretch: LookupQuery<Item>): void {
  for (const item of stretch.items) query.items.push(item)
  for (const device of stretch.devices) query.devices.add(device)
  for (const property of stretch.properties) query.properties.add(property)
  query.from = Math.min(query.from, stretch.from)
  query.to = Math.max(query.to, stretch.to)
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
