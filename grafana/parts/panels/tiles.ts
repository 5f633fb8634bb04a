/** Numbers to be read across a room, each with a colour of its own scale. */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  ReduceDataOptionsBuilder,
  VizOrientation,
} from '@grafana/grafana-foundation-sdk/common'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/stat'
import type { Ask } from '../influxql.ts'
import { framed, type PanelPlan, type Scale, scaleOf } from './frame.ts'

export interface Tile {
  /** The column of the query that it shows, as `AS` names it; in both languages and short, to be read on a phone. */
  label: string
  ask?: Ask
  scale: Scale
  unit?: string
  decimals?: number
  url?: string
}

interface TilesPlan extends Omit<PanelPlan, 'ask'> {
  tiles: readonly Tile[]
  /** `sum` adds the rows up, for counts that are made of several queries. */
  calc?: 'lastNotNull' | 'sum'
}

export function tiles({ tiles: all, calc = 'lastNotNull', ...plan }: TilesPlan): Builder<Panel> {
  const panel = framed(new PanelBuilder(), {
    ...plan,
    ask: all.flatMap(({ ask }) => (ask === undefined ? [] : [ask])),
    overrides: [
      ...all.map(({ label, scale, unit, decimals, url }) => ({
        field: label,
        set: {
          ...scaleOf(scale),
          ...(unit === undefined ? {} : { unit }),
          ...(decimals === undefined ? {} : { decimals }),
          ...(url === undefined ? {} : { links: [{ title: label, url, targetBlank: false }] }),
        },
      })),
      ...(plan.overrides ?? []),
    ],
  })
  return panel
    .colorMode(BigValueColorMode.BackgroundSolid)
    .graphMode(BigValueGraphMode.None)
    .justifyMode(BigValueJustifyMode.Center)
    .textMode(all.length > 1 ? BigValueTextMode.ValueAndName : BigValueTextMode.Value)
    .orientation(VizOrientation.Auto)
    .wideLayout(false)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs([calc]).fields('').values(false))
}
