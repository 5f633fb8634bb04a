/**
 * The past of series as far as their devices have stood where they stand now: what was taken at another site before
 * takes no part in what is judged of this one.
 */

import type { RangeQuery, ReadingsReader } from './readings.ts'
import type { RegistryView } from '../records/registry.ts'

type Past = Pick<ReadingsReader, 'range' | 'aggregate' | 'progress'>

export function createPlacedPast(
  past: Past,
  view: Pick<RegistryView, 'placements'>,
): Pick<Past, 'range' | 'progress'> {
  const since = (device: string) =>
    view.placements(device)?.at(-1)?.from ?? Number.NEGATIVE_INFINITY

  async function* oneByOne(query: RangeQuery) {
    for (const key of query.series) {
      const from = Math.max(query.from, since(key.device))
      if (from < query.to) yield* past.range({ ...query, series: [key], from })
    }
  }

  return {
    range(query) {
      const isWhole = query.series.every(({ device }) => since(device) <= query.from)
      return isWhole ? past.range(query) : oneByOne(query)
    },
    progress: () => past.progress(),
  }
}
