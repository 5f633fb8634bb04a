/**
 * Hours and days summed up for boards: measurements `<domain>_1h` and `<domain>_1d` with `p_mean`, `p_min`, `p_max`,
 * `p_sum` (of levels `p_energy`) and `p_count` of the readings of flags 1 and 2; amounts and counters of (from, to]. Hours are those of UTC, a day is the natural day of the site
 * and made of its hours where these fit, else of readings. Writing one again gives the same point, so late readings
 * only make it right; where none counts any more, `p_count` and `p_sum` are 0.
 *
 * Directions have no sums, and are left out.
 */

import { createDayCalendar, type DayCalendar } from '../../../../domain/calendar.ts'
import { Fault } from '../../../../domain/errors.ts'
import type { Clock, Log } from '../../../../domain/ports.ts'
import type { Interval } from '../../readings.ts'
import type { Connection } from '../http/connection.ts'
import { isSummedUp } from '../layout.ts'
import { inParallel } from '../../../../runtime/async/parallel.ts'
import type { ProgressFile } from '../file/progress-file.ts'
import { nextTask, type RollUpTask } from './roll-up-plan.ts'
import { type SumLine, sumsOf } from './sums.ts'
import type { RowHour } from '../file/unsummed.ts'

export interface RollUps {
  /** A bounded amount of what is due; true when there may be more. */
  step(now: number): Promise<boolean>
}

export interface RollUpParts {
  connection: Connection
  file: ProgressFile
  /** IANA time zone of the device's site. */
  zoneOf(device: string): string
  clock: Pick<Clock, 'monotonic'>
  log: Log
}

const hourMs = 3_600_000
/** After all is done, what comes late is gathered for so long. */
const restMs = 60_000
const queriesMax = 2
/** Batches wait for a step: it takes about so long, whatever the database and its load. */
const stepMs = 150
/** Requests that look for sums that are refused; the rest is left out unsearched, and read from readings. */
const searchesMax = 32
/** Reasons that are told, each once: the fields of one measurement are refused again and again. */
const reasonsMax = 100
const rowsOfStep = { first: 32, least: 8, most: 512 } as const

export function createRollUps({ connection, file, zoneOf, clock, log }: RollUpParts): RollUps {
  const calendars = new Map<string, DayCalendar>()
  let rowsMax: number = rowsOfStep.first
  let restUntil = Number.NEGATIVE_INFINITY

  const told = new Set<string>()

  function sayRefused(reason: string, lines: readonly SumLine[]): void {
    if (told.has(reason) || told.size >= reasonsMax) return
    told.add(reason)
    const [example] = lines
    log.error(
      { reason, sums: lines.length, example },
      'InfluxDB refuses sums of readings; they are left out, and windows are made of readings there.',
    )
  }

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
    const { span, within, rows } = task
    const lines: SumLine[] = []
    const left: RowHour[] = []
    const rowOf = new Map(rows.map((row) => [file.mirror.register.get(row)?.device, row]))
    const leave = (device: string, starts: readonly number[]) => {
      const row = rowOf.get(device)
      if (row !== undefined) for (const start of starts) left.push({ row, start })
    }
    const ofHours = span === '1d' && isOfWholeHours(within)
    await inParallel(task.properties.filter(isSummedUp), queriesMax, async (property) => {
      const sums = await sumsOf({ connection, task, property, ofHours, ...pastOf(task, property) })
      for (const line of sums.lines) lines.push(line)
      for (const device of sums.left) leave(device, task.starts)
    })
    for (const { device, at } of await send(lines)) leave(device, [at])
    const dayStart = (device: string, hour: number) => dayOf(device, hour).from
    file.settleDirty({ ...task, left, dayStart })
  }

  /** What may have been summed up before. */
  function pastOf({ within }: RollUpTask, property: string) {
    const { mirror, places } = file
    const { register, book } = mirror
    return {
      mayHaveHad(device: string): boolean {
        const id = register.find(device, property)?.id
        if (id === undefined) return false
        return book.lastOf(id) >= within.from && book.firstOf(id) < within.to
      },
      mayStandElsewhere: (device: string) => places.movedAt(device) >= within.from,
    }
  }

  /** Returns the lines that InfluxDB does not take. */
  async function send(
    lines: readonly SumLine[],
    budget = { searches: searchesMax },
  ): Promise<readonly SumLine[]> {
    if (lines.length === 0) return []
    const text = lines.map(({ prefix, fields, at }) => `${prefix} ${fields} ${at}`).join('\n')
    const outcome = await connection.write(text)
    if (outcome.kind === 'stored') return []
    // It does not say which are older than it keeps anything.
    if (outcome.kind === 'aged') return lines
    if (outcome.kind === 'wait' || outcome.kind === 'alarm') {
      throw new Fault('store_unavailable', `InfluxDB cannot store sums: ${outcome.reason}`)
    }
    budget.searches -= 1
    if (lines.length > 1 && budget.searches >= 0) {
      const middle = lines.length >>> 1
      const first = await send(lines.slice(0, middle), budget)
      return [...first, ...(await send(lines.slice(middle), budget))]
    }
    sayRefused(outcome.reason, lines)
    return lines
  }

  return {
    async step(now) {
      if (now < restUntil && now > restUntil - restMs) return false
      const { dirty, mirror } = file
      const task = nextTask({ dirty, register: mirror.register, dayOf }, now, rowsMax)
      if (task === undefined) {
        if (file.renewSums()) return true
        restUntil = now + restMs
        return false
      }
      const began = clock.monotonic()
      await run(task)
      const tookMs = clock.monotonic() - began
      if (tookMs > stepMs) rowsMax = Math.max(rowsOfStep.least, rowsMax >>> 1)
      else if (tookMs < stepMs / 2) rowsMax = Math.min(rowsOfStep.most, rowsMax * 2)
      return true
    },
  }
}

function isOfWholeHours({ from, to }: Interval): boolean {
  return from % hourMs === 0 && to % hourMs === 0
}
