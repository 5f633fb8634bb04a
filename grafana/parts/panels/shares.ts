/** A bar for each count, in the order given: for sectors and other things that have an order of their own. */

import { PanelBuilder } from '@grafana/grafana-foundation-sdk/bargauge'
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  BarGaugeDisplayMode,
  BarGaugeNamePlacement,
  BarGaugeValueMode,
  ReduceDataOptionsBuilder,
  VizOrientation,
  VizTextDisplayOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  FieldColorBuilder,
  FieldColorModeId,
  type Panel,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { framed, type PanelPlan } from './frame.ts'

export function shares({ colour, ...plan }: PanelPlan & { colour: string }): Builder<Panel> {
  return framed(new PanelBuilder(), plan)
    .min(0)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor(colour))
    .displayMode(BarGaugeDisplayMode.Basic)
    .valueMode(BarGaugeValueMode.Text)
    .namePlacement(BarGaugeNamePlacement.Left)
    .orientation(VizOrientation.Horizontal)
    .text(new VizTextDisplayOptionsBuilder().titleSize(13).valueSize(15))
    .showUnfilled(false)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['sum']).fields('').values(false))
}
