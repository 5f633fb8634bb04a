/**
 * The stream in slices: a few uplinks judged ahead, so that what their readings need of the past is fetched
 * for all of them at once and before the first of them is evaluated.
 */

import type { Judge } from '../domain/quarantine.ts'
import type { Reading } from '../domain/reading.ts'
import type { Uplink } from '../domain/uplink.ts'
import type { QualityControl } from '../domain/quality-control.ts'
import type { Histories, Shown } from './histories.ts'
import type { SiteIndices } from './index-signal.ts'
import type { PastGuard } from './past-guard.ts'
import type { RuleLookup, WatchedSeries } from './rule-lookup.ts'

/** An uplink of a watched device: its accepted readings, and beside each its series as rules watch it. */
export interface Heard {
  uplink: Uplink
  readings: readonly Reading[]
  series: readonly WatchedSeries[]
}

export interface SliceParts {
  rules: RuleLookup
  judge: Judge
  quality: QualityControl | undefined
  histories: Histories
  indices: SiteIndices | undefined
  guards: { quality: PastGuard; indices: PastGuard }
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
  return {
    uplink,
    readings,
    series: readings.map((one) => rules.of(one.device, one.property, one.observedAt)),
  }
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
  for (const { readings, series } of slice) {
    for (const [i, reading] of readings.entries()) {
      const own = series[i]
      if (own !== undefined && wanted(own)) found.push({ reading, series: own })
    }
  }
  return found
}
