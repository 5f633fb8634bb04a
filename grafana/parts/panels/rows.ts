/** A row for each site, a colour for each moment: how levels changed, and heat maps of hours and days. */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  LegendDisplayMode,
  LegendPlacement,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline'
import { PanelBuilder as HistoryBuilder } from '@grafana/grafana-foundation-sdk/statushistory'
import { framed, type PanelPlan, type Scale, scaled, worded } from './frame.ts'

interface RowsPlan extends PanelPlan {
  /** With words the legend says those that are shown; without, where each colour begins. */
  scale: Scale
}

/** States that last until the next one. */
export function timeline(plan: RowsPlan): Builder<Panel> {
  return coloured(framed(new TimelineBuilder(), plan), plan.scale)
    .mergeValues(true)
    .showValue(VisibilityMode.Never)
    .rowHeight(0.8)
    .lineWidth(0)
    .fillOpacity(90)
    .legend(legend())
    .tooltip(tooltip())
}

/** A box for each hour or day. */
export function boxes(plan: RowsPlan): Builder<Panel> {
  return coloured(framed(new HistoryBuilder(), plan), plan.scale)
    .showValue(VisibilityMode.Never)
    .rowHeight(0.9)
    .colWidth(0.95)
    .lineWidth(0)
    .fillOpacity(90)
    .legend(legend())
    .tooltip(tooltip())
}

function coloured<Made extends TimelineBuilder | HistoryBuilder>(panel: Made, scale: Scale): Made {
  return scale.words === undefined ? scaled(panel, scale) : worded(panel, scale.words)
}

function legend(): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .calcs([])
}

function tooltip(): VizTooltipOptionsBuilder {
  return new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Single)
}
