/** The series of a question, each with the part of the interval in which it has readings. */

import { Fault } from '../../../../domain/errors.ts'
import type { SeriesKey } from '../../../../domain/reading.ts'
import type { Interval } from '../../readings.ts'
import { measurementOf } from '../layout.ts'
import type { ExtentQuery, Snapshot } from '../file/snapshot.ts'

export interface Part extends Interval {
  key: SeriesKey
  measurement: string
}

export interface PartsQuery extends ExtentQuery {
  series: readonly SeriesKey[]
  after?: SeriesKey & { observedAt: number }
}

/** In the order asked for; series without readings there are left out. */
export function partsOf(snapshot: Snapshot, query: PartsQuery): Part[] {
  const { after } = query
  const keys = query.series.slice(startOf(query))
  const extents = snapshot.extents(keys, query)
  return keys.flatMap((key, i) => {
    const extent = extents[i]
    if (extent === undefined) return []
    const isAfter = i === 0 && after !== undefined
    const from = isAfter ? Math.max(extent.from, Math.floor(after.observedAt) + 1) : extent.from
    if (from >= extent.to) return []
    return [{ key, measurement: measurementOf(key.property), from, to: extent.to }]
  })
}

function startOf({ series, after }: PartsQuery): number {
  if (after === undefined) return 0
  const at = series.findIndex(
    ({ device, property }) => device === after.device && property === after.property,
  )
  if (at >= 0) return at
  const name = `${after.device} ${after.property}`
  throw new Fault('bad_request', `after names ${name}, which is not among the series asked for`, {
    field: 'after',
  })
}

/** The devices and properties of these parts, each once, and the time that they span. */
export function spanOf(parts: readonly Part[]): Interval & {
  devices: string[]
  properties: string[]
} {
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  const devices = new Set<string>()
  const properties = new Set<string>()
  for (const part of parts) {
    from = Math.min(from, part.from)
    to = Math.max(to, part.to)
    devices.add(part.key.device)
    properties.add(part.key.property)
  }
  return { from, to, devices: [...devices], properties: [...properties] }
}
