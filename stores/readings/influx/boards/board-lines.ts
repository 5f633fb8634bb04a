/** Points for boards as lines. Seldom written, so the text may cost more here than that of readings. */

import type { BoardPoint } from '../../board-points.ts'
import { escapeKey, floatText, tagsText } from '../write/line-protocol.ts'

/** InfluxDB takes 64 KiB; no sentence of ours comes near. */
const textCharactersMax = 4_000

/** Undefined when there is nothing to write. Times are nanoseconds. */
export function boardLine({ measurement, tags, fields, at }: BoardPoint): string | undefined {
  const texts = Object.entries(fields).flatMap(([key, value]) => {
    if (value === null) return []
    if (typeof value === 'string') return [`${escapeKey(key)}=${quoted(value)}`]
    return Number.isFinite(value) ? [`${escapeKey(key)}=${floatText(value)}`] : []
  })
  if (texts.length === 0) return undefined
  return `${measurement}${tagsText(tags)} ${texts.join(',')} ${nanoseconds(at)}`
}

/** Line breaks are allowed inside of quotes, but whoever cuts a request into lines does not know that. */
function quoted(text: string): string {
  const line = text.slice(0, textCharactersMax).replace(/[\p{Cc}\s]+/gu, ' ')
  return `"${line.replace(/["\\]/g, '\\$&')}"`
}

/** A double holds milliseconds of today with three decimals, but not as many nanoseconds. */
function nanoseconds(at: number): string {
  const ms = Math.floor(at)
  const microseconds = Math.min(Math.round((at - ms) * 1_000), 999)
  return `${ms}${String(microseconds).padStart(3, '0')}000`
}
