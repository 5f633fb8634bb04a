/**
 * Windows summed up from roll-ups of hours wherever these are clean, and from readings elsewhere: at the ends of the
 * interval and where something came lately. Each question gives parts of windows, which are put together here.
 */

import type { Aggregate, AggregateFn } from '../../../../domain/reading.ts'
import type { AggregateQuery, Interval } from '../../readings.ts'
import { hourMs, type Stretch, stretchesOf } from './clean-hours.ts'
import { type Connection, rowsOfSeriesMax } from '../http/connection.ts'
import { isSummedUp, sumNameOf } from '../layout.ts'
import { inParallel } from '../../../../runtime/async/parallel.ts'
import { type Part, spanOf } from './parts.ts'
import type { Snapshot } from '../file/snapshot.ts'
import { askedFor, figureOf } from './window-figures.ts'
import { type WindowRun, windowRuns } from './window-runs.ts'
import {
  askHours,
  askReadings,
  byProperty,
  isCut,
  questionsMax,
  seriesMax,
  type WindowAnswer,
  windowRowsOf,
} from './window-statement.ts'

/** Fewer hours of series are as quickly summed up from readings as an additional question is asked. */
const hoursMin = 200

/** Undefined when roll-ups do not help, or an answer cannot be used: then all is to be had from readings. */
export async function rolledWindows(
  { snapshot, connection }: { snapshot: Snapshot; connection: Connection },
  group: readonly Part[],
  query: AggregateQuery,
): Promise<Map<Part, Aggregate[]> | undefined> {
  const pieces = byProperty(group).flatMap((parts) => piecesOf(snapshot, parts, query))
  if (!pieces.some(({ isClean }) => isClean)) return undefined
  const answers = new Map<Piece, WindowAnswer>()
  let isUsable = true
  await inParallel(pieces, questionsMax, async (piece) => {
    if (!isUsable) return
    const { parts, isClean, ...run } = piece
    const { fn, isEnergy } = askedFor(query.fn, parts[0]?.key.property ?? '')
    const question = {
      ...{ parts, run, isEnergy, rowsMax: rowsOfSeriesMax },
      fn: fn === 'mean' ? ('sum' as const) : fn,
    }
    const answer = await (isClean ? askHours : askReadings)(connection, question)
    answers.set(piece, answer)
    if (answer === undefined || isCut(answer, rowsOfSeriesMax)) isUsable = false
  })
  return isUsable ? putTogether(pieces, answers, query) : undefined
}

/** What one question is about. */
interface Piece extends WindowRun {
  parts: readonly Part[]
  /** From roll-ups. */
  isClean: boolean
}

/** Rising in time. All parts are of one property. */
function piecesOf(snapshot: Snapshot, parts: readonly Part[], query: AggregateQuery): Piece[] {
  const span = wholeHours(spanOf(parts), query)
  const runs = windowRuns(query, span)
  const keys = parts.map(({ key }) => key)
  const isRolled = isSummed(query.fn, keys[0]?.property ?? '') && runs.every(isOfHours)
  const dirty = isRolled ? snapshot.dirtyHours(keys, span) : undefined
  const stretches = stretchesOf(span, dirty)
  const sets = chunksOf(parts)
  return worthwhile(stretches, parts.length).flatMap(({ isClean, ...within }) => {
    return runs
      .flatMap((run) => shortRuns(run, within))
      .flatMap((run) => sets.map((set) => ({ ...run, parts: set, isClean })))
  })
}

/** Sums of levels are of their energy. */
function isSummed(fn: AggregateFn, property: string): boolean {
  const isPlainSum = fn === 'sum' || fn === 'increase'
  return isSummedUp(property) && !(isPlainSum && sumNameOf(property) === 'energy')
}

function isOfHours({ everyMs, originMs }: WindowRun): boolean {
  return everyMs % hourMs === 0 && originMs % hourMs === 0
}

/** All in one stretch of readings where the questions would cost more than they spare. */
function worthwhile(stretches: readonly Stretch[], series: number): readonly Stretch[] {
  const [first, last] = [stretches[0], stretches.at(-1)]
  if (first === undefined || last === undefined || first === last) return stretches
  let cleanMs = 0
  for (const { from, to, isClean } of stretches) if (isClean) cleanMs += to - from
  if ((cleanMs / hourMs) * series >= hoursMin) return stretches
  return [{ from: first.from, to: last.to, isClean: false }]
}

/** Before its first and after its last reading a series has none, so these hours may be taken as a whole. */
function wholeHours({ from, to }: Interval, query: Interval): Interval {
  return {
    from: Math.max(query.from, Math.floor(from / hourMs) * hourMs),
    to: Math.min(query.to, Math.ceil(to / hourMs) * hourMs),
  }
}

/** The part of a run that lies within, in stretches of no more windows than an answer may hold. */
function shortRuns(run: WindowRun, within: Interval): WindowRun[] {
  const lengthMs = run.everyMs * (rowsOfSeriesMax - 2)
  const runs: WindowRun[] = []
  const end = Math.min(run.to, within.to)
  for (let from = Math.max(run.from, within.from); from < end; from += lengthMs) {
    runs.push({ ...run, from, to: Math.min(from + lengthMs, end) })
  }
  return runs
}

function chunksOf(parts: readonly Part[]): Part[][] {
  const chunks: Part[][] = []
  for (let at = 0; at < parts.length; at += seriesMax) {
    chunks.push(parts.slice(at, at + seriesMax))
  }
  return chunks
}

/** A window that the interval or a dirty hour cuts comes in parts. Undefined when one of them has no value. */
function putTogether(
  pieces: readonly Piece[],
  answers: ReadonlyMap<Piece, WindowAnswer>,
  { fn }: AggregateQuery,
): Map<Part, Aggregate[]> | undefined {
  const windows = new Map<Part, Map<number, Merged>>()
  for (const piece of pieces) {
    const answer = answers.get(piece)
    for (const part of piece.parts) {
      const known = windows.get(part) ?? new Map<number, Merged>()
      windows.set(part, known)
      for (const { from, value, count } of windowRowsOf(answer?.get(part.key.device), fn)) {
        if (value === null) return undefined
        const before = known.get(from)
        if (before === undefined) known.set(from, { from, to: from + piece.everyMs, value, count })
        else {
          before.value = valueOfBoth(fn, before.value, value)
          before.count += count
        }
      }
    }
  }
  return new Map([...windows].map(([part, known]) => [part, finished(part, known, fn)]))
}

interface Merged extends Interval {
  /** Of a mean the sum. */
  value: number
  count: number
}

function valueOfBoth(fn: AggregateFn, a: number, b: number): number {
  if (fn === 'min') return Math.min(a, b)
  return fn === 'max' ? Math.max(a, b) : a + b
}

function finished(
  { key: { device, property } }: Part,
  windows: ReadonlyMap<number, Merged>,
  fn: AggregateFn,
): Aggregate[] {
  const { isEnergy } = askedFor(fn, property)
  return [...windows.values()].map(({ from, to, value: merged, count }) => {
    const plain = fn === 'mean' ? merged / count : merged
    // Parts may add up to what no number holds.
    const value = Number.isFinite(plain) ? figureOf(fn, { value: plain, count, isEnergy }) : null
    return { device, property, fn, value, count, from, to }
  })
}
