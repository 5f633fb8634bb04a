/**
 * Readings summed up in windows, by InfluxDB wherever it can: from roll-ups of hours where these do, else one query for
 * each property and up to 64 series, several at once. What it cannot do (mean directions, sums too large for its
 * JSON) is summed up from raw readings here.
 */

import type { Aggregate, AggregateFn } from '../../../../domain/reading.ts'
import type { AggregateQuery } from '../../readings.ts'
import { createWindowGrid } from '../../windows/window-grid.ts'
import { type Connection, rowsOfSeriesMax } from '../http/connection.ts'
import { foldPages } from './fold-pages.ts'
import { inParallel } from '../../../../runtime/async/parallel.ts'
import { type Part, partsOf, spanOf } from './parts.ts'
import { rolledWindows } from './rolled-windows.ts'
import { isFolded, seriesGroups } from './series-groups.ts'
import type { Snapshot } from '../file/snapshot.ts'
import { askedFor, figureOf } from './window-figures.ts'
import { type WindowRun, windowRuns } from './window-runs.ts'
import {
  askReadings,
  byProperty,
  isCut,
  questionsMax,
  seriesMax,
  type WindowAnswer,
  windowRowsOf,
} from './window-statement.ts'

/** Windows in one answer. */
const windowsMax = 40_000
const pageWindowsMax = 4_096

/** Throws `RangeError` when the windows have no sensible length. */
export async function* aggregatePages(
  snapshot: Snapshot,
  connection: Connection,
  query: AggregateQuery,
): AsyncGenerator<readonly Aggregate[]> {
  createWindowGrid(query)
  if (query.quality?.length === 0) return
  for (const { parts, mayRoll } of seriesGroups(
    partsOf(snapshot, { ...query, forWindows: true }),
    query,
    windowsMax,
  )) {
    const rolled = mayRoll ? await rolledWindows({ snapshot, connection }, parts, query) : undefined
    if (rolled === undefined) yield* rawPages(connection, parts, query)
    else for (const part of parts) yield* pagesOf(rolled.get(part) ?? [])
  }
}

async function* rawPages(
  connection: Connection,
  parts: readonly Part[],
  query: AggregateQuery,
): AsyncGenerator<readonly Aggregate[]> {
  let size = seriesMax
  for (let at = 0; at < parts.length; ) {
    const group = groupOf(parts.slice(at, at + size), query)
    const [first] = group
    if (first === undefined) return
    if (isFolded(first.key, query)) {
      yield* foldPages(connection, first, query)
      at += 1
      continue
    }
    const answer = await askGroup(connection, group, query)
    if (answer === 'too much' || answer === 'unreadable') {
      if (group.length > 1) {
        size = group.length >>> 1
        continue
      }
      yield* answer === 'too much'
        ? windowByWindow(connection, first, query)
        : foldPages(connection, first, query)
    } else {
      for (const part of group) yield* pagesOf(answer.get(part) ?? [])
    }
    at += group.length
  }
}

/** The beginning that InfluxDB can sum up, or the first one alone. */
function groupOf(parts: readonly Part[], query: AggregateQuery): readonly Part[] {
  const end = parts.findIndex(({ key }) => isFolded(key, query))
  return end < 0 ? parts : parts.slice(0, Math.max(end, 1))
}

async function askGroup(
  connection: Connection,
  group: readonly Part[],
  query: AggregateQuery,
): Promise<Map<Part, Aggregate[]> | 'too much' | 'unreadable'> {
  const found = new Map<Part, Aggregate[]>(group.map((part) => [part, []]))
  const rowsMax = Math.min(Math.floor(windowsMax / group.length), rowsOfSeriesMax)
  const { fn, quality } = query
  let trouble: 'too much' | 'unreadable' | undefined
  const questions = byProperty(group).flatMap((parts) =>
    windowRuns(query, spanOf(parts)).map((run) => ({
      ...{ parts, run, rowsMax, ...askedFor(fn, parts[0]?.key.property ?? '') },
    })),
  )
  const answers = new Map<WindowRun, WindowAnswer>()
  await inParallel(questions, questionsMax, async (question) => {
    if (trouble !== undefined) return
    const answer = await askReadings(connection, question, quality)
    answers.set(question.run, answer)
    if (answer === undefined) trouble = 'unreadable'
    else if (isCut(answer, rowsMax)) trouble = 'too much'
  })
  if (trouble !== undefined) return trouble
  for (const { parts, run } of questions) {
    for (const part of parts) {
      for (const window of windowsOf(answers.get(run), { part, run, fn }))
        found.get(part)?.push(window)
    }
  }
  return found
}

/** One series with very many windows, answer by answer. */
async function* windowByWindow(
  connection: Connection,
  part: Part,
  query: AggregateQuery,
): AsyncGenerator<readonly Aggregate[]> {
  const { fn, quality } = query
  for (const run of windowRuns(query, part)) {
    for (let from = run.from; from < run.to; ) {
      const rest = { ...run, from }
      const asked = askedFor(fn, part.key.property)
      const question = { parts: [part], run: rest, rowsMax: pageWindowsMax, ...asked }
      const answer = await askReadings(connection, question, quality)
      if (answer === undefined) {
        yield* foldPages(connection, { ...part, from, to: run.to }, query)
        break
      }
      const windows = windowsOf(answer, { part, run: rest, fn })
      yield windows
      if (windows.length < pageWindowsMax) break
      from = windows.at(-1)?.to ?? run.to
    }
  }
}

interface Asked {
  part: Part
  run: WindowRun
  fn: AggregateFn
}

function windowsOf(answer: WindowAnswer, { part, run, fn }: Asked): Aggregate[] {
  const { device, property } = part.key
  const { isEnergy } = askedFor(fn, property)
  return windowRowsOf(answer?.get(device), fn).map(({ from, value: plain, count }) => {
    const value = plain === null ? null : figureOf(fn, { value: plain, count, isEnergy })
    return { device, property, fn, value, count, from, to: from + run.everyMs }
  })
}

function* pagesOf(windows: readonly Aggregate[]): Generator<readonly Aggregate[]> {
  for (let at = 0; at < windows.length; at += pageWindowsMax) {
    yield windows.slice(at, at + pageWindowsMax)
  }
}
