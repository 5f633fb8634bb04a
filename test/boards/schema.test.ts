/** Boards against a JSON Schema made of the SDK's types, and proof that the schema refuses broken ones. */

import { fileURLToPath } from 'node:url'
import { Ajv, type AnySchema, type ValidateFunction } from 'ajv'
import { createGenerator } from 'ts-json-schema-generator'
import { beforeAll, describe, expect, test } from 'vitest'
import { boardFileNames, readBoard } from './board-json.ts'

let validate: ValidateFunction

beforeAll(() => {
  const schema = createGenerator({
    path: fileURLToPath(new URL('./checked-types.ts', import.meta.url)),
    tsconfig: fileURLToPath(new URL('../../tsconfig.json', import.meta.url)),
    type: 'Checked',
    skipTypeCheck: true,
    additionalProperties: true,
    expose: 'none',
    topRef: false,
  }).createSchema('Checked')
  validate = new Ajv({ strict: false, allErrors: true }).compile(schema as AnySchema)
})

/** The board in parts as the type has them: options and own settings of each kind of panel by its name. */
function refusals(board: ReturnType<typeof readBoard>): string[] {
  const found: string[] = []
  const required = /must have required property/
  for (const { type, title, options, fieldConfig } of board.panels) {
    const parts = {
      board,
      options: { [type]: options },
      custom: { [type]: fieldConfig.defaults.custom ?? {} },
    }
    validate(parts)
    for (const { instancePath, message = '' } of validate.errors ?? []) {
      // Only this panel's kind is there, and own settings are those that differ from the plugin's.
      if (
        /^\/(options|custom)$/.test(instancePath) ||
        (instancePath.startsWith('/custom') && required.test(message))
      )
        continue
      found.push(`${title} ${instancePath}: ${message}`)
    }
  }
  return found
}

test.each(boardFileNames)('%s is what the types say', (name) => {
  expect(refusals(readBoard(name))).toEqual([])
})

describe('the schema refuses', () => {
  const board = () => structuredClone(readBoard('city.json')) as ReturnType<typeof readBoard>
  const breaks: [string, (board: ReturnType<typeof readBoard>) => void][] = [
    ['a place that is text', (one) => Object.assign(one.panels[0]!.gridPos, { x: '0' })],
    [
      'an unknown way of thresholds',
      (one) =>
        Object.assign(one.panels[0]!.fieldConfig.defaults, {
          thresholds: { mode: 'some', steps: [] },
        }),
    ],
    ['a panel without a type', (one) => Reflect.deleteProperty(one.panels[0]!, 'type')],
    [
      'panels that are no list',
      (one) => Object.assign(one, { panels: one.panels, templating: [] }),
    ],
    [
      'a variable that is refreshed in an unknown way',
      (one) => Object.assign(one.templating.list[0]!, { refresh: 9 }),
    ],
    [
      'a tile whose mode does not exist',
      (one) => Object.assign(one.panels[0]!.options, { colorMode: 'rainbow' }),
    ],
  ]

  test.each(breaks)('%s', (_, harm) => {
    const harmed = board()
    harm(harmed)
    expect(refusals(harmed)).not.toEqual([])
  })
})
