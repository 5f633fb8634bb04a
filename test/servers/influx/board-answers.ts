/** Points of boards as InfluxDB has them. */

import type { BoardMeasurement } from '../../../stores/readings/board-points.ts'
import type { ShelfPoint } from '../../fixtures/board-shelf.ts'
import type { Influxd } from './influxd.ts'

/** All of a measurement, rising in time. */
export async function pointsOf(
  server: Influxd,
  bucket: string,
  measurement: BoardMeasurement,
): Promise<ShelfPoint[]> {
  const statement = `SELECT * FROM "${measurement}" GROUP BY *`
  const answer = await fetch(`${server.url}/query?db=${bucket}&epoch=ns`, {
    method: 'POST',
    headers: { ...server.headers, 'content-type': 'application/x-www-form-urlencoded' },
    body: `q=${encodeURIComponent(statement)}`,
  })
  // Nanoseconds are more than a number holds.
  const text = (await answer.text()).replace(/\[(\d{13})(\d{6}),/g, '[$1.$2,')
  const body = JSON.parse(text) as {
    results: {
      series?: {
        tags?: Record<string, string>
        columns: string[]
        values: (string | number | null)[][]
      }[]
    }[]
  }
  const points = (body.results[0]?.series ?? []).flatMap(({ tags = {}, columns, values }) =>
    values.map((row): ShelfPoint => {
      const named = columns.map((column, i): [string, string | number | null] => [
        column,
        row[i] ?? null,
      ])
      const fields = named.filter(
        (entry): entry is [string, string | number] => entry[0] !== 'time' && entry[1] !== null,
      )
      const own = Object.entries(tags).filter(([, value]) => value !== '')
      return {
        tags: Object.fromEntries(own),
        fields: Object.fromEntries(fields),
        at: Number(row[0]),
      }
    }),
  )
  return points.sort((a, b) => a.at - b.at)
}
