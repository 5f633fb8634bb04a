/**
 * What Grafana does between a board and InfluxDB: fills variables, time range and interval into a query, sends it, and
 * shapes the answer into frames as its InfluxDB plugin does (`pkg/tsdb/influxdb/influxql`).
 */

import type { BoardJson, PanelJson, Target, VariableJson } from './board-json.ts'

export interface Server {
  url: string
  headers: Record<string, string>
  database: string
}

export interface Range {
  from: number
  to: number
}

/** By variable name; a list for several choices, `$__all` alone for all of them. */
export type Choices = Readonly<Record<string, readonly string[] | string>>

interface Series {
  name: string
  tags?: Record<string, string>
  columns: string[]
  values: (number | string | boolean | null)[][]
}

export interface FrameField {
  name: string
  type: 'time' | 'number' | 'string'
  values: (number | string | null)[]
  labels?: Record<string, string>
  /** What `displayNameFromDS` would be. */
  title: string
}

export interface Frame {
  name: string
  refId: string
  fields: FrameField[]
}

export async function ask(server: Server, query: string): Promise<Series[]> {
  const body = new URLSearchParams({ q: query, db: server.database, epoch: 'ms' })
  const answer = await fetch(`${server.url}/query`, {
    method: 'POST',
    headers: server.headers,
    body,
  })
  const parsed = (await answer.json()) as {
    error?: string
    results?: { error?: string; series?: Series[] }[]
  }
  const error = parsed.error ?? parsed.results?.[0]?.error
  if (!answer.ok || error !== undefined) throw new Error(`${answer.status} ${error}: ${query}`)
  return parsed.results?.[0]?.series ?? []
}

const unitMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

export function durationMs(text: string): number {
  const found = /^(\d+)([smhd])$/.exec(text)
  if (found === null) throw new Error(`"${text}" is no duration.`)
  return Number(found[1]) * (unitMs[found[2] ?? ''] ?? 0)
}

/** The range that a panel asks for: its own window, or the board's. */
export function rangeOf(board: BoardJson, panel: PanelJson, now: number): Range {
  const back = panel.timeFrom ?? board.time.from.replace(/^now-/, '')
  return { from: now - durationMs(back), to: now }
}

const steps = [
  '10s',
  '30s',
  '1m',
  '2m',
  '5m',
  '10m',
  '15m',
  '20m',
  '30m',
  '1h',
  '2h',
  '6h',
  '12h',
  '1d',
]

/** Grafana's choice: a round step that gives no more points than the panel is wide, and at least `interval`. */
export function intervalOf(panel: PanelJson, { from, to }: Range, pixels: number): string {
  const least = Math.max((to - from) / pixels, durationMs(panel.interval ?? '1m'))
  return steps.find((step) => durationMs(step) >= least) ?? '1d'
}

export function filled(
  query: string,
  {
    board,
    choices,
    range,
    interval,
  }: { board: BoardJson; choices: Choices; range: Range; interval: string },
): string {
  const withRange = query
    .replaceAll('$timeFilter', `time >= ${range.from}ms and time <= ${range.to}ms`)
    .replaceAll('$__interval', interval)
    .replace(/\$\{__to\}/g, String(range.to))
  return withRange.replace(/\$(\w+)/g, (whole, name: string) => {
    const variable = board.templating.list.find((one) => one.name === name)
    if (variable === undefined)
      throw new Error(`There is no variable ${whole} on ${board.uid}: ${query}`)
    return chosenText(variable, choices[name])
  })
}

function chosenText({ name, allValue }: VariableJson, choice: Choices[string] | undefined): string {
  if (choice === undefined) throw new Error(`No choice was made for $${name}.`)
  if (choice === '$__all') {
    if (allValue === undefined) throw new Error(`"All" of $${name} must be given as a list.`)
    return allValue
  }
  if (typeof choice === 'string') return choice
  return `(${choice.map((one) => one.replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&')).join('|')})`
}

/** Asks for the choices of each variable, in their order, with everything chosen. */
export async function chooseAll(
  server: Server,
  board: BoardJson,
): Promise<{ choices: Choices; options: Record<string, string[]> }> {
  const choices: Record<string, readonly string[] | string> = {}
  const options: Record<string, string[]> = {}
  for (const variable of board.templating.list) {
    if (variable.type !== 'query') {
      const value = variable.current?.value ?? ''
      choices[variable.name] = value
      continue
    }
    const query = typeof variable.query === 'string' ? variable.query : variable.query.query
    const range = { from: 0, to: 0 }
    const series = await ask(server, filled(query, { board, choices, range, interval: '1m' }))
    const found = series.flatMap(({ values }) => values.map((row) => String(row[1])))
    options[variable.name] = [...new Set(found)].sort()
    choices[variable.name] =
      variable.allValue === undefined ? (options[variable.name] ?? []) : '$__all'
  }
  return { choices, options }
}

export function framesOf(series: readonly Series[], target: Target): Frame[] {
  if (series.length === 0) return []
  return target.resultFormat === 'table'
    ? [tableOf(series, target)]
    : series.flatMap((one) => linesOf(one, target))
}

/** One frame: time, the tags (Grafana has them in no order), then the columns of the first series. */
function tableOf(series: readonly Series[], { refId }: Target): Frame {
  const [first] = series
  const tags = Object.keys(first?.tags ?? {})
  const fields: FrameField[] = [
    { name: 'Time', title: 'Time', type: 'time', values: column(series, 0) },
    ...tags.map((tag) => ({
      name: tag,
      title: tag,
      type: 'string' as const,
      values: series.flatMap((one) => one.values.map(() => one.tags?.[tag] ?? null)),
    })),
    ...(first?.columns.slice(1) ?? []).map((name, i) => typed(name, column(series, i + 1))),
  ]
  return { name: first?.name ?? '', refId, fields }
}

function column(series: readonly Series[], i: number): (number | string | null)[] {
  return series.flatMap(({ values }) => values.map((row) => plain(row[i] ?? null)))
}

function plain(value: number | string | boolean | null): number | string | null {
  return typeof value === 'boolean' ? Number(value) : value
}

function typed(name: string, values: (number | string | null)[]): FrameField {
  const isText = values.some((value) => typeof value === 'string')
  return { name, title: name, type: isText ? 'string' : 'number', values }
}

/** A frame for each column of a series, named as `alias` says. */
function linesOf({ name, tags = {}, columns, values }: Series, { refId, alias }: Target): Frame[] {
  const times = values.map((row) => plain(row[0] ?? null))
  return columns.slice(1).map((one, i) => {
    const title = (alias ?? `${name}.${one}`)
      .replaceAll('$col', one)
      .replace(/\$tag_(\w+)/g, (_, tag: string) => tags[tag] ?? '')
    const value = typed(
      'Value',
      values.map((row) => plain(row[i + 1] ?? null)),
    )
    return {
      name: title,
      refId,
      fields: [
        { name: 'Time', title: 'Time', type: 'time', values: times },
        { ...value, title, labels: tags },
      ],
    }
  })
}
