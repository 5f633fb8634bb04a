/**
 * Tables, sorted so that what needs someone stands on top. Columns are listed one by one: Grafana gets those of tags in
 * no order, and whatever is not listed stays out.
 */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  type TableCellBackgroundDisplayMode,
  TableCellDisplayMode,
  TableCellHeight,
  TableSortByFieldStateBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import type {
  DataTransformerConfig,
  Panel,
  ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table'
import { framed, type PanelPlan, properties, type Scale, scaleOf } from './frame.ts'

export interface Column {
  /** Of the query; tags by their name, time as `Time`. */
  field: string
  /** In both languages. */
  title: string
  width?: number
  unit?: string
  decimals?: number
  /** Fills the cell with the colour of its value. */
  scale?: Scale
  /** Words in place of codes, without a colour. */
  words?: readonly ValueMapping[]
  /** What stands where there is nothing, when that is no lack of data. */
  blank?: string
  /** Sentences break into lines. */
  wrap?: boolean
  /** Title and address of where a click leads. */
  link?: { title: string; url: string }
}

interface TablePlan extends PanelPlan {
  columns: readonly Column[]
  /** Fields of the query that no column shows. */
  hide?: readonly string[]
  /** Column title, worst first. */
  sort?: readonly { by: string; desc: boolean }[]
}

export function table(plan: TablePlan): Builder<Panel> {
  const panel = framed(new PanelBuilder(), {
    ...plan,
    transform: [...(plan.transform ?? []), arranged(plan.columns, plan.hide ?? [])],
  })
  panel.cellHeight(TableCellHeight.Sm).showHeader(true)
  panel.sortBy(
    (plan.sort ?? []).map(({ by, desc }) =>
      new TableSortByFieldStateBuilder().displayName(by).desc(desc),
    ),
  )
  for (const column of plan.columns) panel.overrideByName(column.title, settings(column))
  return panel
}

function arranged(columns: readonly Column[], hide: readonly string[]): DataTransformerConfig {
  return {
    id: 'organize',
    options: {
      indexByName: Object.fromEntries(columns.map(({ field }, i) => [field, i])),
      renameByName: Object.fromEntries(columns.map(({ field, title }) => [field, title])),
      excludeByName: Object.fromEntries(hide.map((field) => [field, true])),
    },
  }
}

/** On a phone a sentence keeps this, and the table is moved sideways. */
const sentenceWidth = 260

const basic = 'basic' as TableCellBackgroundDisplayMode.Basic

function settings({ width, unit, decimals, scale, words, blank, wrap, link }: Column) {
  return properties({
    ...(width === undefined ? {} : { 'custom.width': width }),
    ...(unit === undefined ? {} : { unit }),
    ...(decimals === undefined ? {} : { decimals }),
    ...(words === undefined ? {} : { mappings: words }),
    ...(blank === undefined ? {} : { noValue: blank }),
    ...(wrap === true ? { 'custom.wrapText': true, 'custom.minWidth': sentenceWidth } : {}),
    ...(link === undefined ? {} : { links: [{ ...link, targetBlank: false }] }),
    ...(scale === undefined
      ? {}
      : {
          ...scaleOf(scale),
          'custom.cellOptions': { type: TableCellDisplayMode.ColorBackground, mode: basic },
        }),
  })
}

/** Puts the rows of all queries that have the same value of this field side by side. */
export function joinedBy(field: string): DataTransformerConfig {
  return { id: 'joinByField', options: { byField: field, mode: 'inner' } }
}

/** The same, keeping rows that only some queries know. */
export function gatheredBy(field: string): DataTransformerConfig {
  return { id: 'joinByField', options: { byField: field, mode: 'outer' } }
}

/** A new field: one field less another. */
export function difference(left: string, right: string, alias: string): DataTransformerConfig {
  return {
    id: 'calculateField',
    options: {
      mode: 'binary',
      alias,
      binary: {
        left: { matcher: { id: 'byName', options: left } },
        operator: '-',
        right: { matcher: { id: 'byName', options: right } },
      },
      replaceFields: false,
    },
  }
}
