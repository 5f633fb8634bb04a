/**
 * Points for boards into InfluxDB, beside the readings there. Opens at once; whether InfluxDB is there shows when it is
 * needed, and a database that has gone is looked for again.
 */

import { Fault } from '../../../../domain/errors.ts'
import type { BoardSink, FoundPoint } from '../../board-points.ts'
import { boardLine } from './board-lines.ts'
import { isUnreachable } from '../http/client.ts'
import { type ConnectionOptions, createConnection, type Rows } from '../http/connection.ts'
import { literalText, nameText, timeCondition } from '../http/influxql.ts'
import { encodeTag } from '../write/line-protocol.ts'
import { findVersion, prepareDatabase } from '../http/preparation.ts'

/** Requests that look for what is refused in one call; after them the rest is left out unsearched. */
const searchesMax = 200

export function openInfluxBoardSink(options: ConnectionOptions): BoardSink {
  const { bucket, org, token, ports } = options
  const connection = createConnection(options)
  let isPrepared = false
  /** Told once, or the log would fill with the same every minute. */
  const told = new Set<string>()

  async function prepare(): Promise<void> {
    if (isPrepared) return
    const version = await findVersion(connection.client)
    await prepareDatabase(connection, { bucket, org, token }, version)
    isPrepared = true
  }

  function refused(lines: readonly string[], reason: string): void {
    if (told.has(reason) || told.size >= searchesMax) return
    told.add(reason)
    ports.log.error(
      { reason, points: lines.length, example: lines[0] },
      'InfluxDB refuses points for boards for good; they are left out.',
    )
  }

  async function send(lines: readonly string[], budget: { searches: number }): Promise<void> {
    const outcome = await connection.write(lines.join('\n'), 'ns')
    switch (outcome.kind) {
      case 'stored':
      case 'aged':
        return
      case 'wait':
      case 'alarm':
        if (outcome.kind === 'alarm') isPrepared = false
        throw new Fault('store_unavailable', `InfluxDB cannot store now: ${outcome.reason}`)
      case 'halve':
      case 'bisect':
        budget.searches -= 1
        if (lines.length === 1 || budget.searches < 0) return refused(lines, outcome.reason)
        await send(lines.slice(0, lines.length >>> 1), budget)
        await send(lines.slice(lines.length >>> 1), budget)
    }
  }

  return {
    async write(points) {
      const lines = points.flatMap((point) => boardLine(point) ?? [])
      if (lines.length === 0) return
      await prepare()
      await send(lines, { searches: searchesMax })
    },
    async largest(measurement, { number, text }) {
      await prepare()
      try {
        const rows = await connection.ask(
          `SELECT max(${nameText(number)}) AS "number", ${nameText(text)} AS "text" FROM ${nameText(measurement)}`,
        )
        return foundIn(rows)
      } catch (error) {
        if (isUnreachable(error)) throw error
        // Not allowed, or too much for InfluxDB 3 Core to look through.
        ports.log.warn({ error }, 'InfluxDB does not tell what was written for boards before.')
        return null
      }
    },
    async remove(measurement, { site, from, to }) {
      await prepare()
      const where = `"site" = ${literalText(encodeTag(site))} AND ${timeCondition({ from, to })}`
      try {
        await connection.ask(`DELETE FROM ${nameText(measurement)} WHERE ${where}`)
      } catch (error) {
        if (isUnreachable(error)) throw error
        // InfluxDB 3 Core takes nothing away.
        ports.log.warn({ error, site }, 'InfluxDB does not take away points for boards.')
      }
    },
    close: () => connection.close(),
  }
}

function foundIn(rows: readonly Rows[] | undefined): FoundPoint | null {
  const [series] = rows ?? []
  const [row] = series?.values ?? []
  const number = row?.[series?.columns.indexOf('number') ?? -1]
  const text = row?.[series?.columns.indexOf('text') ?? -1]
  if (typeof number !== 'number') return null
  return { number, text: typeof text === 'string' ? text : null }
}
