/**
 * From what the SDK builds to the file: panels get ids, places are checked, what the SDK adds and Grafana does not want
 * goes, and keys are sorted so that a change of a board is a change of few lines.
 */

import type { Dashboard, GridPos } from '@grafana/grafana-foundation-sdk/dashboard'

const columns = 24

/** The text of the board's file. Throws when panels overlap or stand outside of the grid. */
export function boardText(board: Dashboard): string {
  const panels = (board.panels ?? []).map((panel, i) => ({ ...panel, id: i + 1 }))
  checkPlaces(panels)
  return `${JSON.stringify(tidied({ ...board, id: null, panels }), null, 2)}\n`
}

interface Placed {
  title?: string
  gridPos?: GridPos
}

function checkPlaces(panels: readonly Placed[]): void {
  panels.forEach(({ title, gridPos: at }, i) => {
    if (at === undefined) throw new Error(`Panel "${title}" has no place.`)
    if (at.x < 0 || at.y < 0 || at.w < 1 || at.h < 1 || at.x + at.w > columns) {
      throw new Error(`Panel "${title}" stands outside of the ${columns} columns.`)
    }
    const over = panels
      .slice(i + 1)
      .find((other) => other.gridPos !== undefined && overlaps(at, other.gridPos))
    if (over !== undefined) throw new Error(`Panels "${title}" and "${over.title}" overlap.`)
  })
}

function overlaps(a: GridPos, b: GridPos): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
}

/** `placement` would hide links and marks in a menu. */
const dropped: ReadonlySet<string> = new Set(['placement'])

function tidied(value: unknown, inside = ''): unknown {
  if (Array.isArray(value)) return value.map((one) => tidied(one, inside))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, part]) => part !== undefined && !(dropped.has(key) && inside !== 'legend'))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, tidied(part, key)]),
  )
}
