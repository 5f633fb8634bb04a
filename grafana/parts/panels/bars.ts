/** One bar for each row of a table, largest first: who stands out. */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  BarGaugeDisplayMode,
  BarGaugeNamePlacement,
  BarGaugeValueMode,
  ReduceDataOptionsBuilder,
  VizOrientation,
  VizTextDisplayOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/bargauge'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { framed, type PanelPlan, type Scale, scaled } from './frame.ts'

interface BarsPlan extends PanelPlan {
  scale: Scale
  /** The number; every text beside it names the bar. */
  field: string
  /** Fields that neither name nor measure. */
  hide?: readonly string[]
  most: number
  /** Where the scale begins and at least ends. */
  span?: readonly [min: number, max: number | undefined]
}

export function bars({ field, hide = [], most, span, ...plan }: BarsPlan): Builder<Panel> {
  const sorted = { id: 'sortBy', options: { sort: [{ field, desc: true }] } }
  const only = {
    id: 'organize',
    options: {
      excludeByName: Object.fromEntries(['Time', ...hide].map((name) => [name, true])),
      indexByName: {},
      renameByName: {},
    },
  }
  const panel = scaled(
    framed(new PanelBuilder(), { ...plan, transform: [...(plan.transform ?? []), sorted, only] }),
    plan.scale,
  )
  if (span !== undefined) panel.min(span[0])
  if (span?.[1] !== undefined) panel.max(span[1])
  return panel
    .displayMode(BarGaugeDisplayMode.Basic)
    .valueMode(BarGaugeValueMode.Color)
    .namePlacement(BarGaugeNamePlacement.Top)
    .orientation(VizOrientation.Horizontal)
    .text(new VizTextDisplayOptionsBuilder().titleSize(13).valueSize(15))
    .showUnfilled(true)
    .maxVizHeight(40)
    .minVizHeight(16)
    .reduceOptions(new ReduceDataOptionsBuilder().values(true).limit(most).calcs([]).fields(''))
}
