/** The quick ways to write times and readings give what `Date` and `JSON.stringify` give. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { csvLine } from '../../api/http/csv.ts'
import { type ReadingForm, readingForm, readingJson } from '../../api/json-forms.ts'
import { createReadingLine, createReadingText } from '../../api/readings/reading-text.ts'
import { createTimeText, timeText } from '../../api/readings/time-text.ts'
import { qualityFlags, type Reading } from '../../domain/reading.ts'
import { registryWith } from '../ingest/registry.ts'

const anyTime = fc.oneof(
  fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(2100, 0, 1) }),
  fc.integer({ min: -8.64e15, max: 8.64e15 }),
  fc.constantFrom(0, -1, 59_999, 60_000, 86_399_999, 86_400_000, Date.UTC(2024, 1, 29)),
  fc.constantFrom(Date.UTC(-1, 0, 1), Date.UTC(9999, 11, 31, 23, 59, 59, 999), 8.64e15),
)

/** No reading is of another time. */
const readingTime = fc.integer({ min: 0, max: Date.UTC(2262, 0, 1) })

test('a time is written as Date writes it, whatever was written before', () => {
  fc.assert(
    fc.property(fc.array(anyTime, { minLength: 1 }), (times) => {
      const text = createTimeText()
      for (const ms of times) expect(text(ms)).toBe(timeText(ms))
    }),
  )
  expect(() => createTimeText()(Number.NaN)).toThrow(RangeError)
})

test('a reading is written as JSON and as CSV as its form would be', async () => {
  const odd = 'a"quoted"\\名'
  const { view, close } = await registryWith([{ id: 'd-1' }, { id: odd }])
  const reading = fc.record({
    device: fc.constantFrom('d-1', odd, 'gone'),
    property: fc.constantFrom('pm25', 'water_level', 'mood'),
    observedAt: readingTime,
    receivedAt: readingTime,
    value: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
    quality: fc.constantFrom(...qualityFlags),
  })
  fc.assert(
    fc.property(fc.array(reading), (readings: Reading[]) => {
      const text = createReadingText(view)
      const line = createReadingLine(view)
      for (const one of readings) {
        const form = readingJson(view, one)
        expect(text(one)).toBe(JSON.stringify(form))
        expect(line(one)).toBe(
          csvLine(Object.keys(readingForm.shape).map((name) => form[name as keyof ReadingForm])),
        )
      }
    }),
  )
  await close()
})
