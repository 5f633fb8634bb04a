/**
 * GB 3838-2002, environmental quality of surface water, with the method of 环办[2011]22号: class of each item and
 * of the section, its state, what is over the target class, and the main pollution indicators.
 *
 * The standard judges samples of a month or a year. Fed with online readings the answer is of that moment or day.
 */

import type { BothLanguages } from '../../text.ts'
import { compare, exactly, halfEven, minus, over, toText } from '../decimal.ts'
import type { IndexAnswer, IndexDefinition, IndexRequest } from '../definition.ts'
import {
  checkOptions,
  choiceOption,
  decimalOption,
  type Given,
  givenValues,
  isMeasured,
} from '../given.ts'
import {
  classOf,
  exceedMultiples,
  isSaturated,
  type Judged,
  judge,
  mainIndicators,
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
}

/** What of the request is judged, and remarks on the rest. */
interface Section {
  judged: readonly Judged[]
  sub: Readonly<Record<string, string | null>>
  sourceItems: Readonly<Record<string, unknown>>
  notes: readonly BothLanguages[]
}

function phosphorusOf(code: string, waterBody: string): string {
  return code === 'tp' ? `tp_${waterBody}` : code
}

function readSection({ values, options: given }: IndexRequest): Section {
  const waterBody = choiceOption(given, 'waterBody', ['river', 'lake'])
  const all = givenValues(values, surfaceCodes)
  const codes = new Set(all.map(({ code }) => phosphorusOf(code, waterBody ?? 'river')))
  const notes: BothLanguages[] = []
  if (all.some(({ code }) => code === 'tp') && waterBody === undefined)
    notes.push(surfaceNotes.river)
  if (codes.has('tp_river') && codes.has('tp_lake')) notes.push(surfaceNotes.bothPhosphorus)
  if (codes.has('water_temperature')) notes.push(surfaceNotes.temperature)
  if (codes.has('tn') || codes.has('fcoli_per_l')) notes.push(surfaceNotes.listedOnly)

  const saturation = all.find(({ code }) => code === 'oxygen_saturation')?.value
  const percent = saturation ?? decimalOption(given, 'saturation') ?? null
  const classI = percent !== null && isSaturated(percent)
  const judged = all
    .filter(isMeasured)
    .filter(({ code }) => !sources.has(code) && !aside.has(code))
    .map((one) => judge({ ...one, code: phosphorusOf(one.code, waterBody ?? 'river') }))
    .map((one) => (one.code === 'do' && classI ? { ...one, grade: 1 } : one))
  const grades = new Map(judged.map(({ key, grade }) => [key, classOf(grade)]))
  const extra = judgeSources(all)
  return {
    judged,
    sub: Object.fromEntries(
      all.map(({ key }) => [key, grades.get(key) ?? extra[key]?.result ?? null]),
    ),
    sourceItems: extra,
    notes,
  }
}

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
        exceedMultiple: beyond ? toText(halfEven(over(minus(value, limit), limit), 2), 2) : null,
      }
      return [[key, result] as const]
    }),
  )
}

function compute(request: IndexRequest): IndexAnswer {
  checkOptions(request.options, Object.keys(options))
  const target = choiceOption(request.options, 'target', targets)
  const { judged, sub, sourceItems: ofSources, notes } = readSection(request)
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
