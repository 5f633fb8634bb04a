/**
 * GB 5749-2022, drinking water: which of the given values are beyond their limits, and how far. Covers what
 * instruments measure, not all 97 indicators: "meets" says only that nothing given is beyond a limit.
 */

import type { BothLanguages } from '../../text.ts'
import { compare, type Decimal, exactly, halfEven, minus, over, toText } from '../decimal.ts'
import type { IndexAnswer, IndexDefinition, IndexRequest } from '../definition.ts'
import {
  checkOptions,
  choiceOption,
  givenValues,
  halvedLimits,
  isMeasured,
  type Sample,
} from '../given.ts'
import { disinfectants, drinkingItems, type SupplyPoint, supplyPoints } from './drinking-limits.ts'
import {
  drinkingCodes,
  drinkingEditions,
  drinkingIndicators,
  drinkingNotes,
  drinkingTables,
} from './drinking-reference.ts'

const options: Readonly<Record<string, BothLanguages>> = {
  point: {
    en: 'plant (water that leaves it) or network (its end; unless given): which residual of disinfectant must be left.',
    zh: 'plant（出厂水）或 network（管网末梢水，默认）：决定消毒剂余量要求。',
  },
  disinfectant: {
    en: `The one in use, one of ${disinfectants.map(({ code }) => code).join(', ')}: only its residual is required. Unless given, one of those measured must reach its residual.`,
    zh: '所用消毒剂，只要求其余量达标；未给出时，所测消毒剂中有一种余量达标即可。',
  },
}

interface Limits {
  min: string | null
  max: string
}

const tested: ReadonlyMap<string, Limits> = new Map(drinkingItems.map((one) => [one.code, one]))

interface Verdict {
  key: string
  code: string
  value: Decimal
  limits: Limits
  result: 'meets' | 'above' | 'below'
}

function judge(given: Sample, limits: Limits): Verdict {
  const { value } = given
  const above = compare(value, exactly(limits.max)) > 0
  const below = limits.min !== null && compare(value, exactly(limits.min)) < 0
  return { ...given, limits, result: above ? 'above' : below ? 'below' : 'meets' }
}

/** Residuals are a demand on the disinfectant in use; where that is not known, one of those measured must do. */
function judgeDisinfectants(
  all: readonly Sample[],
  point: SupplyPoint,
  inUse: string | undefined,
): readonly Verdict[] {
  const measured = all.flatMap((one) => {
    const table = disinfectants.find(({ code }) => code === one.code)
    if (table === undefined) return []
    const required = inUse === undefined || inUse === one.code
    return [judge(one, { min: required ? table.residual[point] : null, max: table.max })]
  })
  const enough = measured.some(({ limits, result }) => limits.min !== null && result !== 'below')
  return measured.map((one) =>
    enough && one.result === 'below' ? { ...one, result: 'meets' as const } : one,
  )
}

/** `(C − Cs) / Cs`; null where the value is too low, or pH. */
function multipleOf({ code, value, limits, result }: Verdict): Decimal | null {
  if (result !== 'above' || code === 'ph') return null
  const limit = exactly(limits.max)
  return over(minus(value, limit), limit)
}

function reported(verdict: Verdict): Readonly<Record<string, string | null>> {
  const { key, result, limits } = verdict
  const multiple = multipleOf(verdict)
  return {
    item: key,
    result,
    limit: result === 'below' ? limits.min : limits.max,
    exceedMultiple: multiple === null ? null : toText(halfEven(multiple, 2), 2),
  }
}

/** Largest multiple first; those without one after them. */
function worseFirst(a: Verdict, b: Verdict): number {
  const [left, right] = [multipleOf(a), multipleOf(b)]
  if (left === null || right === null) return Number(left === null) - Number(right === null)
  return compare(right, left)
}

const categories = {
  meets: { en: 'Meets the limits given here', zh: '所测项目达标' },
  exceeds: { en: 'Beyond a limit', zh: '超标' },
} as const

/** Concentrations, which a laboratory may report as below its detection limit; residuals must be there. */
const detectable: ReadonlySet<string> = new Set(
  [...drinkingCodes]
    .filter(([, code]) => code !== 'ph' && tested.get(code)?.min === null)
    .map(([name]) => name),
)

function compute({ edition, values: sent, options: given }: IndexRequest): IndexAnswer {
  checkOptions(given, Object.keys(options))
  const named = choiceOption(given, 'point', supplyPoints)
  const point = named ?? 'network'
  const codes = disinfectants.map(({ code }) => code)
  const { values, below } = halvedLimits(sent, detectable)
  const all = givenValues(values, drinkingCodes)
  const measured = all.filter(isMeasured)
  const verdicts = [
    ...measured.flatMap((one) => {
      const limits = tested.get(one.code)
      return limits === undefined ? [] : [judge(one, limits)]
    }),
    ...judgeDisinfectants(measured, point, choiceOption(given, 'disinfectant', codes)),
  ]
  const results = new Map(verdicts.map(({ key, result }) => [key, result]))
  const beyond = verdicts.filter(({ result }) => result !== 'meets').sort(worseFirst)
  const value = verdicts.length === 0 ? null : beyond.length === 0 ? 'meets' : 'exceeds'
  const assumed = named === undefined && all.some(({ code }) => codes.includes(code))
  return {
    index: 'gb5749',
    edition,
    value,
    sub: Object.fromEntries(all.map(({ key }) => [key, results.get(key) ?? null])),
    primary: beyond.map(({ key }) => key),
    category: value === null ? null : categories[value],
    colour: null,
    rgb: null,
    level: value === null ? null : value === 'meets' ? 1 : 2,
    details: {
      point,
      itemsBeyond: beyond.length,
      beyond: beyond.map(reported),
      ...(below.length === 0 ? {} : { belowDetection: below }),
    },
    notes: [
      ...(value === null ? [drinkingNotes.nothing] : []),
      ...(assumed ? [drinkingNotes.network] : []),
      ...(below.length > 0 ? [drinkingNotes.belowDetection] : []),
    ],
  }
}

export const gb5749: IndexDefinition = {
  name: 'gb5749',
  title: { en: 'Drinking water limits', zh: '生活饮用水卫生标准限值' },
  editions: drinkingEditions,
  indicators: () => drinkingIndicators,
  options,
  compute,
  tables: () => drinkingTables,
}
