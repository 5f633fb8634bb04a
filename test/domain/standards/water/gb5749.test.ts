/** GB 5749-2022: limits with both ends, residuals at the plant and in the network, and what is reported of each. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { IndexAnswer, IndexRequest } from '../../../../domain/standards/definition.ts'
import { drinkingItems } from '../../../../domain/standards/water/drinking-limits.ts'
import { gb5749 } from '../../../../domain/standards/water/gb5749.ts'

function compute(
  values: IndexRequest['values'],
  options: IndexRequest['options'] = {},
): IndexAnswer {
  return gb5749.compute({ edition: 'GB 5749-2022', values, options })
}

describe('limits', () => {
  test.each([
    ['turbidity', '1', 'meets'],
    ['turbidity', '1.01', 'above'],
    ['ph', '6.5', 'meets'],
    ['ph', '6.49', 'below'],
    ['ph', '8.5', 'meets'],
    ['ph', '8.51', 'above'],
    ['codmn', '3', 'meets'],
    ['nh3n', '0.51', 'above'],
    ['mercury', '0.001', 'meets'],
    ['chlorite', '0.71', 'above'],
  ])('%s %s %s', (code, value, wanted) => {
    expect(compute({ [code]: value }).sub[code]).toBe(wanted)
  })

  test('one item beyond its limit is enough', () => {
    expect(compute({ turbidity: '0.4', ph: 7.2 })).toMatchObject({
      value: 'meets',
      level: 1,
      primary: [],
      details: { itemsBeyond: 0, beyond: [] },
    })
    expect(compute({ turbidity: '0.4', ph: 9, iron: 0.9, manganese: 0.15 })).toMatchObject({
      value: 'exceeds',
      level: 2,
      category: { zh: '超标' },
      primary: ['iron', 'manganese', 'ph'],
      details: {
        itemsBeyond: 3,
        beyond: [
          { item: 'iron', result: 'above', limit: '0.3', exceedMultiple: '2.00' },
          { item: 'manganese', result: 'above', limit: '0.1', exceedMultiple: '0.50' },
          { item: 'ph', result: 'above', limit: '8.5', exceedMultiple: null },
        ],
      },
    })
  })

  test('nothing measured gives no answer', () => {
    expect(compute({ turbidity: null })).toMatchObject({
      value: null,
      level: null,
      category: null,
      sub: { turbidity: null },
    })
  })
})

describe('disinfectants', () => {
  test.each([
    ['free_chlorine', '2', 'plant', 'meets'],
    ['free_chlorine', '2.01', 'plant', 'above'],
    ['free_chlorine', '0.3', 'plant', 'meets'],
    ['free_chlorine', '0.29', 'plant', 'below'],
    ['free_chlorine', '0.29', 'network', 'meets'],
    ['free_chlorine', '0.05', 'network', 'meets'],
    ['free_chlorine', '0.049', 'network', 'below'],
    ['residual_chlorine', '3', 'network', 'above'],
    ['total_chlorine', '0.49', 'plant', 'below'],
    ['total_chlorine', '3', 'plant', 'meets'],
    ['ozone', '0', 'plant', 'meets'],
    ['ozone', '0.01', 'network', 'below'],
    ['ozone_residual', '0.31', 'plant', 'above'],
    ['chlorine_dioxide', '0.09', 'plant', 'below'],
    ['chlorine_dioxide', '0.02', 'network', 'meets'],
  ])('%s %s at the %s: %s', (code, value, point, wanted) => {
    expect(compute({ [code]: value }, { point }).sub[code]).toBe(wanted)
  })

  test('a residual is required of the disinfectant in use', () => {
    const values = { free_chlorine: '0.1', total_chlorine: '0.6' }
    expect(compute(values, { point: 'plant' }).sub).toEqual({
      free_chlorine: 'meets',
      total_chlorine: 'meets',
    })
    expect(compute(values, { point: 'plant', disinfectant: 'free_chlorine' }).sub).toEqual({
      free_chlorine: 'below',
      total_chlorine: 'meets',
    })
    const low = { free_chlorine: '0.1', total_chlorine: '0.2' }
    expect(compute(low, { point: 'plant' }).details.itemsBeyond).toBe(2)
  })

  test('the end of the network is assumed, and said, when the point is not given', () => {
    const answer = compute({ free_chlorine: '0.2' })
    expect(answer).toMatchObject({ value: 'meets', details: { point: 'network' } })
    expect(answer.notes[0]?.en).toContain('point')
    expect(compute({ turbidity: '0.2' }).notes).toEqual([])
  })
})

test.each([
  [{ turbidty: 1 }, {}, 'values'],
  [{ turbidity: 1 }, { point: 'tap' }, 'options.point'],
  [{ turbidity: 1 }, { disinfectant: 'salt' }, 'options.disinfectant'],
  [{ turbidity: 1 }, { where: 'plant' }, 'options'],
])('%j %j is refused', (values, options, field) => {
  expect(() => compute(values as unknown as IndexRequest['values'], options)).toThrow(
    expect.objectContaining({ code: 'bad_request', field }),
  )
})

test('more of an item with an upper limit only never turns above into meets', () => {
  const upper = drinkingItems.filter(({ min }) => min === null).map(({ code }) => code)
  const amount = fc.nat(100_000).map((n) => n / 1_000)
  fc.assert(
    fc.property(fc.constantFrom(...upper), amount, amount, (code, a, b) => {
      const above = (value: number) => compute({ [code]: value }).sub[code] === 'above'
      if (above(Math.min(a, b))) expect(above(Math.max(a, b))).toBe(true)
    }),
  )
})

describe('values below a detection limit', () => {
  test('half of it takes part and is named', () => {
    expect(compute({ arsenic: '<0.004', lead: '0.03L' })).toMatchObject({
      value: 'exceeds',
      sub: { arsenic: 'meets', lead: 'above' },
      details: {
        belowDetection: [
          { key: 'arsenic', detectionLimit: '0.004', used: '0.002' },
          { key: 'lead', detectionLimit: '0.03', used: '0.015' },
        ],
      },
    })
  })
  test.each(['ph', 'free_chlorine'])('of %s there is none', (name) => {
    expect(() => compute({ [name]: '<0.05' })).toThrow(`values.${name}`)
  })
})
