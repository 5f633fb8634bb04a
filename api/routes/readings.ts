/**
 * `/readings`: raw readings or windows of them, as a page of JSON, or streamed whole as CSV or NDJSON.
 */

import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import type { Timers } from '../../domain/ports.ts'
import { type Aggregate, aggregateFns, type Quality, type Reading } from '../../domain/reading.ts'
import { durationSchema } from '../../domain/text.ts'
import { chooseForm } from '../accept.ts'
import { type ApiContext, type App, base } from '../context.ts'
import { type Cell, csvLine } from '../csv.ts'
import { createDayRuns, dayKinds } from '../day-runs.ts'
import { aggregateForm, aggregateJson, readingForm, readingJson } from '../json-forms.ts'
import { cursorSchema, decodeCursor, pageOf, pageSchema } from '../page.ts'
import { flagParameter, idList, listOf, moment, wholeNumber } from '../query.ts'
import { createReadingLine, createReadingText } from '../reading-text.ts'
import { testedReadingForm, testedReadingJson, testsText } from '../reading-tests.ts'
import {
  dayKindOf,
  everyOf,
  type Interval,
  intervalOf,
  rawPages,
  type ReadingsPlace,
  readingsPlace,
  windowPages,
} from '../readings-plan.ts'
import { rowStream } from '../row-stream.ts'
import { matchingSeries, propertyCode, type SeriesParts } from '../series-filter.ts'
import { stretchReader } from '../series-stretch.ts'
import { turn } from '../turn.ts'

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
  every: durationSchema.optional().meta({
    description:
      'Length of windows, such as 5m or 1h, in UTC; 1d: days of the site (see day); absent: raw readings',
  }),
  day: z.enum(dayKinds).optional().meta({
    description:
      "What every=1d means, in the site's time zone: natural from 00:00 (unless given), hydrological from 08:00; or utc",
  }),
  tests: flagParameter.optional().meta({
    description: 'true: each raw reading with the outcomes of its quality tests',
  }),
  fn: z.enum(aggregateFns).optional().meta({
    description: 'Over a window; unless given, as the property adds up (mean, sum, last)',
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
      summary: 'Readings, raw or in windows',
      description:
        'Ordered by device, property and time (windows of mixed functions by function first). Accept decides the form: application/json answers pages; text/csv and application/x-ndjson stream everything.',
      querystring: query,
      response: {
        200: {
          description:
            'A page of readings, or of aggregates when every is given; or a stream of either',
          content: {
            'application/json': {
              schema: z.union([
                pageSchema(readingForm),
                pageSchema(testedReadingForm),
                pageSchema(aggregateForm),
              ]),
            },
            'text/csv': { schema: z.string() },
            'application/x-ndjson': { schema: z.string() },
          },
        },
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
      const everyMs = everyOf(request.query, interval)
      const dayKind = dayKindOf(request.query)
      await latest.refresh()
      const isBySite = everyMs !== undefined
      const series = [...matchingSeries(parts, request.query, { isBySite })]
      const { quality, fn, limit, tests } = request.query
      const plan = { series, ...interval, ...(quality === undefined ? {} : { quality }) }
      if (everyMs === undefined) {
        const rows = rawRows(context, { ...plan, tests: tests === true }, interval, place)
        if (tests !== true) return answer(context, reply, form, limit, rows)
        return answer(context, reply, form, limit, withTests(context, rows))
      }
      const windows = {
        ...{ ...plan, everyMs },
        ...(fn === undefined ? {} : { fn }),
        ...(dayKind === undefined
          ? {}
          : { dayRuns: createDayRuns(context.view, dayKind, config.timeZone) }),
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
  { readings, view }: ApiContext,
  plan: Parameters<typeof rawPages>[1],
  { from, to }: Interval,
  place: ReadingsPlace | undefined,
): Rows<Reading> {
  return {
    pages: whole(rawPages(stretchReader(readings), plan, place)),
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
    const body = `{"items":[${page.items.map(toText).join(',')}],"next":${JSON.stringify(page.next)}}`
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
    await turn(timers)
  }
  return taken
}
