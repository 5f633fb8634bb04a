/** Panels by their type. */

import { getFieldDisplayValues, VizOrientation } from '@grafana/data'
import { BarGauge, BigValue, TimeSeries, VizRepeater } from '@grafana/ui'
import { TableNG } from '@grafana/ui/unstable'
import { timeRange } from './data.jsx'
import { Boxes, Cloud, Places } from './imitations.jsx'

export function drawing(props) {
  const { item, data, width, height } = props
  const empty = data.length === 0 || data.every(({ length }) => length === 0)
  if (empty && item.panel.type !== 'stat') {
    return (
      <div style={{ display: 'grid', placeItems: 'center', width, height, opacity: 0.6 }}>
        {item.panel.fieldConfig.defaults.noValue}
      </div>
    )
  }
  const Drawing = drawings[item.panel.type]
  return <Drawing {...props} />
}

function Chart({ item, data, width, height }) {
  const { panel, timeZone } = item
  return (
    <TimeSeries
      frames={data}
      width={width}
      height={height}
      timeRange={timeRange(item)}
      timeZone={timeZone}
      legend={panel.options.legend}
      options={panel.options}
      structureRev={1}
    />
  )
}

function values({ item, data, theme }) {
  const { panel, timeZone } = item
  return getFieldDisplayValues({
    data,
    fieldConfig: panel.fieldConfig,
    reduceOptions: panel.options.reduceOptions,
    replaceVariables: (text) => text,
    theme,
    timeZone,
  })
}

function Tiles(props) {
  const { item, width, height, theme } = props
  const { options } = item.panel
  return (
    <VizRepeater
      source={props.data}
      getValues={() => values(props)}
      width={width}
      height={height}
      orientation={options.orientation}
      autoGrid
      itemSpacing={3}
      renderCounter={0}
      renderValue={({ value, width: w, height: h, count }) => (
        <BigValue
          value={{
            ...value.display,
            title: options.textMode === 'value' ? undefined : value.display.title,
          }}
          count={count}
          colorMode={options.colorMode}
          graphMode={options.graphMode}
          justifyMode={options.justifyMode}
          textMode={options.textMode}
          text={options.text}
          disableWideLayout={!options.wideLayout}
          width={w}
          height={h}
          theme={theme}
        />
      )}
    />
  )
}

function Bars(props) {
  const { item, width, height, theme } = props
  const { options } = item.panel
  return (
    <div style={{ overflow: 'hidden', width, height }}>
      <VizRepeater
        source={props.data}
        getValues={() => values(props)}
        width={width}
        height={height}
        orientation={VizOrientation.Horizontal}
        itemSpacing={8}
        minVizHeight={options.minVizHeight}
        maxVizHeight={options.maxVizHeight}
        renderCounter={0}
        renderValue={({ value, width: w, height: h }) => (
          <BarGauge
            value={value.display}
            width={w}
            height={h}
            orientation={VizOrientation.Horizontal}
            field={value.field}
            display={value.view?.getFieldDisplayProcessor(value.colIndex)}
            theme={theme}
            itemSpacing={8}
            displayMode={options.displayMode}
            showUnfilled={options.showUnfilled}
            valueDisplayMode={options.valueMode}
            namePlacement={options.namePlacement}
            text={options.text}
          />
        )}
      />
    </div>
  )
}

function Rows({ item, data, width, height }) {
  const { options, fieldConfig } = item.panel
  return (
    <TableNG
      data={data[0]}
      width={width}
      height={height}
      sortBy={options.sortBy}
      cellHeight={options.cellHeight}
      fieldConfig={fieldConfig}
      noHeader={!options.showHeader}
      structureRev={1}
      enableVirtualization={false}
    />
  )
}

const drawings = {
  timeseries: Chart,
  stat: Tiles,
  bargauge: Bars,
  table: Rows,
  geomap: Places,
  'state-timeline': Boxes,
  'status-history': Boxes,
  xychart: Cloud,
}
