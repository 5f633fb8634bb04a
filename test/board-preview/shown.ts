/** What the page draws: a board with its data, repeated panels spelt out. */

import type { BoardJson, PanelJson } from '../boards/board-json.ts'
import {
  ask,
  chooseAll,
  type Choices,
  durationMs,
  filled,
  type Frame,
  framesOf,
  intervalOf,
  type Range,
  rangeOf,
  type Server,
} from '../boards/engine.ts'

interface ShownPanel {
  panel: PanelJson
  title: string
  frames: Frame[]
  range: Range
  stepMs: number
  timeZone: string
}

export interface Shown {
  title: string
  width: number
  variables: { label: string; text: string }[]
  links: string[]
  panels: ShownPanel[]
}

interface Setting {
  server: Server
  now: number
  width: number
  timeZone: string
}

export async function shownBoard(board: BoardJson, setting: Setting): Promise<Shown> {
  const { choices, options } = await chooseAll(setting.server, board)
  const visible = board.templating.list.filter(({ hide }) => hide !== 2)
  const panels: ShownPanel[] = []
  for (const panel of board.panels) {
    const scopes =
      panel.repeat === undefined
        ? [{}]
        : (options[panel.repeat] ?? [])
            .slice(0, repeatsMost)
            .map((one) => ({ [panel.repeat ?? '']: one }))
    for (const [i, scope] of scopes.entries()) {
      const placed =
        panel.repeat === undefined ? panel : { ...panel, gridPos: repeatedAt(panel, i) }
      panels.push(
        await shownPanel({
          board,
          panel: placed,
          choices: { ...choices, ...scope },
          setting,
          scope,
        }),
      )
    }
  }
  return {
    title: board.title,
    width: setting.width,
    variables: visible.map(({ label = '', current, type }) => ({
      label,
      text: type === 'query' ? 'All' : String(current?.text),
    })),
    links: board.links.map(({ title }) => title),
    panels,
  }
}

/** A picture of twenty charts of one kind shows no more than one of six. */
const repeatsMost = 6

/** Grafana puts `maxPerRow` copies side by side and goes on below. */
function repeatedAt({ gridPos, maxPerRow = 4 }: PanelJson, i: number): PanelJson['gridPos'] {
  const w = 24 / maxPerRow
  return {
    w,
    h: gridPos.h,
    x: (i % maxPerRow) * w,
    y: gridPos.y + Math.floor(i / maxPerRow) * gridPos.h,
  }
}

interface Question {
  board: BoardJson
  panel: PanelJson
  choices: Choices
  setting: Setting
  scope: Readonly<Record<string, string>>
}

async function shownPanel({
  board,
  panel,
  choices,
  setting,
  scope,
}: Question): Promise<ShownPanel> {
  const range = rangeOf(board, panel, setting.now)
  const pixels = Math.round((panel.gridPos.w / 24) * setting.width)
  const interval = intervalOf(panel, range, pixels)
  const frames: Frame[] = []
  for (const target of panel.targets ?? []) {
    const series = await ask(
      setting.server,
      filled(target.query, { board, choices, range, interval }),
    )
    frames.push(...framesOf(series, target))
  }
  const title = panel.title.replace(/\$(\w+)/g, (whole, name: string) => scope[name] ?? whole)
  return { panel, title, frames, range, stepMs: durationMs(interval), timeZone: setting.timeZone }
}
