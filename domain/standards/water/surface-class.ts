/**
 * Judges surface water by GB 3838-2002: the class of one value, of a section (5.1: the worst item decides), how
 * far a value is over a limit, and which items are to blame. Classes are grades 1 (I) to 6 (worse than V).
 */

import { compare, type Decimal, exactly, halfEven, minus, over, toText } from '../decimal.ts'
import type { Sample } from '../given.ts'
import { phRange, type SurfaceItem, saturationOfClassI, surfaceItems } from './surface-limits.ts'

/** By grade; `V+` is 劣V. */
export const surfaceClasses = ['I', 'II', 'III', 'IV', 'V', 'V+'] as const
type SurfaceClass = (typeof surfaceClasses)[number]

/** Worse than class V. */
const worst = 6
/** Class III is the yardstick of main pollution indicators (环办[2011]22号, 二). */
const classIII = 3
const mainCount = 3

interface ExactItem {
  item: SurfaceItem
  limits: readonly Decimal[]
}

/**
 * How a value is compared with a limit (GB/T 8170-2008 4.3): as it is (4.3.2, which holds where a standard says nothing,
 * as GB 3838 does), or first rounded to the decimals of the limit (4.3.3).
 */
export const comparisons = ['full', 'rounded'] as const
export type Comparison = (typeof comparisons)[number]

function decimalsOf(limit: string): number {
  return limit.split('.')[1]?.length ?? 0
}

const items: ReadonlyMap<string, ExactItem> = new Map(
  surfaceItems.map((item) => [item.code, { item, limits: item.limits.map(exactly) }]),
)
const phMin = exactly(phRange.min)
const phMax = exactly(phRange.max)
const saturated = exactly(saturationOfClassI)

export interface Judged extends Sample {
  grade: number
  /** Takes part in the class of the section. */
  decides: boolean
}

export function classOf(grade: number): SurfaceClass {
  return surfaceClasses[grade - 1] ?? 'V+'
}

/** True from 90 % of saturation, which is as good as 7.5 mg/L (table 1, dissolved oxygen, class I). */
export function isSaturated(percent: Decimal): boolean {
  return compare(percent, saturated) >= 0
}

/** Equal limits of neighbouring classes give the better class. */
export function judge(sample: Sample, comparison: Comparison): Judged {
  const { code, value } = sample
  if (code === 'ph') {
    const inside = compare(value, phMin) >= 0 && compare(value, phMax) <= 0
    return { ...sample, grade: inside ? 1 : worst, decides: true }
  }
  const known = items.get(code)
  if (known === undefined) throw new Error(`GB 3838 has no class of ${code}.`)
  const { item, limits } = known
  const sign = item.bound === 'at least' ? -1 : 1
  const met = limits.findIndex((limit, i) => {
    const rounded =
      comparison === 'rounded' ? halfEven(value, decimalsOf(item.limits[i] ?? '')) : value
    return sign * compare(rounded, limit) <= 0
  })
  return { ...sample, grade: met === -1 ? worst : met + 1, decides: item.decides }
}

/** Grade of the worst item that takes part, or null when none does. */
export function sectionGrade(judged: readonly Judged[]): number | null {
  const grades = judged.filter(({ decides }) => decides).map(({ grade }) => grade)
  return grades.length === 0 ? null : Math.max(...grades)
}

/** `(C − Cs) / Cs` (5.1), or null for pH and dissolved oxygen, of which no multiple is reported. */
function multipleOver({ code, value }: Sample, grade: number): Decimal | null {
  const known = items.get(code)
  const limit = known?.item.bound === 'at most' ? known.limits[grade - 1] : undefined
  return limit === undefined ? null : over(minus(value, limit), limit)
}

/** To two decimals, or as many as show that it is above 0. */
export function multipleText(multiple: Decimal): string {
  let places = 2
  while (places < 8 && halfEven(multiple, places).num === 0n) places += 1
  return toText(halfEven(multiple, places), places)
}

/** Items over the limit of a class, by the names of the request, with the multiple to two decimals or null. */
export function exceedMultiples(
  judged: readonly Judged[],
  grade: number,
): Readonly<Record<string, string | null>> {
  const beyond = judged.filter((one) => one.decides && one.grade > grade)
  return Object.fromEntries(
    beyond.map((one) => {
      const multiple = multipleOver(one, grade)
      return [one.key, multiple === null ? null : multipleText(multiple)]
    }),
  )
}

/** Items over class III: worst class first, then the largest multiple over class III; three at most. */
export function mainIndicators(judged: readonly Judged[]): readonly string[] {
  return judged
    .filter(({ decides, grade }) => decides && grade > classIII)
    .map((one) => ({ ...one, multiple: multipleOver(one, classIII) }))
    .sort((a, b) => b.grade - a.grade || largerFirst(a.multiple, b.multiple))
    .slice(0, mainCount)
    .map(({ key }) => key)
}

/** Items without a multiple come last in their class. */
function largerFirst(a: Decimal | null, b: Decimal | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  return compare(b, a)
}
