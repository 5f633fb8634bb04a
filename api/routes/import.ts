/**
 * `POST /devices/import`: many sites and devices at once, from CSV or NDJSON. All rows are judged, the good
 * ones are kept, each bad one is answered with its line and reason. It may be sent again: what exists is
 * replaced, and keeps its token.
 */

import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Device } from '../../domain/device.ts'
import { Fault } from '../../domain/errors.ts'
import { hashSecret, newSecret } from '../../secret.ts'
import { type ApiContext, type App, base, registryChanged } from '../context.ts'
import { csvRows } from '../import-csv.ts'
import { createImportJudge } from '../import-judge.ts'
import { ndjsonRows } from '../import-ndjson.ts'
import { importText } from '../import-text.ts'
import { flagParameter } from '../query.ts'
import { deviceTokenPrefix } from './devices.ts'

/** An import may be so many times as large as another body. */
const bodyFactor = 64
const rowsMax = 500_000
const streamTypes = ['text/csv', 'application/x-ndjson']

const outcomeForm = z
  .strictObject({
    accepted: z.int().meta({ description: 'Rows' }),
    rejected: z.int().meta({ description: 'Rows' }),
    errors: z
      .array(z.strictObject({ line: z.int(), reason: z.string() }))
      .meta({ description: 'The first 1,000 rejected rows' }),
    tokens: z
      .record(z.string(), z.string())
      .optional()
      .meta({ description: 'With tokens=true: device → its new token; answered once' }),
  })
  .meta({ id: 'ImportOutcome' })

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
          'CSV has a header row with any of site, site_name_en, site_name_zh, kind, lon, lat, district, basin, attribute.<name>, device, profile, gateway, expected_interval, enabled. NDJSON has lines {"site": {…}}, {"device": {…}}, both in one, or flat with the names of the columns. UTF-8.',
        querystring: z.strictObject({
          tokens: flagParameter
            .optional()
            .meta({ description: 'true: make a token for each device of the file that has none' }),
        }),
        response: { 200: outcomeForm },
      },
      handler: async (request) => {
        request.target = 'import'
        const judge = createImportJudge(context.view)
        await readRows(request, bytesMax, judge.take)
        const { sites, devices, accepted, rejected, errors } = judge.finish()
        const tokens = request.query.tokens === true ? makeTokens(context, devices) : undefined
        await context.registry.upsertAll(sites, devices)
        if (tokens !== undefined) {
          await context.registry.setDeviceTokens(
            new Map([...tokens].map(([device, token]) => [device, hashSecret(token)])),
          )
        }
        await registryChanged(context)
        const outcome = { accepted, rejected, errors: [...errors] }
        return tokens === undefined ? outcome : { ...outcome, tokens: Object.fromEntries(tokens) }
      },
    })
    done()
  })
}

async function readRows(
  request: FastifyRequest,
  bytesMax: number,
  take: ReturnType<typeof createImportJudge>['take'],
): Promise<void> {
  if (request.body === undefined || request.body === null) {
    throw new Fault('bad_request', 'body: is required, as text/csv or application/x-ndjson.', {
      field: 'body',
    })
  }
  const text = importText(request.body as AsyncIterable<Buffer>, bytesMax)
  const csv = /^text\/csv/i.test(request.headers['content-type'] ?? '')
  let rows = 0
  for await (const row of csv ? csvRows(text) : ndjsonRows(text)) {
    rows += 1
    if (rows > rowsMax) {
      throw new Fault('payload_too_large', `body: has more than ${rowsMax} rows.`)
    }
    take(row)
  }
}

function makeTokens({ view, ports }: ApiContext, devices: readonly Device[]): Map<string, string> {
  const without = devices.filter(({ id }) => (view.device(id)?.tokenHash ?? null) === null)
  return new Map(without.map(({ id }) => [id, newSecret(ports.random, deviceTokenPrefix)]))
}
