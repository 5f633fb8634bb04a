/** The shared vectors, each as a request would send it. */

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { batchTests } from '../../../../domain/standards/qartod/batch-tests.ts'

interface Vector {
  id: string
  test: string
  expect: number[]
  note: string
}

const file = new URL('../../../cases/qartod.json', import.meta.url)
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] }

test.each(vectors)('$id $note', (vector) => {
  const { id: _id, test: name, expect: expected, ...rest } = vector
  const { note: _note, ...given } = rest
  const found = batchTests.find((one) => one.name === name)
  const fields = Object.entries(given).filter(([field]) => !['origin', 'source'].includes(field))
  expect(found?.run(found.form.parse(Object.fromEntries(fields)))).toEqual(expected)
})
