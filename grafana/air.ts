/** Air: the index and its edition, what decides it, the six pollutants against their limits, and the wind. */

import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { boxedIndices, pollutantCharts } from './air-pollutants.ts'
import { windPanels } from './air-wind.ts'
import { alertMarks } from './parts/annotations.ts'
import { hourWindow, namesOf, ofIndex } from './parts/asks.ts'
import { boardOf } from './parts/board.ts'
import { type Ask, inScope, newest, select } from './parts/influxql.ts'
import { siteUrl } from './parts/links.ts'
import { map } from './parts/panels/map.ts'
import { joinedBy, table } from './parts/panels/table.ts'
import { aqiSteps } from './parts/scales.ts'
import { both, paragraphs } from './parts/text.ts'
import { district, language, ofKind, site } from './parts/variables.ts'

const names = namesOf(ofKind(['air-station']), inScope, ['lat', 'lon'])

const hourly: Ask = {
  table: true,
  text: select({
    what: newest('value', ['level', 'primary', 'category_$lang']),
    from: 'site_index',
    where: [ofIndex('cn-aqi-hourly'), inScope],
    by: '"site", "edition"',
  }),
}

const stationMap = map({
  title: both('各站 AQI', 'AQI of the stations'),
  about: paragraphs(
    '最近一个完整小时的实时 AQI，颜色按 HJ 633。',
    'The hourly AQI of the last full hour, in the colours of HJ 633.',
  ),
  at: [0, 0, 11, 11],
  window: hourWindow,
  ask: [hourly, names],
  transform: [joinedBy('site')],
  layers: [{ name: both('空气站', 'Air stations'), symbol: 'circle' }],
  field: 'value',
  scale: { steps: aqiSteps },
  titles: {
    name: both('名称', 'Name'),
    site: both('站点', 'Site'),
    value: 'AQI',
    primary: both('首要污染物', 'Primary pollutant'),
    category: both('类别', 'Category'),
    edition: both('标准版本', 'Edition'),
  },
  link: { title: both('只看该站', 'This station only'), url: siteUrl('bw-air') },
})

const stationTable = table({
  title: both('实时 AQI', 'Hourly AQI'),
  about: paragraphs(
    '每站最近一个完整小时：AQI、类别、首要污染物，以及所依据的标准版本。未满一小时的数据不计。',
    'Of each station, the last full hour: AQI, category, primary pollutant, and the edition of the standard it was made by.',
  ),
  at: [11, 0, 13, 11],
  window: hourWindow,
  ask: [hourly, names],
  transform: [joinedBy('site')],
  columns: [
    { field: 'value', title: 'AQI', width: 64, decimals: 0, scale: { steps: aqiSteps } },
    { field: 'name', title: both('名称', 'Name') },
    { field: 'category', title: both('类别', 'Category'), width: 120 },
    { field: 'primary', title: both('首要污染物', 'Primary'), width: 150, blank: '—' },
    { field: 'edition', title: both('标准', 'Edition'), width: 110 },
    {
      field: 'site',
      title: both('站点', 'Site'),
      width: 100,
      link: { title: both('只看该站', 'This station only'), url: siteUrl('bw-air') },
    },
  ],
  hide: ['Time', 'Time 1', 'Time 2', 'level', 'level_code', 'lat', 'lon'],
  sort: [{ by: 'AQI', desc: true }],
})

export const airBoard: Dashboard = boardOf({
  uid: 'bw-air',
  about: {
    zh: '大气监管与应急：各站 AQI 及其依据的标准版本、六项污染物与限值、风从哪里来。',
    en: 'For air quality staff: the AQI of each station with its edition, six pollutants against their limits, and where the wind comes from.',
  },
  from: 'now-48h',
  refresh: '1m',
  variables: [district, site(['air-station'], 'any'), language],
  marks: alertMarks(),
  panels: [
    stationMap,
    stationTable,
    ...boxedIndices(11),
    ...pollutantCharts(31),
    ...windPanels(45),
  ],
})
