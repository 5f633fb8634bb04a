/**
 * The stream in slices: a few uplinks judged ahead, so that what their readings need of the past is fetched
 * for all of them at once and before the first of them is evaluated.
 */

import type { QualityControl } from '../quality/contract.ts'
import type { Judge } from '../domain/quarantine.ts'
import { momentOf, type Reading } from '../domain/reading.ts'
import type { Uplink } from '../domain/uplink.ts'
import type { Histories, Shown } from './windows/window-buffers.ts'
import type { SiteIndices } from './indices/index-signal.ts'
import type { CircuitBreaker } from '../runtime/async/circuit-breaker.ts'
import type { RuleLookup, WatchedSeries } from './rules/rule-lookup.ts'

/** An uplink of a watched device: its accepted readings, and beside each its series as rules watch it. */
export interface Heard {
  uplink: Uplink
  readings: readonly Reading[]
  series: readonly WatchedSeries[]
  /** Places of those that are shown to rules, rising in time; of several of a series at one moment the last. */
  order: readonly number[]
}

export interface SliceParts {
  rules: RuleLookup
  judge: Judge
  quality: QualityControl | undefined
  histories: Histories
  indices: SiteIndices | undefined
  guards: { quality: CircuitBreaker; indices: CircuitBreaker }
  onFault(error: unknown, uplink: Uplink): void
}

/** Null when no rule can want anything of it. */
export function hearing(parts: SliceParts, uplink: Uplink): Heard | null {
  const { rules } = parts
  if (!rules.mayConcern(uplink)) return null
  let accepted: readonly Reading[]
  try {
    accepted = parts.judge(uplink).accepted
  } catch (error) {
    parts.onFault(error, uplink)
    return null
  }
  const isGateway = uplink.kind === 'gateway-telemetry' || uplink.kind === 'gateway-attributes'
  const readings = isGateway ? accepted.filter((one) => rules.isWatched(one.device)) : accepted
  if (readings.length === 0) return null
  const series = readings.map((one) => rules.of(one.device, one.property, one.observedAt))
  return { uplink, readings, series, order: orderOf(readings, series) }
}

/** Longer runs of one moment are put in order at once: looking back over them would cost more. */
const sameMomentMax = 64

function orderOf(readings: readonly Reading[], series: readonly WatchedSeries[]): number[] {
  const order: number[] = []
  let isRising = true
  let last = Number.NEGATIVE_INFINITY
  /** Place in `order` of the first of the last moment. */
  let first = 0
  for (let i = 0; i < readings.length; i += 1) {
    const [reading, own] = [readings[i], series[i]]
    if (reading === undefined || own === undefined || own.rules.length === 0) continue
    if (isRising) {
      const at = momentOf(reading)
      if (at > last) first = order.length
      else isRising = at === last && isNew(own, series, order, first)
      last = at
    }
    order.push(i)
  }
  return isRising ? order : sorted(order, readings, series)
}

/** Whether the series has not been met yet at this moment. */
function isNew(
  own: WatchedSeries,
  series: readonly WatchedSeries[],
  order: readonly number[],
  first: number,
): boolean {
  if (order.length - first > sameMomentMax) return false
  for (let place = first; place < order.length; place += 1) {
    if (series[order[place] ?? 0] === own) return false
  }
  return true
}

function sorted(
  order: readonly number[],
  readings: readonly Reading[],
  series: readonly WatchedSeries[],
): number[] {
  const at = (i: number) => momentOf(readings[i] as Reading)
  const winners = new Map<WatchedSeries | undefined, Map<number, number>>()
  for (const i of order) {
    const own = winners.get(series[i]) ?? new Map<number, number>()
    winners.set(series[i], own.set(at(i), i))
  }
  const shown = order.filter((i) => winners.get(series[i])?.get(at(i)) === i)
  return shown.sort((a, b) => at(a) - at(b))
}

/** As of its moment, which is what windows, watches and indices go by. */
export function dated(reading: Reading): Reading {
  if (reading.observedAt <= reading.receivedAt) return reading
  return { ...reading, observedAt: momentOf(reading) }
}

/** Fetches what the readings of the slice need; never throws, and does not wait long. */
export async function prepare(parts: SliceParts, slice: readonly Heard[]): Promise<void> {
  const { quality, histories, indices, guards } = parts
  if (quality !== undefined) {
    const readings = slice.flatMap((heard) => heard.readings)
    await guards.quality.ask(() => quality.prepare(readings))
  }
  const windowed = select(slice, (series) => series.reachMs > 0)
  if (windowed.length > 0) await histories.prepare(windowed)
  if (indices === undefined) return
  const indexed = select(slice, ({ rules }) =>
    rules.some(({ rule }) => rule.signal.type === 'index'),
  )
  if (indexed.length === 0) return
  await guards.indices.ask(() => indices.prepare(indexed.map(({ reading }) => reading)))
}

function select(slice: readonly Heard[], wanted: (series: WatchedSeries) => boolean): Shown[] {
  const found: Shown[] = []
  for (const { readings, series, order } of slice) {
    for (const i of order) {
      const [reading, own] = [readings[i], series[i]]
      if (reading === undefined || own === undefined || !wanted(own)) continue
      found.push({ reading: dated(reading), series: own })
    }
  }
  return found
}
