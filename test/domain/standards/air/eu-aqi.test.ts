import { expect, test } from 'vitest'
import { euAqi } from '../../../../domain/standards/air/eu-aqi.ts'
import type { IndexRequest } from '../../../../domain/standards/definition.ts'

function judge(values: IndexRequest['values']) {
  return euAqi.compute({ edition: 'ETC HE 2024/17', values, options: {} })
}

test.each([
  ['pm25', ['5', '15', '50', '90', '140', '140.1']],
  ['pm10', ['15', '45', '120', '195', '270', '271']],
  ['o3', ['60', '100', '120', '160', '180', '180.5']],
  ['no2', ['10', '25', '60', '100', '150', '151']],
  ['so2', ['20', '40', '125', '190', '275', '276']],
])('%s: a value on a limit belongs to the better band', (pollutant, values) => {
  expect(values.map((value) => judge({ [pollutant]: value }).value)).toEqual([1, 2, 3, 4, 5, 6])
  expect(judge({ [`${pollutant}_1h`]: values[2] ?? null })).toMatchObject({
    value: 3,
    level: 3,
    category: { en: 'Moderate' },
    primary: [pollutant],
  })
})

test('the worst pollutant decides; missing ones are told', () => {
  const answer = judge({ pm25_1h: '51', o3_1h: '61', no2_1h: null })
  expect(answer).toMatchObject({ value: 4, primary: ['pm25'], colour: '#FF5050' })
  expect(answer.sub).toEqual({ pm25_1h: 4, o3_1h: 2, no2_1h: null })
  expect(answer.details.missing).toEqual(['pm10', 'no2', 'so2'])
  expect(judge({})).toMatchObject({ value: null, level: null, category: null })
})

test('values of a day are flagged by the WHO levels and do not count', () => {
  const answer = judge({ pm25_1h: '4', pm25_24h: '30', co_24h: '7.5' })
  expect(answer.value).toBe(1)
  expect(answer.details.who).toEqual({
    pm25_24h: { guideline: 15, exceeded: true, meets: 'interim-3' },
    co_24h: { guideline: 4, exceeded: true, meets: null },
  })
})

test('unknown names, options and editions are refused', () => {
  expect(() => judge({ co_1h: 1 })).toThrow(/^values: "co_1h" is not known; allowed: pm25_1h/)
  const request = { edition: '2017', values: {}, options: {} }
  expect(() => euAqi.compute(request)).toThrow(/^edition: is "2017"/)
  expect(() => euAqi.compute({ ...request, edition: 'ETC HE 2024/17', options: { a: 1 } })).toThrow(
    /^options: "a" is not known/,
  )
})
