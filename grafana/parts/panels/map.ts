/**
 * Sites on a map, coloured by a number of theirs. The base map is the server's own setting
 * (`GF_GEOMAP_DEFAULT_BASELAYER_CONFIG`), so a closed network shows its own tiles, or none: the markers stay.
 */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  FrameGeometrySourceBuilder,
  FrameGeometrySourceMode,
  MapLayerOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import {
  ControlsOptionsBuilder,
  MapViewConfigBuilder,
  PanelBuilder,
  TooltipMode,
  TooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/geomap'
import type { Ask } from '../influxql.ts'
import { framed, type Override, type PanelPlan, type Scale, scaleOf } from './frame.ts'

interface Layer {
  /** In both languages. */
  name: string
  /** Symbols tell kinds of sites apart, also for those who cannot tell colours. */
  symbol: 'circle' | 'square' | 'triangle' | 'star'
  /** A table with `lat` and `lon`; a layer without one shows what the transformations of the panel make. */
  ask?: Ask
}

interface MapPlan extends Omit<PanelPlan, 'ask'> {
  ask?: readonly Ask[]
  layers: readonly Layer[]
  /** The field that colours, and how. */
  field: string
  scale: Scale
  /** Titles of the fields of a marker, as its tooltip shows them. */
  titles: Readonly<Record<string, string>>
  /** Where a click on the name leads. */
  link?: { title: string; url: string }
}

export function map(plan: MapPlan): Builder<Panel> {
  const asks = plan.ask ?? plan.layers.flatMap(({ ask }) => (ask === undefined ? [] : [ask]))
  const panel = framed(new PanelBuilder(), {
    ...plan,
    ask: asks,
    overrides: [...tooltips(plan), ...(plan.overrides ?? [])],
  })
  return panel
    .view(new MapViewConfigBuilder().id('fit').allLayers(true).lat(0).lon(0).zoom(14).padding(8))
    .controls(
      new ControlsOptionsBuilder().showZoom(true).mouseWheelZoom(true).showAttribution(true),
    )
    .basemap(new MapLayerOptionsBuilder().type('default').name('base'))
    .tooltip(new TooltipOptionsBuilder().mode(TooltipMode.Details))
    .layers(plan.layers.map((layer, i) => markers(plan, layer, i)))
}

function tooltips({ field, scale, titles, link }: MapPlan): Override[] {
  return [
    { field, set: scaleOf(scale) },
    ...Object.entries(titles).map(([name, displayName]) => ({
      field: name,
      set: {
        displayName,
        ...(name === 'name' && link !== undefined
          ? { links: [{ ...link, targetBlank: false }] }
          : {}),
      },
    })),
  ]
}

/** The legend tells numbers only: it would say "2+" for a level that has a name. */
function markers({ field, scale }: MapPlan, { name, symbol, ask }: Layer, i: number) {
  const layer = new MapLayerOptionsBuilder()
    .type('markers')
    .name(name)
    .tooltip(true)
    .location(
      new FrameGeometrySourceBuilder()
        .mode(FrameGeometrySourceMode.Coords)
        .latitude('lat')
        .longitude('lon'),
    )
    .config({
      showLegend: i === 0 && scale.words === undefined,
      style: style(field, symbol),
    })
  return ask === undefined
    ? layer
    : layer.filterData({ id: 'byRefId', options: String.fromCharCode(65 + i) })
}

function style(field: string, symbol: Layer['symbol']) {
  return {
    color: { field, fixed: 'dark-green' },
    opacity: 0.9,
    rotation: { fixed: 0, max: 360, min: -360, mode: 'mod' },
    size: { fixed: 7, max: 15, min: 2 },
    symbol: { fixed: `img/icons/marker/${symbol}.svg`, mode: 'fixed' },
    symbolAlign: { horizontal: 'center', vertical: 'center' },
  }
}
