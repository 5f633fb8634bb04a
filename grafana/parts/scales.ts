/**
 * Palettes that the standards themselves give: air quality (HJ 633) and classes of surface water (GB 3838). Both are
 * made from the tables in `domain/standards/`, and neither is ever mixed with alert levels in one panel.
 */

import type { Threshold, ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import { MappingType } from '@grafana/grafana-foundation-sdk/dashboard'
import {
  breakpoints,
  cnEditions,
  cnLevels,
  iaqiNodes,
} from '../../domain/standards/air/cn-tables.ts'
import { surfaceClasses } from '../../domain/standards/water/surface-class.ts'
import { type SurfaceItem, surfaceItems } from '../../domain/standards/water/surface-limits.ts'
import { sectionStates } from '../../domain/standards/water/surface-reference.ts'
import { levelColours, normalColour } from './levels.ts'

function hex(rgb: readonly [number, number, number]): string {
  return `#${rgb
    .map((part) => part.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase()}`
}

const aqiColours: readonly string[] = cnLevels.map(({ rgb }) => hex(rgb))

function aqiColour(level: number): string {
  return aqiColours[level] ?? aqiColours.at(-1) ?? ''
}

/** The index is a whole number, so a level begins one above the last. */
export const aqiSteps: readonly Threshold[] = cnLevels.map((_, level) => {
  const before = cnLevels[level - 1]?.upTo
  return { value: before == null ? null : before + 1, color: aqiColour(level) }
})

/** The edition whose columns the boards draw: the newest. Each index on a board names its own. */
export const drawnEdition = cnEditions[cnEditions.length - 1] ?? cnEditions[0]

/** Concentrations (of `pm25_1h` and so on) at which each level of the index is left behind. */
export function concentrationSteps(indicator: string): Threshold[] {
  const nodes = breakpoints[drawnEdition.id][indicator] ?? []
  return cnLevels.flatMap((_, level) => {
    const value = level === 0 ? null : nodeAt(nodes, cnLevels[level - 1]?.upTo)
    return value === undefined ? [] : [{ value, color: aqiColour(level) }]
  })
}

/** The concentration at which the index is 100, the end of "good". */
export function limitOf(indicator: string): number {
  const limit = nodeAt(breakpoints[drawnEdition.id][indicator] ?? [], cnLevels[1]?.upTo)
  if (limit === undefined) throw new Error(`${drawnEdition.id} has no column ${indicator}.`)
  return limit
}

const indexNodes: readonly number[] = iaqiNodes

function nodeAt(nodes: readonly number[], index: number | null | undefined): number | undefined {
  return index == null ? undefined : nodes[indexNodes.indexOf(index)]
}

/** The colours that 环办[2011]22号 table 1 names; its blue, yellow, orange and red are ours, its green is "normal". */
const named: Readonly<Record<string, string>> = { ...levelColours, green: normalColour }

function classColour(grade: number): string {
  return named[sectionStates[grade - 1]?.colour ?? ''] ?? normalColour
}

const grades = surfaceClasses.map((_, i) => i + 1)

/** Of a class as a number, 1 (I) to 6 (worse than V). */
export const classSteps: readonly Threshold[] = grades.map((grade) => ({
  value: grade === 1 ? null : grade,
  color: classColour(grade),
}))

export const classWords: readonly ValueMapping[] = [
  {
    type: MappingType.ValueToText,
    options: Object.fromEntries(
      grades.map((grade) => [
        String(grade),
        { text: className(grade), color: classColour(grade), index: grade },
      ]),
    ),
  },
]

function className(grade: number): string {
  return grade === grades.length ? '劣V >V' : (surfaceClasses[grade - 1] ?? '')
}

function itemOf(code: string): SurfaceItem {
  const item = surfaceItems.find((one) => one.code === code)
  if (item === undefined) throw new Error(`GB 3838 has no item ${code}.`)
  return item
}

/** Values at which the class of an item changes, for the worse upwards or, where much is good, for the better. */
export function itemSteps(code: string): Threshold[] {
  const { limits, bound } = itemOf(code)
  const numbers = limits.map(Number)
  if (bound === 'at least') {
    return [
      { value: null, color: classColour(grades.length) },
      ...numbers.map((value, i) => ({ value, color: classColour(i + 1) })).reverse(),
    ]
  }
  return [
    { value: null, color: classColour(1) },
    ...numbers.map((value, i) => ({ value, color: classColour(i + 2) })),
  ].filter(({ value }, i, all) => value !== all[i + 1]?.value)
}

/** Limit of class III, the yardstick of most sections. */
export function classIII(code: string): number {
  return Number(itemOf(code).limits[2])
}
