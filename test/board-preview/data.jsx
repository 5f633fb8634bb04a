/** Frames as the panel gets them: transformed as the board says, with units, thresholds, words and colours applied. */

import {
  applyFieldOverrides,
  cacheFieldDisplayNames,
  dateTime,
  FieldType,
  standardFieldConfigEditorRegistry,
  toDataFrame,
  transformDataFrame,
} from '@grafana/data'
import { firstValueFrom } from 'rxjs'
import { fieldSettings, openEnded } from './registry.jsx'

standardFieldConfigEditorRegistry.setInit(fieldSettings)

const types = { time: FieldType.time, number: FieldType.number, string: FieldType.string }

function frameOf({ name, refId, fields }) {
  return toDataFrame({
    name,
    refId,
    fields: fields.map((field) => ({
      name: field.name,
      type: types[field.type],
      values: field.values,
      labels: field.labels,
      config: field.type === 'time' ? {} : { displayNameFromDS: field.title },
    })),
  })
}

/** What the plugins of these panels give each field unless the board says otherwise. */
const usual = {
  timeseries: {
    drawStyle: 'line',
    lineWidth: 1,
    showPoints: 'auto',
    axisPlacement: 'auto',
    pointSize: 5,
    fillOpacity: 0,
    lineInterpolation: 'linear',
    barAlignment: 0,
  },
}

export async function prepared(item, theme) {
  const { panel, timeZone } = item
  const frames = item.frames.map(frameOf)
  const transformed = await firstValueFrom(transformDataFrame(panel.transformations ?? [], frames))
  const { defaults, overrides } = panel.fieldConfig
  const given = {
    ...defaults,
    thresholds: openEnded(defaults.thresholds),
    custom: { ...usual[panel.type], ...defaults.custom },
  }
  const fieldConfig = { defaults: given, overrides }
  const data = applyFieldOverrides({
    data: transformed,
    fieldConfig,
    fieldConfigRegistry: standardFieldConfigEditorRegistry,
    replaceVariables: (text) => text,
    theme,
    timeZone,
  })
  cacheFieldDisplayNames(data)
  return data
}

export function timeRange({ range: { from, to } }) {
  const ends = { from: dateTime(from), to: dateTime(to) }
  return { ...ends, raw: ends }
}
