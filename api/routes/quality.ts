/**
 * `/quality`: the tests of quality control, with what they take, and each of them run on given values. Nothing is
 * stored, so that anyone can check a flag, or try thresholds before they go into a plan.
 */

import { z } from 'zod'
import { qualityDefaults } from '../../domain/quality-defaults.ts'
import { qualityFlags } from '../../domain/reading.ts'
import type { BatchTest } from '../../domain/standards/qartod/batch-test.ts'
import { batchTests } from '../../domain/standards/qartod/batch-tests.ts'
import { type App, base } from '../context.ts'
import { operationId } from '../http/operation-id.ts'
import { cursorSchema, decodeCursor, pageFields, pageOf, pageSchema } from '../http/page.ts'

/** 100,000 values with their times as texts fit in. */
const bodyBytesMax = 8_388_608
const pageMax = 100

const bothLanguages = z.strictObject({ en: z.string(), zh: z.string() })

const testForm = z
  .strictObject({
    test: z.string().meta({ description: 'Name in paths: POST /api/v1/quality/{test}' }),
    title: bothLanguages,
    meaning: bothLanguages,
    source: z.string().meta({ description: 'Standard and clause, and what is our choice' }),
    parameters: z.array(
      z.strictObject({ name: z.string(), required: z.boolean(), description: z.string() }),
    ),
    defaults: z
      .array(
        z.strictObject({
          property: z.string(),
          settings: z.unknown().meta({ description: 'As in the tests of a quality plan' }),
          why: z.string(),
        }),
      )
      .meta({ description: 'What quality control asks of readings unless a plan says otherwise' }),
  })
  .meta({ id: 'QualityTest' })

const answerForm = z
  .strictObject({
    test: z.string(),
    flags: z.array(z.literal([...qualityFlags])).meta({
      description: 'One for each value: 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing',
    }),
  })
  .meta({ id: 'QualityFlags' })

export function installQuality(app: App): void {
  app.get(`${base}/quality`, {
    config: { role: 'viewer' },
    schema: {
      tags: ['Quality'],
      operationId: 'listQualityTests',
      summary: 'The tests of quality control',
      querystring: z.strictObject(pageFields({ standard: pageMax, max: pageMax })),
      response: { 200: pageSchema(testForm) },
    },
    handler: (request) => {
      const { limit, cursor } = request.query
      const after = cursor === undefined ? undefined : decodeCursor(cursorSchema, cursor)
      const start = after === undefined ? 0 : batchTests.findIndex(({ name }) => name === after) + 1
      const page = pageOf(batchTests.slice(start, start + limit + 1), limit, ({ name }) => name)
      return { items: page.items.map(testJson), next: page.next }
    },
  })
  for (const test of batchTests) installRun(app, test)
}

function installRun(app: App, test: BatchTest): void {
  app.post(`${base}/quality/${test.name}`, {
    config: { role: 'viewer', computes: true },
    bodyLimit: bodyBytesMax,
    schema: {
      tags: ['Quality'],
      operationId: operationId('test', test.name),
      summary: `Run the test ${test.name} on given values`,
      description: `${test.meaning.en} Nothing is stored.`,
      body: test.form,
      response: { 200: answerForm },
    },
    handler: (request) => ({ test: test.name, flags: test.run(request.body) }),
  })
}

function testJson({ name, title, meaning, source, form }: BatchTest): z.infer<typeof testForm> {
  const parameters = Object.entries(form.shape).map(([field, type]) => ({
    name: field,
    required: !type.safeParse(undefined).success,
    description: type.meta()?.description ?? '',
  }))
  return { test: name, title, meaning, source, parameters, defaults: defaultsOf(name) }
}

function defaultsOf(name: string): z.infer<typeof testForm>['defaults'] {
  return [...qualityDefaults].flatMap(([property, { tests, why }]) => {
    const [, settings] = Object.entries(tests).find(([test]) => test === name) ?? []
    return settings ? [{ property, settings, why }] : []
  })
}
