/**
 * `/readings`: raw readings or windows of them, as a page of JSON, or streamed whole as CSV or NDJSON.
 */

import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import type { Timers } from '../../domain/ports.ts'
import {
  type Aggregate,
  type Quality,
  type Reading,
  readingFns,
  type SeriesKey,
} from '../../domain/reading.ts'
import { chooseForm } from '../http/content-negotiation.ts'
import { sealCursor } from '../http/cursor-seal.ts'
import { type ApiContext, type App, base } from '../context.ts'
import { type Cell, csvLine } from '../http/csv.ts'
import { createDayRuns, dayKinds } from '../readings/day-windows.ts'
import { aggregateForm, aggregateJson, readingForm, readingJson } from '../json-forms.ts'
import {
  officialColumns,
  officialJson,
  officialPages,
  officialPeriodOf,
  type OfficialPlan,
  type OfficialRow,
  officialShape,
} from '../readings/official-figures.ts'
import { cursorSchema, decodeCursor, pageOf, pageSchema } from '../http/page.ts'
import { flagParameter, idList, listOf, moment, wholeNumber } from '../http/query.ts'
import { testedReadingForm, testedReadingJson, testsText } from '../readings/reading-tests.ts'
import { createReadingLine, createReadingText } from '../readings/reading-text.ts'
import {
  dayKindOf,
  everyOf,
  type Interval,
  intervalOf,
  type ReadingsPlace,
  rawPages,
  readingsPlace,
  windowPages,
} from '../readings/readings-plan.ts'
import { rowStream } from '../http/row-stream.ts'
import { matchingSeries, propertyCode } from '../readings/series-filter.ts'
import type { SeriesParts } from '../../indices/site-series.ts'
import { stretchReader } from '../../indices/series-stretch.ts'
import { pointsLeast, pointsMost, thinnedPages } from '../readings/thinned.ts'
import { yieldTo } from '../../runtime/async/yield.ts'
import { everySchema } from '../readings/window-lengths.ts'

const pageStandard = 1_000
const pageMax = 10_000
/** Rows that are taken at a time; then others have their turn. */
const rowsPerTurn = 1_000

const qualityFlag = z
  .enum(['1', '2', '3', '4', '9'], 'must be 1, 2, 3, 4 or 9')
  .transform((text) => Number(text) as Quality)

const query = z.strictObject({
  device: idList.optional(),
  site: idList.optional(),
  property: listOf(propertyCode).optional(),
  from: moment.optional().meta({
    description:
      'Observed at or after; unless given from the first reading on (with every: at most 200,000 windows back)',
  }),
  to: moment.optional().meta({ description: 'Observed before; open unless given' }),
  every: everySchema.optional().meta({
    description:
      "Windows: a part of a day that divides it (5m, 1h, 6h), 1d, 7d or 1w (from Monday), 1mo, 1y; as the site's clocks and calendar say (see day). Absent: raw readings",
  }),
  day: z.enum(dayKinds).optional().meta({
    description:
      "When days begin, and weeks, months and years with them: natural at 00:00 of the site's time zone (unless given), hydrological at 08:00; utc: all windows in UTC",
  }),
  tests: flagParameter.optional().meta({
    description: 'true: each raw reading with the outcomes of its quality tests',
  }),
  fn: z.enum(readingFns).optional().meta({
    description:
      'Over a window; unless given, as the property adds up (mean, sum, last). Levels in dB are averaged as energy; increase: of counters what they grew by, of rain its sum. Amounts of an interval and counters count in the window that ends with their reading, (from, to]. official (every 1h, 8h or 1d): the mean or sum that the standard of the property gives, valid or not and why, beside the plain mean',
  }),
  points: wholeNumber(pointsLeast, pointsMost).optional().meta({
    description:
      'Of raw readings, at most about so many of each series, for a chart: the first, last, least and greatest of each of so many parts of its time',
  }),
  quality: listOf(qualityFlag)
    .optional()
    .meta({ description: 'QARTOD flags to keep; absent: all, in windows 1 and 2' }),
  limit: wholeNumber(1, 1_000_000_000)
    .optional()
    .meta({
      description: `Rows; of a JSON page 1–${pageMax}, ${pageStandard} unless given; of a stream all`,
    }),
  cursor: cursorSchema.optional(),
})

/** A reading, or with `every` an aggregate: one form, so that clients made from the description need no casts. */
const rowForm = z
  .strictObject({
    ...aggregateForm.partial().shape,
    ...testedReadingForm.partial().shape,
    ...z.strictObject(officialShape).partial().shape,
    fn: z.enum(readingFns).optional(),
    ...{ device: z.string(), site: z.string().nullable(), property: z.string() },
    ...{ value: z.number().nullable(), unit: z.string() },
  })
  .meta({ id: 'ReadingOrAggregate' })

/** One way to answer: rows with their JSON text, their columns, and the place after each. */
interface Rows<Row> {
  pages: AsyncIterable<readonly Row[]>
  /** JSON. */
  toText(row: Row): string
  columns: readonly string[]
  /** CSV. */
  toLine(row: Row): string
  placeOf(row: Row): ReadingsPlace
}

export function installReadings(app: App, context: ApiContext, parts: SeriesParts): void {
  app.get(`${base}/readings`, {
    config: { role: 'viewer' },
    exposeHeadRoute: false,
    schema: {
      tags: ['Readings'],
      operationId: 'listReadings',
      summary: 'Readings, raw or in windows',
      description:
        'Ordered by device, property and time (windows of mixed functions by function first). Accept decides the form: application/json answers pages; text/csv and application/x-ndjson stream everything.',
      querystring: query,
      response: {
        200: pageSchema(rowForm),
      },
    },
    handler: async (request, reply) => {
      const form = chooseForm(request.headers.accept, [
        'application/json',
        'text/csv',
        'application/x-ndjson',
      ])
      const { cursor } = request.query
      const place = cursor === undefined ? undefined : decodeCursor(readingsPlace, cursor)
      const { config, ports, latest } = context
      const interval = intervalOf(request.query, place, {
        now: ports.clock.now(),
        aheadMs: config.readingAheadSecondsMax * 1_000,
      })
      const length = everyOf(request.query, interval)
      const kind = dayKindOf(request.query)
      await latest.refresh()
      const isBySite = length !== undefined
      const series = [...matchingSeries(parts, request.query, { isBySite })]
      const { quality, fn, limit, tests, points } = request.query
      const plan = { series, ...interval, ...(quality === undefined ? {} : { quality }) }
      if (length === undefined) {
        const raw = { ...plan, tests: tests === true, ...(points === undefined ? {} : { points }) }
        const rows = rawRows(context, raw, interval, place)
        if (tests !== true) return answer(context, reply, form, limit, rows)
        return answer(context, reply, form, limit, withTests(context, rows))
      }
      if (fn === 'official') {
        const period = officialPeriodOf(request.query, length)
        const now = ports.clock.now()
        const official = { series, ...interval, period, now, timeZone: config.timeZone }
        return answer(context, reply, form, limit, officialRows(context, official, place))
      }
      const windows = {
        ...{ ...plan, everyMs: length.everyMs },
        ...(fn === undefined ? {} : { fn }),
        dayRuns: createDayRuns(context.view, { length, kind, ...interval }, config.timeZone),
      }
      return answer(context, reply, form, limit, windowRows(context, windows, interval, place))
    },
  })
}

const readingColumns = Object.keys(readingForm.shape)
const aggregateColumns = Object.keys(aggregateForm.shape)

function cellsOf(json: Readonly<Record<string, Cell>>, columns: readonly string[]): Cell[] {
  return columns.map((name) => json[name] ?? null)
}

function rawRows(
  { readings, view, latest }: ApiContext,
  plan: Parameters<typeof rawPages>[1] & { points?: number },
  { from, to }: Interval,
  place: ReadingsPlace | undefined,
): Rows<Reading> {
  const newestAt = ({ device, property }: SeriesKey) =>
    latest.of(device)?.get(property)?.observedAt ?? to
  return {
    pages:
      plan.points === undefined
        ? whole(rawPages(stretchReader(readings), plan, place))
        : thinnedPages(stretchReader(readings), { ...plan, points: plan.points, newestAt }, place),
    toText: createReadingText(view),
    columns: readingColumns,
    toLine: createReadingLine(view),
    placeOf: ({ device, property, observedAt }) => ({ device, property, at: observedAt, from, to }),
  }
}

function withTests({ view }: ApiContext, rows: Rows<Reading>): Rows<Reading> {
  return {
    ...rows,
    toText: (reading) => JSON.stringify(testedReadingJson(view, reading)),
    columns: [...rows.columns, 'tests'],
    toLine: (reading) =>
      csvLine([
        ...cellsOf(readingJson(view, reading), readingColumns),
        testsText(reading.tests ?? 0),
      ]),
  }
}

function windowRows(
  { readings, view }: ApiContext,
  plan: Parameters<typeof windowPages>[1],
  { from, to }: Interval,
  place: ReadingsPlace | undefined,
): Rows<Aggregate> {
  return {
    pages: windowPages(stretchReader(readings), plan, place),
    toText: (window) => JSON.stringify(aggregateJson(view, window)),
    columns: aggregateColumns,
    toLine: (window) => csvLine(cellsOf(aggregateJson(view, window), aggregateColumns)),
    placeOf: ({ device, property, fn, to: at }) => ({ device, property, at, fn, from, to }),
  }
}

function officialRows(
  { readings, view }: ApiContext,
  plan: OfficialPlan,
  place: ReadingsPlace | undefined,
): Rows<OfficialRow> {
  const { from, to } = plan
  return {
    pages: officialPages({ readings: stretchReader(readings), view }, plan, place),
    toText: (row) => JSON.stringify(officialJson(view, row)),
    columns: officialColumns,
    toLine: (row) => csvLine(cellsOf(officialJson(view, row), officialColumns)),
    placeOf: ({ device, property, to: at }) => ({ device, property, at, fn: 'official', from, to }),
  }
}

async function* whole<T>(pages: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T> {
  yield* pages
}

async function answer<Row>(
  { ports }: ApiContext,
  reply: FastifyReply,
  form: 'application/json' | 'text/csv' | 'application/x-ndjson',
  limit: number | undefined,
  rows: Rows<Row>,
): Promise<FastifyReply> {
  const { pages, toText, columns, toLine, placeOf } = rows
  if (form === 'application/json') {
    const size = Math.min(limit ?? pageStandard, pageMax)
    const page = pageOf(await take(pages, size + 1, ports.timers), size, placeOf)
    const body = `{"items":[${page.items.map(toText).join(',')}],"next":${JSON.stringify(sealCursor(reply.request, page.next))}}`
    return reply.type('application/json').serializer(String).send(body)
  }
  const csv = form === 'text/csv'
  const stream = rowStream<Row>({
    pages,
    header: csv ? csvLine(columns) : '',
    line: csv ? toLine : (row) => `${toText(row)}\n`,
    limit: limit ?? Number.POSITIVE_INFINITY,
    timers: ports.timers,
  })
  return reply.type(`${form}; charset=utf-8`).send(stream)
}

async function take<Row>(
  pages: AsyncIterable<readonly Row[]>,
  count: number,
  timers: Pick<Timers, 'soon'>,
): Promise<Row[]> {
  const taken: Row[] = []
  let turnAt = rowsPerTurn
  for await (const page of pages) {
    for (const row of page) {
      if (taken.length === count) return taken
      taken.push(row)
    }
    if (taken.length === count) return taken
    if (taken.length < turnAt) continue
    turnAt = taken.length + rowsPerTurn
    await yieldTo(timers)
  }
  return taken
}
