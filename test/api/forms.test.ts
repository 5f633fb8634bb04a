/** The small forms: Accept, CSV cells, parameters, cursors, sentences for what is wrong. */

import { Readable } from 'node:stream'
import fc from 'fast-check'
import { parse } from 'csv-parse/sync'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { chooseForm } from '../../api/http/content-negotiation.ts'
import { csvLine } from '../../api/http/csv.ts'
import { csvRows } from '../../api/import/import-csv.ts'
import { ndjsonRows } from '../../api/import/import-ndjson.ts'
import { importBytes, importText } from '../../api/import/import-text.ts'
import { tellIssues } from '../../api/http/validation-messages.ts'
import { decodeCursor, encodeCursor, pageOf } from '../../api/http/page.ts'
import { boxHolds, boxParameter, listOf, moment } from '../../api/http/query.ts'
import { Fault } from '../../domain/errors.ts'
import { durationSchema } from '../../domain/text.ts'

describe('CSV', () => {
  test('whatever the cells hold, they come back, and none is a formula', () => {
    const cell = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.stringMatching(/^[=+\-@"',\r\n\t ]{0,6}$/),
    )
    fc.assert(
      fc.property(fc.array(cell, { minLength: 2, maxLength: 6 }), (cells) => {
        const [back] = parse(csvLine(cells), { record_delimiter: '\r\n' }) as string[][]
        expect(back?.map((text, i) => (cells[i] === text ? text : text.slice(1)))).toEqual(cells)
        for (const text of back ?? []) expect(text).not.toMatch(/^[=+\-@\t\r]/)
      }),
    )
  })

  test('numbers stay numbers, nothing stays nothing', () => {
    expect(csvLine([-1.5, null, 0, true, ''])).toBe('-1.5,,0,true,\r\n')
  })
})

describe('Accept', () => {
  test('any header at all is answered with a form or a clear no', () => {
    const part = fc.constantFrom(
      'text/csv',
      'application/json',
      '*/*',
      'text/*',
      'image/png',
      'x',
      '',
    )
    const header = fc.array(
      fc.tuple(
        part,
        fc.constantFrom('', ';q=0', ';q=1', ';q=0.5', ';q=x', ';q=-1', ';q=1e9', '; Q=0.3'),
      ),
    )
    fc.assert(
      fc.property(header, (parts) => {
        const text = parts.map(([type, q]) => type + q).join(', ')
        try {
          expect(['application/json', 'text/csv']).toContain(
            chooseForm(text, ['application/json', 'text/csv']),
          )
        } catch (error) {
          expect(error).toBeInstanceOf(Fault)
        }
      }),
    )
  })
})

describe('parameters', () => {
  test.each([
    ['2026-11-21T08:00:00Z', '2026-11-21T08:00:00.000Z'],
    ['2026-11-21T08:00:00.5+08:00', '2026-11-21T00:00:00.500Z'],
    ['2026-11-21T08:00:00 08:00', '2026-11-21T00:00:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ])('the time %s', (text, utc) => {
    expect(new Date(moment.parse(text)).toISOString()).toBe(utc)
  })

  test.each([
    '',
    'now',
    '2026-11-21',
    '1761955200000',
    '2026-11-21T08:00:00',
    '2025-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-21T24:00:00Z',
    '+010000-01-01T00:00:00Z',
  ])('the time %j is refused', (text) => {
    expect(moment.safeParse(text).success).toBe(false)
  })

  test('lists take commas and repetition alike', () => {
    const list = listOf(z.string().min(1))
    expect(list.parse(['a,b', 'c'])).toEqual(['a', 'b', 'c'])
    expect(list.safeParse(Array(1_001).fill('x')).success).toBe(false)
    expect(list.safeParse('a,').success).toBe(false)
  })

  test('a box across the antimeridian holds both sides of it', () => {
    const box = boxParameter.parse('170,-10,-170,10')
    expect(boxHolds(box, [175, 0])).toBe(true)
    expect(boxHolds(box, [-175, 0])).toBe(true)
    expect(boxHolds(box, [0, 0])).toBe(false)
    expect(boxHolds(box, [175, 11])).toBe(false)
    expect(boxHolds(box, null)).toBe(false)
  })
})

describe('cursors', () => {
  test('a place comes back whatever it holds; anything else is refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (place) => {
        expect(decodeCursor(z.string(), encodeCursor(place))).toBe(place)
      }),
    )
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => decodeCursor(z.strictObject({ never: z.literal('such') }), text)).toThrow(
          Fault,
        )
      }),
    )
  })

  test('the last page has no next, also when it is full', () => {
    expect(pageOf([1, 2], 2, String).next).toBeNull()
    expect(pageOf([1, 2, 3], 2, String)).toEqual({ items: [1, 2], next: encodeCursor('2') })
    expect(pageOf([], 2, String)).toEqual({ items: [], next: null })
  })
})

describe('imports', () => {
  async function* pieces(text: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
    for (let start = 0, i = 0; start < text.length; i++) {
      const size = sizes[i % sizes.length] ?? 1
      yield text.subarray(start, start + size)
      start += size
    }
  }
  async function textOf(body: AsyncIterable<Buffer>): Promise<Iterable<string>> {
    return importText(await importBytes(Readable.from(body), 1_000_000), undefined)
  }
  const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 })

  test('however the bytes are cut, the rows are the same', async () => {
    const text = Buffer.from('\uFEFFdevice,profile\r\n水位站,"a, ""b"""\r\n\r\nx,y\nz,')
    await fc.assert(
      fc.asyncProperty(sizes, async (cut) => {
        const rows = [...csvRows(await textOf(pieces(text, cut)), new Set())]
        expect(rows.map(({ line, device }) => [line, device])).toEqual([
          [2, { id: '水位站', profile: 'a, "b"' }],
          [4, { id: 'x', profile: 'y' }],
          [5, { id: 'z' }],
        ])
      }),
    )
  })

  test('whatever the bytes are, each line is a row or a reason, or the whole is refused', async () => {
    const line = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.json(),
      fc.stringMatching(/^[a-z,"\\{}:[\] ]{0,30}$/),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(line), sizes, async (lines, cut) => {
        const text = Buffer.from(`device,site\n${lines.join('\n')}`)
        for (const rows of [csvRows, ndjsonRows]) {
          for (const row of rows(await textOf(pieces(text, cut)), new Set())) {
            expect(row.line).toBeGreaterThan(0)
            expect('reason' in row || 'device' in row || 'site' in row).toBe(true)
          }
        }
      }),
    )
  })
})

describe('sentences', () => {
  const durationForm = 'must be a whole number and s, m, h or d, such as "90s" or "2m"'
  const timeForm = 'must be an RFC 3339 time with its zone, such as 2026-11-21T08:00:00Z'
  const twoSignals = z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('level') }),
    z.strictObject({ kind: z.literal('rain') }),
  ])
  const tell = (schema: z.ZodType, value: unknown) => {
    const issues = schema.safeParse(value).error?.issues ?? []
    return tellIssues(issues, 'body').detail
  }

  test('name the field, and the alternative that was meant', () => {
    const bound = z.union([z.number(), z.strictObject({ attribute: z.string() })])
    const rule = z.strictObject({ levels: z.strictObject({ red: bound }), id: z.string() })
    expect(tell(rule, { levels: { red: { attribute: 5 } }, id: 'x' })).toBe(
      'levels.red.attribute: must be a text in quotes.',
    )
    expect(tell(rule, { levels: {}, id: 'x' })).toContain('levels.red: is required')
    expect(tell(rule, null)).toBe('body: is required.')
    expect(tell(rule, { levels: { red: 1, pink: 2 }, id: 'x', a: 1, b: 2 })).toBe(
      'levels.pink: is not a known field; a: is not a known field; b: is not a known field.',
    )
  })

  test.each([
    [z.int(), 1.5, 'a: must be a whole number.'],
    [z.number().min(3), 2, 'a: must be at least 3.'],
    [z.number().lt(3), 3, 'a: must be less than 3.'],
    [z.string().max(2), 'xyz', 'a: must have at most 2 characters.'],
    [z.array(z.string()).min(1), [], 'a: must hold at least 1 items.'],
    [z.enum(['mean', 'sum']), 'avg', 'a: must be one of "mean", "sum".'],
    [z.literal('mean'), 'avg', 'a: must be "mean".'],
    [z.boolean(), 'yes', 'a: must be true or false.'],
    [z.tuple([z.number(), z.number()]), 4, 'a: must be a list.'],
    [z.union([z.number(), z.string()]), true, 'a: must be a number or a text in quotes.'],
    [durationSchema, 'soon', `a: ${durationForm}.`],
    [z.iso.datetime({ offset: true }), '21.11.2026 8:00', `a: ${timeForm}.`],
    [durationSchema, '400d', 'a: must be at most 366d.'],
    [twoSignals, { kind: 'flow' }, 'a.kind: must be one of "level", "rain".'],
    [z.string().refine(() => false, 'must be dry'), 'x', 'a: must be dry.'],
  ])('are in our words, and not in those of the validator (%#)', (form, value, sentence) => {
    expect(tell(z.strictObject({ a: form }), { a: value })).toBe(sentence)
  })

  test('show up to twenty values to choose from, and of more how many there are', () => {
    const codes = Array.from({ length: 21 }, (_, i) => `k${i}`)
    const shown = codes.slice(0, 20).map((code) => `"${code}"`)
    expect(tell(z.enum(codes.slice(0, 20)), 'x')).toBe(`body: must be one of ${shown.join(', ')}.`)
    expect(tell(z.enum(codes), 'x')).toContain('"k19", … (21 in all)')
  })

  test('are not endless', () => {
    const all = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, 1]))
    expect(tell(z.strictObject({}), all)).toContain('and 495 more')
  })
})
