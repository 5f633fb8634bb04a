/** Points on their way into InfluxDB, as the readings store writes them, in batches. */

import {
  escapeKey,
  floatText,
  tagsText,
} from '../../../stores/readings/influx/write/line-protocol.ts'

export type Fields = Readonly<Record<string, number | string | null | undefined>>
export type Tags = Readonly<Record<string, string | null>>

export interface Points {
  add(point: { measurement: string; tags: Tags; fields: Fields; at: number }): void
  /** Everything added so far. */
  lines: readonly string[]
}

export function collectPoints(): Points {
  const lines: string[] = []
  return {
    lines,
    add({ measurement, tags, fields, at }) {
      const texts = Object.entries(fields).flatMap(([name, value]) =>
        value === null || value === undefined ? [] : [`${escapeKey(name)}=${valueText(value)}`],
      )
      if (texts.length === 0) return
      lines.push(`${escapeKey(measurement)}${tagsText(tags)} ${texts.join(',')} ${Math.floor(at)}`)
    },
  }
}

function valueText(value: number | string): string {
  if (typeof value === 'number') return floatText(value)
  return `"${value.replace(/["\\]/g, '\\$&')}"`
}
