/** The field settings that our boards use, for Grafana's own code that applies defaults and overrides. */

const plain = [
  'unit',
  'decimals',
  'min',
  'max',
  'mappings',
  'color',
  'displayName',
  'noValue',
  'links',
]
const custom = [
  'width',
  'cellOptions',
  'wrapText',
  'minWidth',
  'lineStyle',
  'lineWidth',
  'fillOpacity',
  'showPoints',
  'pointSize',
  'drawStyle',
  'lineInterpolation',
  'barAlignment',
  'axisPlacement',
  'axisSoftMin',
  'axisSoftMax',
  'axisLabel',
  'axisCenteredZero',
  'thresholdsStyle',
  'spanNulls',
  'stacking',
  'hideFrom',
  'gradientMode',
]

function item(id, path, more) {
  return {
    id,
    path,
    name: id,
    process: (value) => value,
    shouldApply: () => true,
    settings: {},
    ...more,
  }
}

/** A board file has `null` where the lowest step begins; Grafana reads it as minus infinity. */
export function openEnded(thresholds) {
  if (thresholds === undefined) return undefined
  const steps = thresholds.steps.map(({ value, color }) => ({
    value: value ?? Number.NEGATIVE_INFINITY,
    color,
  }))
  return { ...thresholds, steps }
}

export function fieldSettings() {
  return [
    ...plain.map((id) => item(id, id)),
    item('thresholds', 'thresholds', { process: openEnded }),
    ...custom.map((id) => item(`custom.${id}`, id, { isCustom: true })),
  ]
}
