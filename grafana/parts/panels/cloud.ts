/** A cloud of points over two numbers. Grafana has no polar panel, so a wind rose is drawn as one: east against north. */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  LegendDisplayMode,
  LegendPlacement,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  FieldColorBuilder,
  FieldColorModeId,
  type Panel,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder, SeriesMapping, XYShowMode } from '@grafana/grafana-foundation-sdk/xychart'
import { seriesColours } from '../series-colours.ts'
import { framed, type PanelPlan } from './frame.ts'

/** The first column behind the time is east, the second north. */
export function cloud(plan: PanelPlan & { reach: number }): Builder<Panel> {
  return framed(new PanelBuilder(), {
    ...plan,
    transform: [
      {
        id: 'organize',
        options: { excludeByName: { Time: true }, indexByName: {}, renameByName: {} },
      },
    ],
  })
    .mapping(SeriesMapping.Auto)
    .show(XYShowMode.Points)
    .pointSize({ fixed: 4 })
    .fillOpacity(40)
    .axisSoftMin(-plan.reach)
    .axisSoftMax(plan.reach)
    .axisCenteredZero(true)
    .colorScheme(
      new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor(seriesColours.main),
    )
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(false)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .calcs([]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Single))
}
