/** The part of a board's JSON that the checks look at, read from the committed files: what Grafana will be given. */

import { readdirSync, readFileSync } from 'node:fs'

export interface Target {
  refId: string
  query: string
  alias?: string
  rawQuery: boolean
  resultFormat: 'table' | 'time_series'
  datasource?: { type: string; uid: string }
}

export interface PanelJson {
  id: number
  type: string
  title: string
  description?: string
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: Target[]
  timeFrom?: string
  interval?: string
  repeat?: string
  maxPerRow?: number
  datasource?: { type: string; uid: string }
  options: Record<string, unknown>
  fieldConfig: {
    defaults: FieldJson
    overrides: {
      matcher: { id: string; options: string }
      properties: { id: string; value?: unknown }[]
    }[]
  }
  transformations?: { id: string; options: Record<string, unknown> }[]
}

export interface FieldJson {
  unit?: string
  thresholds?: { mode: string; steps: { value: number | null; color: string }[] }
  mappings?: { type: string; options: Record<string, unknown> }[]
  color?: { mode: string; fixedColor?: string }
  custom?: Record<string, unknown>
  noValue?: string
}

export interface VariableJson {
  name: string
  label?: string
  type: string
  query: string | { query: string; refId: string }
  refresh?: number
  hide?: number
  includeAll?: boolean
  allValue?: string
  multi?: boolean
  current?: { text: string | string[]; value: string | string[] }
}

export interface BoardJson {
  uid: string
  title: string
  description: string
  editable: boolean
  refresh: string
  timezone: string
  schemaVersion: number
  time: { from: string; to: string }
  panels: PanelJson[]
  templating: { list: VariableJson[] }
  annotations: {
    list: {
      name: string
      iconColor: string
      target?: { query?: string }
      datasource?: { uid: string }
    }[]
  }
  links: { title: string; url: string; keepTime: boolean }[]
}

const folder = new URL('../../grafana/boards/', import.meta.url)

export const boardFileNames: readonly string[] = readdirSync(folder).sort()

export function boardFileText(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8')
}

/** As parsed; the schema test checks that it has this shape. */
export function readBoard(name: string): BoardJson {
  return JSON.parse(boardFileText(name)) as BoardJson
}
