/** `/indices`: every shared case through the real API, the tables for everyone to check, and hostile bodies. */

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { indexNames } from '../../domain/standards/definition.ts'
import { type CityApi, openCityApi } from './city-api.ts'
import { indexCases } from './index-cases.ts'

let city: CityApi
beforeAll(async () => {
  city = await openCityApi()
})
afterAll(() => city.close())

const compute = (index: string, body: unknown) =>
  city.call('POST', `/indices/${index}`, { as: 'viewer', body })

describe('shared cases', () => {
  test.each(indexCases.map((one) => [one.id, one] as const))('%s', async (_id, one) => {
    const answer = await compute(one.index, one.body)
    expect(answer.body).toMatchObject({ index: one.index, ...one.answer })
    expect(answer.status).toBe(200)
    expect(answer.body.edition).toMatch(/\S/)
  })

  test('numbers count as the texts that they are printed as', async () => {
    for (const { index, body, id } of indexCases.filter(({ id }) => /^(cn|epa|gb)/.test(id))) {
      const values = Object.fromEntries(
        Object.entries(body.values).map(([k, v]) => [k, v === null ? null : Number(v)]),
      )
      const [texts, numbers] = [
        await compute(index, body),
        await compute(index, { ...body, values }),
      ]
      expect(numbers.body, id).toEqual(texts.body)
    }
  })
})

describe('an answer', () => {
  test('has every field that is promised, under the edition in force unless another is named', async () => {
    const values = {
      so2_24h: 8,
      no2_24h: 20,
      pm10_24h: 150,
      co_24h: '0.6',
      o3_8h: 90,
      pm25_24h: '75',
    }
    const now = await compute('cn-aqi-daily', { values })
    expect(now.body).toEqual({
      index: 'cn-aqi-daily',
      edition: 'HJ 633-2026',
      value: 114,
      sub: { so2_24h: 8, no2_24h: 25, pm10_24h: 112, co_24h: 15, o3_8h: 45, pm25_24h: 114 },
      primary: ['pm25'],
      category: { en: expect.any(String), zh: '轻度污染' },
      colour: '橙色',
      rgb: [255, 126, 0],
      level: 3,
      details: expect.any(Object),
      notes: [],
    })
    const then = await compute('cn-aqi-daily', { edition: 'HJ 633-2012', values })
    expect(then.body).toMatchObject({ edition: 'HJ 633-2012', value: 100, level: 2 })
  })

  test('says why there is no index', async () => {
    const { body } = await compute('cn-aqi-daily', { values: { pm25_24h: '60' } })
    expect(body).toMatchObject({ value: null, category: null, level: null, primary: [] })
    expect(body.sub).toEqual(expect.objectContaining({ pm25_24h: 100 }))
    expect(body.notes[0]).toEqual({ en: expect.any(String), zh: expect.any(String) })
  })

  test('understands options among the values', async () => {
    const apart = await compute('rainstorm-signal', {
      values: { '12h': '50' },
      options: { persisting: true, forecast: { '3h': '100' } },
    })
    const together = await compute('rainstorm-signal', {
      values: { '12h': '50', persisting: true, forecast: { '3h': '100' } },
    })
    expect(apart.body).toMatchObject({ value: 'red', level: 4 })
    expect(together.body).toEqual(apart.body)
  })

  test('leaves nothing behind: no entry in the audit trail, no change of the registry', async () => {
    const before = [city.parts.view.version, (await city.parts.registry.auditTrail(1))[0]?.id]
    await compute('rain-grade', { values: { '24h': 60 } })
    await city.parts.view.refresh()
    const after = [city.parts.view.version, (await city.parts.registry.auditTrail(1))[0]?.id]
    expect(after).toEqual(before)
  })
})

describe('the tables', () => {
  test('of all indices are listed, each edition with dates, source, confidence and numbers', async () => {
    const { status, body } = await city.call('GET', '/indices', { as: 'viewer' })
    expect(status).toBe(200)
    expect(body.next).toBeNull()
    expect(body.items.map(({ index }: { index: string }) => index)).toEqual([...indexNames])
    for (const { editions, edition, title, options } of body.items) {
      expect(title).toEqual({ en: expect.stringMatching(/\S/), zh: expect.stringMatching(/\S/) })
      expect(editions.map(({ id }: { id: string }) => id)).toContain(edition)
      for (const { indicators, tables, source, confidence } of editions) {
        expect(source).toMatch(/\S/)
        expect(confidence).toMatch(/^[ABCD]$/)
        expect(indicators.length).toBeGreaterThan(0)
        expect(tables.length).toBeGreaterThan(0)
        for (const { columns, rows, clause } of tables) {
          expect(clause).toMatch(/\S/)
          expect(rows.length).toBeGreaterThan(0)
          for (const row of rows) expect(row).toHaveLength(columns.length)
        }
      }
      for (const text of Object.values(options)) {
        expect(text).toEqual({ en: expect.any(String), zh: expect.any(String) })
      }
    }
  })

  test('hold the breakpoints of both editions', async () => {
    const { body } = await city.call('GET', '/indices/cn-aqi-daily', { as: 'viewer' })
    type Tables = { tables: [{ columns: string[]; rows: number[][] }] }
    const at100 = body.editions.map(({ tables: [{ columns, rows }] }: Tables) =>
      rows.find(([iaqi]) => iaqi === 100)?.at(columns.indexOf('pm25_24h')),
    )
    expect(at100).toEqual([75, 60])
  })

  test('come page by page as every list does', async () => {
    const seen: string[] = []
    let cursor = ''
    do {
      const { body } = await city.call('GET', `/indices?limit=4${cursor}`)
      seen.push(...body.items.map(({ index }: { index: string }) => index))
      cursor = body.next === null ? '' : `&cursor=${body.next}`
    } while (cursor !== '')
    expect(seen).toEqual([...indexNames])
  })

  test('name the edition of the day', async () => {
    let now = Date.parse('2026-02-28T15:59:00Z')
    const clock = { now: () => now, monotonic: () => 0 }
    const other = await openCityApi({
      settings: { BELLWETHER_TIME_ZONE: 'Asia/Shanghai' },
      parts: { ports: { ...city.parts.ports, clock } },
    })
    const edition = async () => (await other.call('GET', '/indices/cn-aqi-daily')).body.edition
    expect(await edition()).toBe('HJ 633-2012')
    now += 60_000
    expect(await edition()).toBe('HJ 633-2026')
    await other.close()
  })
})

describe('what is refused, with the field', () => {
  test.each(['GET', 'POST'])(
    '%s of an index that does not exist: 404 with those that do',
    async (method) => {
      const body = method === 'POST' ? { values: {} } : undefined
      const answer = await city.call(method, '/indices/mood', { body })
      expect(answer.status).toBe(404)
      for (const name of indexNames) expect(answer.body.detail).toContain(name)
    },
  )

  test('an edition that does not exist: 400 with those that do', async () => {
    const answer = await compute('cn-aqi-daily', { edition: 'HJ 633-1999', values: {} })
    expect(answer).toMatchObject({ status: 400, body: { field: 'edition' } })
    expect(answer.body.detail).toMatch(/HJ 633-2012, HJ 633-2026/)
  })

  test.each([
    ['a word', { pm25_24h: 'clean' }],
    ['nothing', { pm25_24h: '' }],
    ['two numbers', { pm25_24h: '1 2' }],
    ['a decimal comma', { pm25_24h: '35,2' }],
    ['hexadecimal', { pm25_24h: '0x23' }],
    ['infinity', { pm25_24h: 'Infinity' }],
    ['not a number', { pm25_24h: 'NaN' }],
    ['a list where one value belongs', { pm25_24h: [1, 2] }],
    ['a flag', { pm25_24h: true }],
    ['an object', { pm25_24h: { value: 3 } }],
    ['an endless text', { pm25_24h: '1'.repeat(10_000) }],
    ['a list without end', { pm25_24h: Array(5_000).fill(1) }],
    ['a list of lists', { pm25_24h: [[1]] }],
  ])('%s: values.pm25_24h', async (_what, values) => {
    const answer = await compute('cn-aqi-daily', { values })
    expect(answer.status).toBe(400)
    expect(answer.body.field).toMatch(/^values\.pm25_24h(\.\d+)?$/)
    expect(answer.body.detail).toContain('values.pm25_24h')
  })

  test('a value that the index does not take is named', async () => {
    const answer = await compute('cn-aqi-daily', { values: { mood: 3 } })
    expect(answer.status).toBe(400)
    expect(answer.body.detail).toContain('mood')
    const option = await compute('gb3838', { values: { do: 7 }, options: { colour: 'red' } })
    expect(option.status).toBe(400)
    expect(option.body.detail).toContain('colour')
  })

  test('an option that is given twice', async () => {
    const answer = await compute('gb3838', {
      values: { do: 7, target: 'II' },
      options: { target: 'III' },
    })
    expect(answer).toMatchObject({ status: 400, body: { field: 'values.target' } })
  })

  test.each([
    ['no values', {}, 'values'],
    ['values that are a list', { values: [1] }, 'values'],
    [
      'too many values',
      { values: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`v${i}`, 1])) },
      'values',
    ],
    ['an edition that is no text', { edition: 2026, values: {} }, 'edition'],
    ['another field', { values: {}, colour: 1 }, 'colour'],
  ])('%s', async (_what, body, field) => {
    expect(await compute('cn-aqi-daily', body)).toMatchObject({ status: 400, body: { field } })
  })

  test('a body larger than any list needs: 413', async () => {
    const body = { values: { pm25_24h: '1' }, options: { x: 'y'.repeat(70_000) } }
    expect((await compute('cn-aqi-daily', body)).status).toBe(413)
  })

  test('whatever is sent, it is an answer or a clear no', async () => {
    const names = ['pm25_24h', 'pm25', 'o3', 'do', 'ph', '12h', 'level', 'return_period_years']
    const value = fc.oneof(
      fc.double(),
      fc.string({ maxLength: 12 }),
      fc.constantFrom('1e400', '-0', '1e-400', '9'.repeat(39), '0.1', '٣', '１', null, true, {}),
      fc.array(fc.oneof(fc.double(), fc.constant(null)), { maxLength: 14 }),
    )
    const bodies = fc.record({
      values: fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 4 }),
      options: fc.dictionary(
        fc.constantFrom('target', 'period', 'persisting', 'forecast', 'season', 'notMonitored'),
        fc.jsonValue({ maxDepth: 2 }),
        { maxKeys: 2 },
      ),
    })
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...indexNames), bodies, async (index, body) => {
        const { status, body: answer } = await compute(index, body)
        expect([200, 400]).toContain(status)
        if (status === 400) expect(answer.field).toMatch(/\S/)
      }),
      { numRuns: 300 },
    )
  })
})
