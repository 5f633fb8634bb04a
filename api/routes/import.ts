/**
 * `POST /devices/import`: many sites and devices at once, from CSV or NDJSON. All rows are judged, the good ones are
 * kept, each bad one is answered with its line and reason. It may be sent again: what a file does not mention stays as
 * it is, tokens too.
 */

import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { Fault } from '../../domain/errors.ts'
import { numberAttributes } from '../../domain/site-attributes.ts'
import { hashSecret, newSecret } from '../../runtime/secret.ts'
import { type ApiContext, type App, base, registryChanged } from '../context.ts'
import { csvRows } from '../import/import-csv.ts'
import { ImportJudge } from '../import/import-validator.ts'
import { ndjsonRows } from '../import/import-ndjson.ts'
import type { ImportRow } from '../import/import-row.ts'
import { importBytes, importText } from '../import/import-text.ts'
import { flagParameter } from '../http/query.ts'
import { keepBounds } from '../registry/site-bounds.ts'
import { deviceTokenPrefix } from './devices.ts'

/** An import may be so many times as large as another body. */
const bodyFactor = 64
const rowsMax = 500_000
const streamTypes = ['text/csv', 'application/x-ndjson']

const outcomeForm = z
  .strictObject({
    accepted: z.int().meta({ description: 'Rows' }),
    rejected: z.int().meta({ description: 'Rows' }),
    created: z.int().meta({ description: 'Sites and devices' }),
    changed: z.int().meta({ description: 'Sites and devices' }),
    unchanged: z.int().meta({ description: 'Sites and devices that are as the file says already' }),
    errors: z
      .array(z.strictObject({ line: z.int(), reason: z.string() }))
      .meta({ description: 'The first 1,000 rejected rows' }),
    changes: z
      .array(
        z.strictObject({
          line: z.int(),
          kind: z.enum(['site', 'device']),
          id: z.string(),
          change: z.enum(['create', 'change']),
          fields: z
            .record(z.string(), z.strictObject({ from: z.unknown(), to: z.unknown() }))
            .meta({ description: 'By path, such as attributes.warningLevel; null: not there' }),
        }),
      )
      .optional()
      .meta({ description: 'With dryRun=true: the first 1,000 that would be made or changed' }),
    tokens: z
      .record(z.string(), z.string())
      .optional()
      .meta({ description: 'With tokens=true: device → its new token; answered once' }),
  })
  .meta({ id: 'ImportOutcome' })

const query = z.strictObject({
  dryRun: flagParameter
    .optional()
    .meta({ description: 'true: only says what would be made and changed' }),
  tokens: flagParameter
    .optional()
    .meta({ description: 'true: make a token for each device of the file that has none' }),
  force: flagParameter.optional().meta({
    description:
      'true: also when an open alert stands on an attribute that is cleared; it ends then',
  }),
})

export function installImport(app: App, context: ApiContext): void {
  const bytesMax = context.config.apiBodyBytesMax * bodyFactor
  // In a scope of its own, so that no other route takes these types.
  void app.register((scope: App, _options, done) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(streamTypes, { bodyLimit: bytesMax }, (_request, payload, done) =>
      done(null, payload),
    )
    scope.post(`${base}/devices/import`, {
      config: { role: 'admin', action: 'device.import', streamTypes },
      bodyLimit: bytesMax,
      schema: {
        tags: ['Devices'],
        operationId: 'importDevices',
        summary: 'Import sites and devices from CSV or NDJSON',
        description:
          'CSV has a header row with any of site, site_name_en, site_name_zh, kind, lon, lat, district, basin, attribute.<name>, device, profile, gateway, expected_interval, enabled; separated by commas, semicolons or tabs; in UTF-8, UTF-16 or GB 18030. NDJSON has lines {"site": {…}}, {"device": {…}}, both in one, or flat with the names of the columns. What a row does not mention stays as it is; a cell \\N, or null, clears.',
        querystring: query,
        response: { 200: outcomeForm },
      },
      handler: async (request, reply) => {
        request.target = request.query.dryRun === true ? 'import-dry-run' : 'import'
        try {
          return await importRows(context, request, bytesMax)
        } catch (error) {
          // What was not read would be taken for the next request of this connection.
          void reply.header('connection', 'close')
          ;(request.body as Readable | undefined)?.resume?.()
          throw error
        }
      },
    })
    done()
  })
}

type ImportRequest = FastifyRequest & { query: z.infer<typeof query> }

async function importRows(
  context: ApiContext,
  request: ImportRequest,
  bytesMax: number,
): Promise<z.infer<typeof outcomeForm>> {
  const { dryRun, force, tokens: wanted } = request.query
  const numbers = numberAttributes(context.view.all('rule'))
  const judge = new ImportJudge({
    view: context.view,
    numbers,
    mayChange: async (before, after) => {
      if (force !== true) await keepBounds(context, before, after)
    },
  })
  await readRows(request, { bytesMax, numbers }, (row) => judge.take(row))
  const { sites, devices, named, errors, changes, ...counts } = await judge.finish()
  const outcome = { ...counts, errors: [...errors] }
  if (dryRun === true) return { ...outcome, changes: [...changes] }
  const tokens = wanted === true ? makeTokens(context, named) : undefined
  await context.registry.upsertAll(sites, devices)
  if (tokens !== undefined) {
    await context.registry.setDeviceTokens(
      new Map([...tokens].map(([device, token]) => [device, hashSecret(token)])),
    )
  }
  await registryChanged(context)
  return tokens === undefined ? outcome : { ...outcome, tokens: Object.fromEntries(tokens) }
}

async function readRows(
  request: FastifyRequest,
  { bytesMax, numbers }: { bytesMax: number; numbers: ReadonlySet<string> },
  take: (row: ImportRow) => void,
): Promise<void> {
  if (request.body === undefined || request.body === null) {
    throw new Fault('bad_request', 'body: is required, as text/csv or application/x-ndjson.', {
      field: 'body',
    })
  }
  const type = request.headers['content-type'] ?? ''
  const charset = /;\s*charset="?([\w-]+)"?/i.exec(type)?.[1]
  const text = importText(await importBytes(request.body as Readable, bytesMax), charset)
  let rows = 0
  for (const row of /^text\/csv/i.test(type) ? csvRows(text, numbers) : ndjsonRows(text, numbers)) {
    rows += 1
    if (rows > rowsMax) {
      throw new Fault('payload_too_large', `body: has more than ${rowsMax} rows.`)
    }
    take(row)
  }
}

function makeTokens({ view, ports }: ApiContext, named: readonly string[]): Map<string, string> {
  const without = named.filter((id) => (view.device(id)?.tokenHash ?? null) === null)
  return new Map(without.map((id) => [id, newSecret(ports.random, deviceTokenPrefix)]))
}
