/**
 * The one palette of alert levels. On every board a filled colour means a level and nothing else, and the word stands
 * beside it for those who cannot tell colours apart. The four levels are the national ones (IV blue … I red).
 */

import type { Threshold, ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import { MappingType } from '@grafana/grafana-foundation-sdk/dashboard'
import { type AlertLevel, alertLevels } from '../../domain/rule.ts'
import { seriesColours } from './series-colours.ts'
import { both } from './text.ts'

export const levelColours: Readonly<Record<AlertLevel, string>> = {
  blue: '#3274D9',
  yellow: '#FADE2A',
  orange: '#FF780A',
  red: '#E02F44',
}
/** Of a site that has gone silent: it is not known how it stands. */
export const unknownColour = '#8E8E8E'
export const normalColour = '#73BF69'
/** Of a range that needs no colour. */
export const noColour = 'transparent'

const names: Readonly<Record<AlertLevel, string>> = {
  blue: both('蓝', 'Blue'),
  yellow: both('黄', 'Yellow'),
  orange: both('橙', 'Orange'),
  red: both('红', 'Red'),
}

export function levelName(level: AlertLevel): string {
  return names[level]
}

/** 1 blue … 4 red, as `level_code` counts. */
export function levelCode(level: AlertLevel): number {
  return alertLevels.indexOf(level) + 1
}

/** `level_code`: −1 silent, 0 normal, 1 blue … 4 red. */
export const levelSteps: readonly Threshold[] = [
  { value: null, color: unknownColour },
  { value: 0, color: normalColour },
  ...alertLevels.map((level) => ({ value: levelCode(level), color: levelColours[level] })),
]

export const levelWords: readonly ValueMapping[] = [
  {
    type: MappingType.ValueToText,
    options: {
      '-1': { text: both('静默', 'Silent'), color: unknownColour, index: 0 },
      '0': { text: both('正常', 'Normal'), color: normalColour, index: 1 },
      ...Object.fromEntries(
        alertLevels.map((level) => [
          String(levelCode(level)),
          { text: names[level], color: levelColours[level], index: levelCode(level) + 1 },
        ]),
      ),
    },
  },
]

/** Bounds of a rule whose levels are plain numbers; below the lowest nothing is wrong. */
export function stepsFrom(bounds: Readonly<Partial<Record<AlertLevel, unknown>>>): Threshold[] {
  const steps: Threshold[] = [{ value: null, color: normalColour }]
  for (const level of alertLevels) {
    const bound = bounds[level]
    if (typeof bound === 'number') steps.push({ value: bound, color: levelColours[level] })
  }
  return steps
}

/** For what is no alert but no news either: grey from the bound on. */
export function unknownFrom(bound: number): Threshold[] {
  return [
    { value: null, color: normalColour },
    { value: bound, color: unknownColour },
  ]
}

/** For what someone should look at although no rule gives it a level. */
export function noticeFrom(bound: number): Threshold[] {
  return [
    { value: null, color: normalColour },
    { value: bound, color: seriesColours.second },
  ]
}

/** For one bound: normal below it, the level from it on. */
export function above(bound: number, level: AlertLevel): Threshold[] {
  return stepsFrom({ [level]: bound })
}

/** The other way round: worth a look up to the bound, normal from it on. */
export function noticeBelow(bound: number): Threshold[] {
  return [
    { value: null, color: seriesColours.second },
    { value: bound, color: normalColour },
  ]
}
