/**
 * Hours and days summed up for boards: measurements `<domain>_1h` and `<domain>_1d` with `p_mean`, `p_min`, `p_max`,
 * `p_sum` and `p_count` of the readings of flags 1 and 2. Hours are those of UTC, a day is the natural day of the site
 * and made of its hours where these fit, else of readings. Writing one again gives the same point, so late readings
 * only make it right.
 *
 * Directions have no sums, and are left out.
 */

import { createDayCalendar, type DayCalendar } from '../../../domain/calendar.ts'
import { propertyOf } from '../../../domain/catalogue.ts'
import { Fault } from '../../../domain/errors.ts'
import type { Log } from '../../../domain/ports.ts'
import type { Interval } from '../readings.ts'
import type { Connection, Rows } from './connection.ts'
import { codeCondition, deviceCondition, nameText, timeCondition } from './influxql.ts'
import { codesWithValue, fieldSuffixes, rollUpName, tagNames } from './layout.ts'
import { decodeTag, escapeKey, floatText, tagsText } from './line-protocol.ts'
import { inParallel } from './parallel.ts'
import type { ProgressFile } from './progress-file.ts'
import { nextTask, type RollUpTask } from './roll-up-plan.ts'
import { numberAt } from './rows.ts'

export interface RollUps {
  /** A bounded amount of what is due; true when there may be more. */
  step(now: number): Promise<boolean>
}

export interface RollUpParts {
  connection: Connection
  file: ProgressFile
  /** IANA time zone of the device's site. */
  zoneOf(device: string): string
  log: Log
}

const hourMs = 3_600_000
/** After all is done, what comes late is gathered for so long. */
const restMs = 60_000
const queriesMax = 2

export function createRollUps({ connection, file, zoneOf, log }: RollUpParts): RollUps {
  const calendars = new Map<string, DayCalendar>()
  let restUntil = Number.NEGATIVE_INFINITY

  function calendarOf(device: string): DayCalendar {
    const zone = zoneOf(device)
    const known = calendars.get(zone) ?? createDayCalendar(zone)
    calendars.set(zone, known)
    return known
  }

  function dayOf(device: string, at: number): Interval {
    return calendarOf(device).dayOf(at)
  }

  async function run(task: RollUpTask): Promise<void> {
    const lines: string[] = []
    const ofHours = task.span === '1d' && isOfWholeHours(task.within)
    const summed = task.properties.filter(
      (property) => propertyOf(property)?.accumulation !== 'vector',
    )
    await inParallel(summed, queriesMax, async (property) => {
      const answer = await connection.ask(statementOf(task, property, ofHours))
      for (const rows of answer ?? []) lines.push(...linesOf(rows, task, property))
    })
    if (lines.length > 0) await send(lines)
    file.settleDirty(task.span, task.starts, task.rows, (device, hour) => dayOf(device, hour).from)
  }

  async function send(lines: readonly string[]): Promise<void> {
    const outcome = await connection.write(lines.join('\n'))
    if (outcome.kind === 'stored' || outcome.kind === 'aged') return
    if (outcome.kind === 'wait' || outcome.kind === 'alarm') {
      throw new Fault('store_unavailable', `InfluxDB can not store sums: ${outcome.reason}`)
    }
    if (lines.length > 1) {
      await send(lines.slice(0, lines.length >>> 1))
      await send(lines.slice(lines.length >>> 1))
    } else {
      log.error(
        { reason: outcome.reason, line: lines[0] },
        'InfluxDB refuses a sum; it is left out.',
      )
    }
  }

  return {
    async step(now) {
      if (now < restUntil && now > restUntil - restMs) return false
      const { dirty, mirror } = file
      const task = nextTask({ dirty, register: mirror.register, dayOf }, now)
      if (task === undefined) {
        restUntil = now + restMs
        return false
      }
      await run(task)
      return true
    },
  }
}

function isOfWholeHours({ from, to }: Interval): boolean {
  return from % hourMs === 0 && to % hourMs === 0
}

function statementOf(task: RollUpTask, property: string, ofHours: boolean): string {
  const { measurement, devices, within, span } = task
  const name = (suffix: string) => nameText(`${property}${suffix}`)
  const fields = ofHours
    ? [
        `min(${name('_min')}) AS "min"`,
        `max(${name('_max')}) AS "max"`,
        `sum(${name('_sum')}) AS "sum"`,
        `sum(${name('_count')}) AS "count"`,
      ]
    : ['min', 'max', 'sum', 'count'].map((fn) => `${fn}(${name('')}) AS "${fn}"`)
  const source = ofHours ? rollUpName(measurement, '1h') : measurement
  const conditions = [deviceCondition(devices), timeCondition(within)]
  if (!ofHours) {
    conditions.push(codeCondition(`${property}${fieldSuffixes.flag}`, codesWithValue([1, 2])))
  }
  const tags = tagNames.map(nameText).join(', ')
  const grouping = span === '1h' ? `time(${hourMs}ms), ${tags} fill(none)` : tags
  return `SELECT ${fields.join(', ')} FROM ${nameText(source)} WHERE ${conditions.join(' AND ')} GROUP BY ${grouping}`
}

/** A line for each span that has readings. */
function linesOf(
  rows: Rows,
  { measurement, span, starts }: RollUpTask,
  property: string,
): string[] {
  const place = (name: string) => rows.columns.indexOf(name)
  const names = Object.entries(rows.tags).map(([tag, value]) => [tag, decodeTag(value ?? '')])
  const prefix = `${escapeKey(rollUpName(measurement, span))}${tagsText(Object.fromEntries(names))}`
  const key = escapeKey(property)
  return rows.values.flatMap((row) => {
    const cell = (name: string) => numberAt(row, place(name))
    const [min, max, sum, count] = [cell('min'), cell('max'), cell('sum'), cell('count')]
    const at = span === '1h' ? cell('time') : starts[0]
    if (min === undefined || max === undefined || sum === undefined || !count) return []
    const fields = Object.entries({ mean: sum / count, min, max, sum, count })
    const text = fields.map(([name, value]) => `${key}_${name}=${floatText(value)}`).join(',')
    return [`${prefix} ${text} ${at}`]
  })
}
