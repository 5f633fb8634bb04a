/** What all panels have in common: words, place, queries, unit; and how it is put on a builder of the SDK. */

import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import type {
  DashboardLink,
  DataTransformerConfig,
  DynamicConfigValue,
  GridPos,
  Panel,
  Threshold,
  ThresholdsConfig,
  ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard'
import {
  FieldColorBuilder,
  FieldColorModeId,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { type Ask, dataSource, target } from '../influxql.ts'
import { unknownColour } from '../levels.ts'
import { both } from '../text.ts'

/** Column, row, width and height in the grid of 24 columns; a row is 38 pixels high. */
export type At = readonly [x: number, y: number, w: number, h: number]

/** Changes to the fields of this name. */
export interface Override {
  field: string
  set: Readonly<Record<string, unknown>>
}

export interface PanelPlan {
  /** In both languages. */
  title: string
  /** What it shows, from what, and what to know before acting on it; in both languages. */
  about: string
  at: At
  ask: readonly Ask[]
  /** Looks back so far, whatever the range of the board: for what is meant to be now. */
  window?: string
  /** Leaves "Last 3h" out of the title where there is no room for it. */
  hideWindow?: boolean
  /** Least width of a window of time. */
  every?: string
  unit?: string
  decimals?: number
  links?: readonly Builder<DashboardLink>[]
  transform?: readonly DataTransformerConfig[]
  overrides?: readonly Override[]
}

/** The part of the SDK's panel builders that is the same in each. */
interface AnyPanel {
  title(title: string): unknown
  description(text: string): unknown
  gridPos(at: GridPos): unknown
  datasource(of: typeof dataSource): unknown
  withTarget(query: Builder<Dataquery>): unknown
  timeFrom(window: string): unknown
  hideTimeOverride(hide: boolean): unknown
  interval(every: string): unknown
  unit(unit: string): unknown
  decimals(places: number): unknown
  noValue(text: string): unknown
  links(links: Builder<DashboardLink>[]): unknown
  withTransformation(one: DataTransformerConfig): unknown
  overrideByName(name: string, properties: DynamicConfigValue[]): unknown
  thresholds(steps: Builder<ThresholdsConfig>): unknown
  mappings(words: ValueMapping[]): unknown
  colorScheme(colour: FieldColorBuilder): unknown
}

export function framed<Made extends AnyPanel & Builder<Panel>>(panel: Made, plan: PanelPlan): Made {
  const [x, y, w, h] = plan.at
  panel.title(plan.title)
  panel.description(plan.about)
  panel.gridPos({ x, y, w, h })
  panel.datasource(dataSource)
  panel.noValue(both('无数据', 'No data'))
  plan.ask.forEach((ask, i) => {
    panel.withTarget(target(ask, String.fromCharCode(65 + i)))
  })
  if (plan.window !== undefined) panel.timeFrom(plan.window)
  if (plan.hideWindow === true) panel.hideTimeOverride(true)
  if (plan.every !== undefined) panel.interval(plan.every)
  if (plan.unit !== undefined) panel.unit(plan.unit)
  if (plan.decimals !== undefined) panel.decimals(plan.decimals)
  if (plan.links !== undefined) panel.links([...plan.links])
  for (const one of plan.transform ?? []) panel.withTransformation(one)
  for (const { field, set } of plan.overrides ?? []) panel.overrideByName(field, properties(set))
  return panel
}

/** How a number becomes a colour and, where a word says more, a word. */
export interface Scale {
  steps: readonly Threshold[]
  words?: readonly ValueMapping[]
}

/** Colours every field of the panel by its value. */
export function scaled<Made extends AnyPanel>(panel: Made, { steps, words = [] }: Scale): Made {
  panel.thresholds(stepsBuilder(steps))
  panel.mappings([...words])
  panel.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
  return panel
}

/** Colours by words alone: where every value has one. */
export function worded<Made extends AnyPanel>(panel: Made, words: readonly ValueMapping[]): Made {
  panel.mappings([...words])
  panel.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor(unknownColour))
  return panel
}

export function stepsBuilder(steps: readonly Threshold[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([...steps])
}

/** The same for one field, as the values of an override. */
export function scaleOf({ steps, words = [] }: Scale): Record<string, unknown> {
  return {
    thresholds: { mode: ThresholdsMode.Absolute, steps },
    mappings: words,
    color: { mode: FieldColorModeId.Thresholds },
  }
}

export function fixedColour(colour: string): Record<string, unknown> {
  return { color: { mode: FieldColorModeId.Fixed, fixedColor: colour } }
}

export function properties(set: Readonly<Record<string, unknown>>): DynamicConfigValue[] {
  return Object.entries(set).map(([id, value]) => ({ id, value }))
}
