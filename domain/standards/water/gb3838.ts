/**
 * GB 3838-2002, environmental quality of surface water, with the method of 环办[2011]22号: class of each item and
 * of the section, its state, what is over the target class, and the main pollution indicators.
 *
 * The standard judges samples of a month or a year. Fed with online readings the answer is of that moment or day.
 */

import type { BothLanguages } from '../../text.ts'
import { compare, exactly, minus, over } from '../decimal.ts'
import type { IndexAnswer, IndexDefinition, IndexRequest } from '../definition.ts'
import {
  checkOptions,
  choiceOption,
  type BelowDetection,
  decimalOption,
  type Given,
  givenValues,
  halvedLimits,
  isMeasured,
} from '../given.ts'
import {
  classOf,
  comparisons,
  exceedMultiples,
  isSaturated,
  type Judged,
  judge,
  mainIndicators,
  multipleText,
  sectionGrade,
  surfaceClasses,
} from './surface-class.ts'
import { sourceItems } from './surface-limits.ts'
import {
  sectionStates,
  surfaceCodes,
  surfaceEditions,
  surfaceIndicators,
  surfaceNotes,
  surfaceTables,
} from './surface-reference.ts'

const targets = surfaceClasses.slice(0, 5)
const sources = new Map(sourceItems.map(({ code, limit }) => [code, exactly(limit)]))

const options: Readonly<Record<string, BothLanguages>> = {
  target: {
    en: `Target class of the section, one of ${targets.join(', ')}. Multiples are over its limits; without it over class III.`,
    zh: `断面目标类别（${targets.join('、')}）；超标倍数按目标类别计算，未给出时按Ⅲ类计算。`,
  },
  waterBody: {
    en: 'river (unless given) or lake (also reservoirs): which limits of total phosphorus apply to the value tp.',
    zh: 'river（河流，默认）或 lake（湖库）：决定 tp（总磷）采用的限值。',
  },
  saturation: {
    en: 'Oxygen saturation in per cent; from 90 dissolved oxygen is class I. Same as the value oxygen_saturation.',
    zh: '溶解氧饱和率（%），达到90时溶解氧为Ⅰ类；与数值 oxygen_saturation 相同。',
  },
  comparison: {
    en: 'full (unless given): values are compared as they are. rounded: first rounded to the decimals of the limit they are compared with, half to even, pH excepted. GB/T 8170-2008 4.3.2 and 4.3.3; a standard that does not say which, as GB 3838, means the first.',
    zh: 'full（默认）：全数值比较法（GB/T 8170-2008 4.3.2）；rounded：修约值比较法（4.3.3），数值先按限值的小数位数修约（四舍六入五成双），pH除外。标准未指明时（如GB 3838）采用全数值比较法。',
  },
}

/** What of the request is judged, and remarks on the rest. */
interface Section {
  judged: readonly Judged[]
  sub: Readonly<Record<string, string | null>>
  sourceItems: Readonly<Record<string, unknown>>
  below: readonly BelowDetection[]
  notes: readonly BothLanguages[]
}

function phosphorusOf(code: string, waterBody: string): string {
  return code === 'tp' ? `tp_${waterBody}` : code
}

function readSection({ values: sent, options: given }: IndexRequest): Section {
  const waterBody = choiceOption(given, 'waterBody', ['river', 'lake'])
  const comparison = choiceOption(given, 'comparison', comparisons) ?? 'full'
  const { values, below } = halvedLimits(sent, detectable)
  const all = givenValues(values, surfaceCodes)
  const codes = new Set(all.map(({ code }) => phosphorusOf(code, waterBody ?? 'river')))
  const notes: BothLanguages[] = []
  if (all.some(({ code }) => code === 'tp') && waterBody === undefined)
    notes.push(surfaceNotes.river)
  if (codes.has('tp_river') && codes.has('tp_lake')) notes.push(surfaceNotes.bothPhosphorus)
  if (codes.has('water_temperature')) notes.push(surfaceNotes.temperature)
  if (codes.has('tn') || codes.has('fcoli_per_l')) notes.push(surfaceNotes.listedOnly)
  if (below.length > 0) notes.push(surfaceNotes.belowDetection)

  const saturation = all.find(({ code }) => code === 'oxygen_saturation')?.value
  const percent = saturation ?? decimalOption(given, 'saturation') ?? null
  const classI = percent !== null && isSaturated(percent)
  const judged = all
    .filter(isMeasured)
    .filter(({ code }) => !sources.has(code) && !aside.has(code))
    .map((one) => judge({ ...one, code: phosphorusOf(one.code, waterBody ?? 'river') }, comparison))
    .map((one) => (one.code === 'do' && classI ? { ...one, grade: 1 } : one))
  const grades = new Map(judged.map(({ key, grade }) => [key, classOf(grade)]))
  const extra = judgeSources(all)
  return {
    judged,
    sub: Object.fromEntries(
      all.map(({ key }) => [key, grades.get(key) ?? extra[key]?.result ?? null]),
    ),
    sourceItems: extra,
    below,
    notes,
  }
}

/** Names of concentrations, which a laboratory may report as below its detection limit. */
const detectable: ReadonlySet<string> = new Set(
  [...surfaceCodes]
    .filter(([, code]) => !['ph', 'do', 'oxygen_saturation', 'water_temperature'].includes(code))
    .map(([name]) => name),
)

/** Understood, but without a class of their own. */
const aside: ReadonlySet<string> = new Set(['water_temperature', 'oxygen_saturation'])

interface SourceResult {
  result: 'meets' | 'exceeds'
  limit: string
  exceedMultiple: string | null
}

/** Table 2. */
function judgeSources(all: readonly Given[]): Readonly<Record<string, SourceResult>> {
  return Object.fromEntries(
    all.filter(isMeasured).flatMap(({ key, code, value }) => {
      const limit = sources.get(code)
      if (limit === undefined) return []
      const beyond = compare(value, limit) > 0
      const result: SourceResult = {
        result: beyond ? 'exceeds' : 'meets',
        limit: sourceItems.find((item) => item.code === code)?.limit ?? '',
        exceedMultiple: beyond ? multipleText(over(minus(value, limit), limit)) : null,
      }
      return [[key, result] as const]
    }),
  )
}

function compute(request: IndexRequest): IndexAnswer {
  checkOptions(request.options, Object.keys(options))
  const target = choiceOption(request.options, 'target', targets)
  const { judged, sub, sourceItems: ofSources, below, notes } = readSection(request)
  const grade = sectionGrade(judged)
  const limitGrade = surfaceClasses.indexOf(target ?? 'III') + 1
  const state = grade === null ? null : (sectionStates[grade - 1] ?? null)
  return {
    index: 'gb3838',
    edition: request.edition,
    value: grade === null ? null : classOf(grade),
    sub,
    primary: mainIndicators(judged),
    category: state?.name ?? null,
    colour: state?.colour ?? null,
    rgb: null,
    level: grade,
    details: {
      target: target ?? null,
      meetsTarget: target === undefined || grade === null ? null : grade <= limitGrade,
      exceedMultiple: exceedMultiples(judged, limitGrade),
      ...(below.length === 0 ? {} : { belowDetection: below }),
      ...(Object.keys(ofSources).length === 0 ? {} : { sourceItems: ofSources }),
    },
    notes: grade === null ? [surfaceNotes.nothing, ...notes] : notes,
  }
}

export const gb3838: IndexDefinition = {
  name: 'gb3838',
  title: { en: 'Surface water quality class', zh: '地表水水质类别' },
  editions: surfaceEditions,
  indicators: () => surfaceIndicators,
  options,
  compute,
  tables: () => surfaceTables,
}
