/** Values over time: lines or bars, with the bounds that matter drawn in. */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  GraphDrawStyle,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  FieldColorBuilder,
  FieldColorModeId,
  type Panel,
  type Threshold,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { fixedColour, framed, type PanelPlan, stepsBuilder } from './frame.ts'

interface ChartPlan extends PanelPlan {
  as?: 'lines' | 'bars' | 'stacked bars'
  /** Bounds as dashed lines in the colours of their levels. */
  bounds?: readonly Threshold[]
  /** Fills the ranges between the bounds as well: for those that must not be left on either side. */
  shaded?: boolean
  /** The axis reaches at least to these, so that a bound is in view before it is reached. */
  reach?: readonly [from: number | undefined, to: number | undefined]
  /** Series by name → colour; others take one that follows from their name. */
  colours?: Readonly<Record<string, string>>
  /** Series that are limits: dashed, thin, without points. */
  dashed?: readonly string[]
  /** Gaps up to so many milliseconds are drawn through; longer ones stay gaps. */
  gapMs?: number
  /** `none` where there are too many series to name; the tooltip names them. */
  legend?: 'list' | 'none'
  /** A panel for each choice of this variable, so many side by side. */
  repeat?: { variable: string; perRow: number }
}

export function chart(plan: ChartPlan): Builder<Panel> {
  const { as = 'lines', bounds = [], reach, gapMs = 0, repeat } = plan
  const bars = as !== 'lines'
  const panel = framed(new PanelBuilder(), {
    ...plan,
    overrides: [...seriesOf(plan), ...(plan.overrides ?? [])],
  })
    .drawStyle(bars ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .fillOpacity(bars ? 80 : 0)
    .lineWidth(bars ? 0 : 2)
    .showPoints(bars ? VisibilityMode.Never : VisibilityMode.Auto)
    .pointSize(4)
    .spanNulls(gapMs === 0 ? false : gapMs)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .legend(legendOf(plan.legend ?? 'list'))
    .tooltip(
      new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending),
    )
  if (as === 'stacked bars') {
    panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'))
  }
  if (bounds.length > 0) {
    panel.thresholds(stepsBuilder(bounds))
    panel.thresholdsStyle(
      new GraphThresholdsStyleConfigBuilder().mode(
        plan.shaded === true
          ? GraphThresholdsStyleMode.DashedAndArea
          : GraphThresholdsStyleMode.Dashed,
      ),
    )
  }
  if (reach?.[0] !== undefined) panel.axisSoftMin(reach[0])
  if (reach?.[1] !== undefined) panel.axisSoftMax(reach[1])
  if (repeat !== undefined)
    panel.repeat(repeat.variable).repeatDirection('h').maxPerRow(repeat.perRow)
  return panel
}

function seriesOf({ colours = {}, dashed = [] }: ChartPlan) {
  return [
    ...Object.entries(colours).map(([field, colour]) => ({ field, set: fixedColour(colour) })),
    ...dashed.map((field) => ({
      field,
      set: {
        'custom.lineStyle': { fill: 'dash', dash: [8, 6] },
        'custom.lineWidth': 1,
        'custom.fillOpacity': 0,
        'custom.showPoints': VisibilityMode.Never,
      },
    })),
  ]
}

function legendOf(kind: 'list' | 'none'): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder()
    .showLegend(kind !== 'none')
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .calcs([])
}
