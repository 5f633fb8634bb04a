/** GB 3838-2002: every shared case, the traps of the text, and what must hold for any section. */

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Fault } from '../../../../domain/errors.ts'
import type { IndexAnswer, IndexRequest } from '../../../../domain/standards/definition.ts'
import { gb3838 } from '../../../../domain/standards/water/gb3838.ts'
import { surfaceItems } from '../../../../domain/standards/water/surface-limits.ts'

interface Single {
  id: string
  kind: 'single'
  indicator: string
  value: string
  expect: string
}
interface Section {
  id: string
  kind: 'section'
  input: Record<string, string>
  target: string
  expect: {
    classes: Record<string, string>
    class: string
    state: string
    meets_target: boolean
    exceed_multiple: Record<string, string | null>
  }
}
const cases: { limits: Record<string, string[]>; vectors: (Single | Section)[] } = JSON.parse(
  readFileSync('test/cases/standards/gb3838.json', 'utf8'),
)

function compute(
  values: IndexRequest['values'],
  options: IndexRequest['options'] = {},
): IndexAnswer {
  return gb3838.compute({ edition: 'GB 3838-2002', values, options })
}

describe('the table', () => {
  test.each(Object.entries(cases.limits))(
    'limits of %s are those of the standard',
    (code, limits) => {
      expect(surfaceItems.find((item) => item.code === code)?.limits).toEqual(limits)
    },
  )
})

describe('shared cases', () => {
  const singles = cases.vectors.filter((one) => one.kind === 'single')
  test.each(singles)(
    '$id: $indicator $value is $expect',
    ({ indicator, value, expect: wanted }) => {
      expect(compute({ [indicator]: value }).sub).toEqual({ [indicator]: wanted })
    },
  )

  const sections = cases.vectors.filter((one) => one.kind === 'section')
  test.each(sections)('$id', ({ input, target, expect: wanted }) => {
    const answer = compute(input, { target })
    expect(answer.sub).toEqual(wanted.classes)
    expect(answer.value).toBe(wanted.class)
    expect(answer.category?.zh).toBe(wanted.state)
    expect(answer.details).toMatchObject({
      target,
      meetsTarget: wanted.meets_target,
      exceedMultiple: wanted.exceed_multiple,
    })
  })
})

describe('values below a detection limit', () => {
  test.each(['0.05L', '<0.05', '＜ 0.05', '0.05 l'])(
    'half of %s takes part and is named',
    (given) => {
      const answer = compute({ nh3n: given, petroleum: '0.04' })
      expect(answer).toMatchObject({
        value: 'I',
        details: { belowDetection: [{ key: 'nh3n', detectionLimit: '0.05', used: '0.025' }] },
      })
      expect(answer.notes.some(({ en }) => en.includes('detection limit'))).toBe(true)
    },
  )
  test('a limit that is too coarse for class I says what it says', () => {
    expect(compute({ phenol: '0.008L' })).toMatchObject({ value: 'III', sub: { phenol: 'III' } })
  })
  test.each([
    [{ ph: '<7' }, 'values.ph'],
    [{ do: '0.5L' }, 'values.do'],
    [{ nh3n: '<0.1.2' }, 'values.nh3n'],
    [{ nh3n: 'L' }, 'values.nh3n'],
  ])('%j is refused', (values, field) => {
    expect(() => compute(values)).toThrow(field)
  })
})

describe('comparison with a limit', () => {
  test('as the value is, unless rounding to the decimals of the limit is asked for', () => {
    const values = { nh3n: '1.04', tp_river: '0.2049', ph: '9.2' }
    expect(compute(values).sub).toEqual({ nh3n: 'IV', tp_river: 'IV', ph: 'V+' })
    const rounded = compute(values, { comparison: 'rounded' })
    expect(rounded.sub).toEqual({ nh3n: 'III', tp_river: 'III', ph: 'V+' })
    // Half to even: 0.155 and 0.145 are 0.16 and 0.14 of two decimals, 1.05 is 1.0 of one.
    const halves = compute({ nh3n: '1.05' }, { comparison: 'rounded' })
    expect(halves.sub).toEqual({ nh3n: 'III' })
  })
  test('a multiple that two decimals would hide is told', () => {
    expect(compute({ nh3n: '1.003' }).details.exceedMultiple).toEqual({ nh3n: '0.003' })
  })
})

describe('classes', () => {
  test.each([
    ['ph', '6', 'I'],
    ['ph', '5.99', 'V+'],
    ['ph', '9.01', 'V+'],
    ['do', '6', 'II'],
    ['do', '5.99', 'III'],
    ['tp_river', '0.02', 'I'],
    ['tp_lake', '0.2', 'V'],
    ['tp_lake', '0.025', 'II'],
    ['hg', '5e-5', 'I'],
    ['hg', '0.0000500001', 'III'],
    ['cod', 15, 'I'],
    ['fcoli_per_l', '40001', 'V+'],
    ['nh3n', '-0.01', 'I'],
  ])('%s %s is %s', (code, value, wanted) => {
    expect(compute({ [code]: value }).sub[code]).toBe(wanted)
  })

  test('dissolved oxygen is class I from 90 % of saturation, below only by its own limits', () => {
    expect(compute({ do: '6.2', oxygen_saturation: '90' }).value).toBe('I')
    expect(compute({ do: '6.2', oxygen_saturation: '89.9' }).value).toBe('II')
    expect(compute({ do: '6.2' }, { saturation: 95 }).value).toBe('I')
    expect(compute({ oxygen_saturation: '99' }).value).toBeNull()
  })

  test('total phosphorus is of a river or of a lake; said by the name or by waterBody', () => {
    expect(compute({ tp: '0.04' }, { waterBody: 'lake' }).value).toBe('III')
    expect(compute({ tp: '0.04' }, { waterBody: 'river' })).toMatchObject({
      value: 'II',
      notes: [],
    })
    const assumed = compute({ tp: '0.04' })
    expect(assumed.value).toBe('II')
    expect(assumed.notes[0]?.en).toContain('waterBody')
  })

  test('names of the catalogue mean the same and are answered as they came', () => {
    const answer = compute({ dissolved_oxygen: 4, copper: '0.5', faecal_coliform: 300 })
    expect(answer.sub).toEqual({ dissolved_oxygen: 'IV', copper: 'II', faecal_coliform: 'II' })
    expect(answer.primary).toEqual(['dissolved_oxygen'])
  })

  test('items that are only listed do not decide: nitrogen, coliform, temperature', () => {
    const answer = compute({ cod: 10, tn: 9, fcoli_per_l: 1e6, water_temperature: 31 })
    expect(answer).toMatchObject({ value: 'I', level: 1, primary: [] })
    expect(answer.sub).toEqual({ cod: 'I', tn: 'V+', fcoli_per_l: 'V+', water_temperature: null })
    expect(compute({ tn: 9 })).toMatchObject({ value: null, level: null, category: null })
  })

  test('a missing value is listed and decides nothing', () => {
    expect(compute({ cod: null, ph: 7 })).toMatchObject({ value: 'I', sub: { cod: null, ph: 'I' } })
    expect(compute({})).toMatchObject({ value: null, level: null, sub: {}, primary: [] })
  })
})

describe('what is over the limits', () => {
  test('multiples have two decimals, a half goes to the even digit', () => {
    const multiple = (value: string) =>
      compute({ cod: value }, { target: 'III' }).details.exceedMultiple
    expect(multiple('20.1')).toEqual({ cod: '0.005' })
    expect(multiple('20.3')).toEqual({ cod: '0.02' })
    expect(multiple('22.5')).toEqual({ cod: '0.12' })
  })

  test('without a target multiples are over class III and meeting it is left open', () => {
    const answer = compute({ cod: 30, tn: 7, ph: 10 })
    expect(answer.details).toMatchObject({
      target: null,
      meetsTarget: null,
      exceedMultiple: { cod: '0.50', ph: null },
    })
  })

  test('main indicators: worst class first, then the largest multiple, three at most', () => {
    const answer = compute({ do: 1, codmn: 16, nh3n: 6, tp_river: 0.9, cod: 25, bod5: 3 })
    expect(answer.primary).toEqual(['nh3n', 'tp_river', 'codmn'])
    expect(compute({ do: 1, cod: 25 }).primary).toEqual(['do', 'cod'])
    expect(compute({ cod: 20, nh3n: 0.9 }).primary).toEqual([])
  })

  test('items of drinking-water sources are reported beside the class', () => {
    const answer = compute({ cod: 10, sulphate: 250, iron: '0.45' })
    expect(answer.value).toBe('I')
    expect(answer.sub).toEqual({ cod: 'I', sulphate: 'meets', iron: 'exceeds' })
    expect(answer.details.sourceItems).toEqual({
      sulphate: { result: 'meets', limit: '250', exceedMultiple: null },
      iron: { result: 'exceeds', limit: '0.3', exceedMultiple: '0.50' },
    })
  })

  test('state and colour follow the class', () => {
    const of = (cod: number) => {
      const { category, colour, level } = compute({ cod })
      return [category?.en, colour, level]
    }
    expect(of(15)).toEqual(['Excellent', 'blue', 1])
    expect(of(20)).toEqual(['Good', 'green', 3])
    expect(of(30)).toEqual(['Slightly polluted', 'yellow', 4])
    expect(of(40)).toEqual(['Moderately polluted', 'orange', 5])
    expect(of(41)).toEqual(['Heavily polluted', 'red', 6])
  })
})

describe('bad requests name the field', () => {
  test.each([
    [{ codd: 1 }, {}, 'values', /"codd".*codmn/],
    [{ __proto__x: 1 }, {}, 'values', /not known/],
    [{ cod: 'much' }, {}, 'values.cod', /decimal number/],
    [{ cod: Number.NaN }, {}, 'values.cod', /decimal number/],
    [{ cod: [1, 2] }, {}, 'values.cod', /decimal number/],
    [{ do: 1, dissolved_oxygen: 2 }, {}, 'values.dissolved_oxygen', /same as do/],
    [{ cod: 1 }, { target: 'VI' }, 'options.target', /I, II, III, IV, V/],
    [{ tp: 1 }, { waterBody: 'sea' }, 'options.waterBody', /river, lake/],
    [{ cod: 1 }, { targt: 'III' }, 'options', /"targt".*target/],
    [{ do: 1 }, { saturation: 'high' }, 'options.saturation', /decimal number/],
  ])('%j %j', (values, options, field, message) => {
    try {
      compute(values as unknown as IndexRequest['values'], options)
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(Fault)
      expect(error).toMatchObject({ code: 'bad_request', field })
      expect((error as Fault).message).toMatch(message)
    }
  })
})

const classes = ['I', 'II', 'III', 'IV', 'V', 'V+']
const amount = fc.nat(1_000_000).map((n) => String(n / 10_000))
const anyItem = fc.constantFrom(...surfaceItems)

describe('for any values', () => {
  test('the class never improves with more of a pollutant, nor gets worse with more oxygen', () => {
    fc.assert(
      fc.property(anyItem, amount, amount, ({ code, bound }, a, b) => {
        const [less, more] = Number(a) <= Number(b) ? [a, b] : [b, a]
        const grade = (value: string) =>
          classes.indexOf(String(compute({ [code]: value }).sub[code]))
        const change = grade(more) - grade(less)
        expect(bound === 'at most' ? change : -change).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  test('each limit belongs to its class, and the next value over it does not', () => {
    fc.assert(
      fc.property(anyItem, fc.nat(4), ({ code, limits, bound }, i) => {
        const at = classes.indexOf(String(compute({ [code]: limits[i]! }).sub[code]))
        const step = bound === 'at most' ? 1e-7 : -1e-7
        const past = (Number(limits[i]) + step).toFixed(7)
        const beyond = classes.indexOf(String(compute({ [code]: past }).sub[code]))
        expect(at).toBeLessThanOrEqual(i)
        expect(beyond).toBeGreaterThan(i)
      }),
    )
  })

  test('the section is as bad as its worst item that takes part', () => {
    const deciding = surfaceItems.filter(({ decides }) => decides).map(({ code }) => code)
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...deciding, 'tn', 'ph'), amount), (values) => {
        const { sub, value } = compute(values)
        const grades = Object.entries(sub)
          .filter(([code]) => code !== 'tn')
          .map(([, name]) => classes.indexOf(String(name)))
        expect(value).toBe(grades.length === 0 ? null : classes[Math.max(...grades)])
      }),
    )
  })
})
