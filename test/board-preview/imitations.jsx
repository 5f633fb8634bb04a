/** Panels whose code is in Grafana's application and not in its packages, drawn after them: same fields, same colours. */

import {
  FieldType,
  formattedValueToString,
  getFieldDisplayName,
  getValueFormat,
} from '@grafana/data'
import { VizLegend } from '@grafana/ui'

function named(frame, name) {
  return frame.fields.find((field) => field.name === name)
}

/** `getThresholdItems` of Grafana's timeline utilities, which its maps use as well. */
function thresholdItems({ thresholds, unit, decimals }) {
  const format = getValueFormat(unit ?? '')
  const shown = (value) => formattedValueToString(format(value, decimals))
  return thresholds.steps.map(({ value, color }, i, all) => ({
    label: value === null ? `< ${shown(all[i + 1].value)}` : `${shown(value)}+`,
    color,
    yAxis: 1,
  }))
}

/** `getFieldLegendItem`: thresholds, or else the words of the states that are there. */
function stateItems(fields) {
  const [{ config }] = fields
  if (config.color?.mode === 'thresholds') {
    const steps = config.thresholds.steps.map((step, i) =>
      i === 0 ? { ...step, value: null } : step,
    )
    return thresholdItems({ ...config, thresholds: { steps } })
  }
  const states = new Map()
  for (const field of fields) {
    for (const value of field.values) {
      if (value === null) continue
      const { text, color } = field.display(value)
      states.set(text, color)
    }
  }
  return [...states].map(([label, color]) => ({ label, color, yAxis: 1 }))
}

const symbols = {
  circle: (x, y) => <circle cx={x} cy={y} r={7} />,
  square: (x, y) => <rect x={x - 6} y={y - 6} width={12} height={12} />,
  triangle: (x, y) => <path d={`M${x} ${y - 8}L${x + 7} ${y + 6}H${x - 7}Z`} />,
  star: (x, y) => (
    <path d={`M${x} ${y - 9}l2.5 6 6.5.5-5 4.2 1.6 6.3-5.6-3.4-5.6 3.4 1.6-6.3-5-4.2 6.5-.5Z`} />
  ),
  cross: (x, y) => <path d={`M${x - 6} ${y - 2}h4v-4h4v4h4v4h-4v4h-4v-4h-4Z`} />,
}

/** Geomap without tiles: what a closed network sees that has set no tile server. */
export function Places({ item, data, width, height, theme }) {
  const { layers } = item.panel.options
  const spots = layers.flatMap((layer) => {
    const frame =
      layer.filterData === undefined
        ? data[0]
        : data.find(({ refId }) => refId === layer.filterData.options)
    const { latitude, longitude } = layer.location
    if (frame === undefined || named(frame, latitude) === undefined) return []
    const { color, symbol, text } = layer.config.style
    const colour = named(frame, color.field)
    const shape = symbol.fixed.replace(/^.*\/(.*)\.svg$/, '$1')
    return Array.from({ length: frame.length }, (_, i) => ({
      lat: named(frame, latitude).values[i],
      lon: named(frame, longitude).values[i],
      colour: colour.display(colour.values[i]).color,
      shape,
      name: text === undefined ? null : String(named(frame, text.field).values[i]),
    }))
  })
  const lats = spots.map(({ lat }) => lat)
  const lons = spots.map(({ lon }) => lon)
  const [south, north, west, east] = [
    Math.min(...lats),
    Math.max(...lats),
    Math.min(...lons),
    Math.max(...lons),
  ]
  const stretch = Math.cos((((south + north) / 2) * Math.PI) / 180)
  const pixels = Math.min(
    (width - 60) / ((east - west) * stretch || 1),
    (height - 90) / (north - south || 1),
  )
  const x = (lon) => width / 2 + (lon - (west + east) / 2) * stretch * pixels
  const y = (lat) => height / 2 - (lat - (south + north) / 2) * pixels
  const shownLayer = layers.find(({ config }) => config.showLegend)
  const scale = item.panel.fieldConfig.overrides.filter(
    ({ matcher }) => matcher.options === layers[0].config.style.color.field,
  )
  const settings = Object.fromEntries(
    scale.flatMap(({ properties }) => properties.map(({ id, value }) => [id, value])),
  )
  return (
    <div style={{ position: 'relative', width, height }}>
      <svg
        width={width}
        height={height}
        style={{ background: theme.colors.background.canvas }}
        role="img"
      >
        <title>{item.title}</title>
        {spots.map(({ lat, lon, colour, shape }) => (
          <g
            key={`${lat} ${lon} ${shape}`}
            fill={colour}
            stroke={theme.colors.background.canvas}
            opacity={0.9}
          >
            {symbols[shape](x(lon), y(lat))}
          </g>
        ))}
        {spots.map(({ lat, lon, name }) =>
          name === null ? null : (
            <text
              key={`${lat} ${lon}`}
              x={x(lon)}
              y={y(lat) - 12}
              fontSize={11}
              textAnchor="middle"
              fill={theme.colors.text.primary}
            >
              {name}
            </text>
          ),
        )}
      </svg>
      {shownLayer === undefined ? null : (
        <div
          style={{
            position: 'absolute',
            left: 8,
            bottom: 8,
            background: theme.colors.background.secondary,
            padding: 4,
            fontSize: 11,
          }}
        >
          {thresholdItems(settings).map(({ label, color }) => (
            <div key={label}>
              <span
                style={{
                  display: 'inline-block',
                  width: 10,
                  height: 10,
                  background: color,
                  marginRight: 6,
                }}
              />
              {label}
            </div>
          ))}
        </div>
      )}
    </div>
  )
}

/** State timeline and status history. */
export function Boxes({ item, data, width, height, theme }) {
  const { range, panel } = item
  const lasting = panel.type === 'state-timeline'
  const rows = data.map((frame) => {
    const value = frame.fields.find(({ type }) => type !== FieldType.time)
    return { name: getFieldDisplayName(value, frame, data), times: frame.fields[0].values, value }
  })
  rows.sort((a, b) => (a.name < b.name ? -1 : 1))
  const left = Math.min(160, 12 + 7 * Math.max(...rows.map(({ name }) => [...name].length)))
  const bottom = 48
  const top = 6
  const rowHeight = (height - bottom - top) / rows.length
  const x = (at) => left + ((at - range.from) / (range.to - range.from)) * (width - left - 8)
  const ticks = Array.from(
    { length: 7 },
    (_, i) => range.from + ((i + 0.5) * (range.to - range.from)) / 7,
  )
  const stepMs = item.stepMs
  return (
    <div style={{ width, height }}>
      <svg width={width} height={height - 26} role="img">
        <title>{item.title}</title>
        {rows.map(({ name, times, value }, r) => (
          <g key={name}>
            <text
              x={left - 6}
              y={top + (r + 0.65) * rowHeight}
              fontSize={Math.min(12, rowHeight)}
              textAnchor="end"
              fill={theme.colors.text.secondary}
            >
              {rowHeight < 9 && r % 2 === 1 ? '' : name}
            </text>
            {times.map((at, i) => {
              if (value.values[i] === null || value.values[i] === undefined) return null
              const next = lasting ? (times[i + 1] ?? range.to) : at + stepMs * 0.95
              return (
                <rect
                  key={at}
                  x={Math.max(left, x(at))}
                  width={Math.max(1, x(next) - Math.max(left, x(at)))}
                  y={top + (r + 0.08) * rowHeight}
                  height={rowHeight * 0.84}
                  fill={value.display(value.values[i]).color}
                />
              )
            })}
          </g>
        ))}
        {ticks.map((at) => (
          <text
            key={at}
            x={x(at)}
            y={height - bottom + 14}
            fontSize={12}
            textAnchor="middle"
            fill={theme.colors.text.secondary}
          >
            {new Intl.DateTimeFormat('en-GB', {
              timeZone: item.timeZone,
              month: '2-digit',
              day: '2-digit',
              hour: '2-digit',
              minute: '2-digit',
            }).format(at)}
          </text>
        ))}
      </svg>
      <VizLegend
        items={stateItems(rows.map(({ value }) => value))}
        displayMode="list"
        placement="bottom"
      />
    </div>
  )
}

/** XY chart: the first number against the second. */
export function Cloud({ item, data, width, height, theme }) {
  const [east, north] = data[0].fields.filter(({ type }) => type === FieldType.number)
  const { axisSoftMax } = item.panel.fieldConfig.defaults.custom
  const reach = Math.max(axisSoftMax, ...east.values.map(Math.abs), ...north.values.map(Math.abs))
  const x = (value) => 34 + ((value + reach) / (2 * reach)) * (width - 50)
  const y = (value) => 8 + ((reach - value) / (2 * reach)) * (height - 44)
  const marks = [-reach, -reach / 2, 0, reach / 2, reach]
  return (
    <svg width={width} height={height} role="img">
      <title>{item.title}</title>
      {marks.map((mark) => (
        <g
          key={mark}
          stroke={theme.colors.border.weak}
          fill={theme.colors.text.secondary}
          fontSize={11}
        >
          <line x1={x(mark)} x2={x(mark)} y1={y(reach)} y2={y(-reach)} />
          <line y1={y(mark)} y2={y(mark)} x1={x(-reach)} x2={x(reach)} />
          <text x={x(mark)} y={height - 20} textAnchor="middle" stroke="none">
            {mark.toFixed(0)}
          </text>
          <text x={28} y={y(mark) + 4} textAnchor="end" stroke="none">
            {mark.toFixed(0)}
          </text>
        </g>
      ))}
      <path
        d={east.values.map((value, i) => `M${x(value)} ${y(north.values[i])}h0`).join('')}
        stroke={item.panel.fieldConfig.defaults.color.fixedColor}
        strokeWidth={4}
        strokeLinecap="round"
        opacity={0.4}
      />
      <text
        x={width / 2}
        y={height - 4}
        fontSize={12}
        textAnchor="middle"
        fill={theme.colors.text.primary}
      >
        {getFieldDisplayName(east, data[0])}
      </text>
      <text x={4} y={12} fontSize={12} fill={theme.colors.text.primary}>
        {getFieldDisplayName(north, data[0])}
      </text>
    </svg>
  )
}
