/** Everything that the boards show, as lines for InfluxDB: readings, roll-ups, indices, alerts, states. */

import { hourMs } from '../../../simulators/calendar.ts'
import { alertEvents, findAlerts } from './alerts.ts'
import type { BoardCity } from './city.ts'
import { siteIndices } from './indices.ts'
import { collectPoints } from './points.ts'
import { writeReadings } from './readings.ts'
import { deviceStates, platform, refusals, siteStates } from './states.ts'

export interface Extent {
  readingsHours: number
  days: number
}

export function seedLines(board: BoardCity, { readingsHours, days }: Extent): readonly string[] {
  const points = collectPoints()
  const histories = writeReadings(board, points, readingsHours * hourMs)
  const alerts = findAlerts(board, histories)
  const shown = [
    siteIndices(board, histories, days),
    alertEvents(board, alerts),
    siteStates(board, alerts),
    deviceStates(board),
    refusals(board),
    platform(board),
  ]
  for (const some of shown) for (const point of some) points.add(point)
  return points.lines
}

const linesPerWrite = 20_000

/** Writes the lines into a database (or bucket) that it makes, over the interface that 1.x and 2.x share or 3.x's own. */
export async function writeLines(
  url: string,
  headers: Record<string, string>,
  lines: readonly string[],
): Promise<void> {
  for (let i = 0; i < lines.length; i += linesPerWrite) {
    const answer = await fetch(url, {
      method: 'POST',
      headers,
      body: lines.slice(i, i + linesPerWrite).join('\n'),
    })
    if (!answer.ok)
      throw new Error(`InfluxDB took no lines: ${answer.status} ${await answer.text()}`)
  }
}
