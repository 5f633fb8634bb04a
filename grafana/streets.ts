/** Streets and drains: where water stands, how deep against the bounds, what rain did it, and what the outfalls carry. */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { type AlertLevel, alertLevels } from '../domain/rule.ts'
import { streetDepth } from '../domain/standards/flood/street.ts'
import { alertMarks } from './parts/annotations.ts'
import { counted, hourWindow, namesOf } from './parts/asks.ts'
import { boardOf } from './parts/board.ts'
import { type Ask, inDistrict, inner, inScope, newest, select, sound } from './parts/influxql.ts'
import { above, levelName, stepsFrom } from './parts/levels.ts'
import { siteUrl } from './parts/links.ts'
import { chart } from './parts/panels/chart.ts'
import { map } from './parts/panels/map.ts'
import { joinedBy, table } from './parts/panels/table.ts'
import { tiles } from './parts/panels/tiles.ts'
import { seriesColours } from './parts/series-colours.ts'
import { both, paragraphs, propertyTitle } from './parts/text.ts'
import * as units from './parts/units.ts'
import { district, hidden, language, ofKind, site } from './parts/variables.ts'

const metres = units.unitOf('water_depth')
const steps = stepsFrom(streetDepth.levels)
const where = [inScope, sound('water_depth')]
const source = { zh: `界限：${streetDepth.clause}。`, en: `Bounds: ${streetDepth.clause}.` }

function streetsFrom(level: AlertLevel, label: string): Ask {
  const newestDepths = inner({ what: newest('water_depth'), from: 'hydro', where, by: '"site"' })
  const bound = streetDepth.levels[level]
  const deep = inner({
    what: 'count("water_depth") AS "n"',
    from: newestDepths,
    where: [`"water_depth" >= ${typeof bound === 'number' ? bound : 0}`],
  })
  return counted(label, deep)
}

const counts = tiles({
  title: both('积水路段数', 'Streets under water'),
  about: paragraphs(
    `最新深度达到各界限的路段数（深的计入浅的）。${source.zh}`,
    `How many streets stand at or above each bound now; a deeper one counts for the lower bounds too. ${source.en}`,
  ),
  at: [0, 0, 24, 4],
  window: hourWindow,
  calc: 'sum',
  tiles: alertLevels.map((level) => {
    const label = `${levelName(level)} ≥ ${String(streetDepth.levels[level])} m`
    return { label, ask: streetsFrom(level, label), scale: { steps: above(1, level) } }
  }),
})

const newestDepth: Ask = {
  table: true,
  text: select({ what: newest('water_depth'), from: 'hydro', where, by: '"site"' }),
}

const streetMap = map({
  title: both('积水分布', 'Where water stands'),
  about: paragraphs(
    `各路段最新积水深度。${source.zh}`,
    `The newest depth on each street. ${source.en}`,
  ),
  at: [0, 4, 12, 12],
  window: hourWindow,
  ask: [newestDepth, namesOf(ofKind(['street']), inScope, ['lat', 'lon'])],
  transform: [joinedBy('site')],
  layers: [{ name: both('道路', 'Streets'), symbol: 'square' }],
  field: 'water_depth',
  scale: { steps },
  titles: {
    name: both('名称', 'Name'),
    site: both('站点', 'Site'),
    water_depth: propertyTitle('water_depth'),
  },
  overrides: [{ field: 'water_depth', set: { unit: metres, decimals: 2 } }],
  link: { title: both('只看该路段', 'This street only'), url: siteUrl('bw-streets') },
})

const depthTable = table({
  title: both('最深路段', 'Deepest streets'),
  about: paragraphs(
    `最新深度，深的在前；“观测于”为读数时间：休眠的传感器每小时才上报一次。${source.zh}`,
    `The newest depth, the deepest first, and when it was observed: sensors that sleep report once an hour. ${source.en}`,
  ),
  at: [12, 4, 12, 12],
  window: hourWindow,
  ask: [newestDepth, namesOf(ofKind(['street']), inScope, ['silent_s'])],
  transform: [joinedBy('site')],
  columns: [
    {
      field: 'water_depth',
      title: both('深度', 'Depth'),
      width: 90,
      unit: metres,
      decimals: 2,
      scale: { steps },
    },
    { field: 'name', title: both('名称', 'Name') },
    { field: 'silent_s', title: both('距上次', 'Since'), width: 110, unit: units.age },
    {
      field: 'site',
      title: both('站点', 'Site'),
      width: 120,
      link: { title: both('只看该路段', 'This street only'), url: siteUrl('bw-streets') },
    },
  ],
  hide: ['Time', 'Time 1', 'Time 2', 'level_code'],
  sort: [{ by: both('深度', 'Depth'), desc: true }],
})

const depths = chart({
  title: both('积水过程', 'Depth over time'),
  about: paragraphs(
    `时间范围内曾超过 5 厘米的路段。${source.zh}`,
    `Streets that stood under more than 5 cm within the time range. ${source.en}`,
  ),
  at: [0, 16, 24, 9],
  every: '5m',
  unit: metres,
  decimals: 2,
  bounds: steps,
  reach: [0, 0.3],
  legend: 'none',
  gapMs: 3_600_000,
  ask: [
    {
      text: select({
        what: 'max("water_depth")',
        from: 'hydro',
        where: [...where, '"water_depth" > 0.05'],
        by: 'time($__interval), "site" fill(none)',
      }),
      alias: '$tag_site',
    },
  ],
})

const heaviest = both('最大站', 'Heaviest gauge')

const cause = chart({
  title: both('雨量（15分钟）', 'Rain in 15 minutes'),
  about: paragraphs(
    '起因：同一时段雨量最大的雨量站。',
    'The cause: the heaviest rain gauge of the district at the time.',
  ),
  at: [0, 25, 24, 6],
  every: '15m',
  as: 'bars',
  unit: units.unitOf('rainfall'),
  decimals: 1,
  reach: [0, 5],
  legend: 'none',
  ask: [
    {
      text: select({
        what: `max("mm") AS "${heaviest}"`,
        from: inner({
          what: 'sum("rainfall") AS "mm"',
          from: 'hydro',
          where: [inDistrict, sound('rainfall')],
          // Rain of a reading fell before it: (from, to].
          by: 'time(15m, 1ms), "device" fill(none)',
        }),
        by: 'time(15m) fill(none)',
      }),
      alias: '$col',
    },
  ],
  colours: { [heaviest]: seriesColours.main },
})

const highest = both('最高', 'Highest')
const mean = both('平均', 'Mean')

function outfall(code: string, i: number): Builder<Panel> {
  return chart({
    title: `${both('排口', 'Outfalls')} · ${propertyTitle(code)}`,
    about: paragraphs(
      '各排口中最高与平均。',
      'The highest and the mean of all outfalls of the district.',
    ),
    at: [i * 8, 31, 8, 8],
    every: '15m',
    unit: units.unitOf(code),
    decimals: i === 0 ? 2 : 1,
    reach: [0, undefined],
    gapMs: 3_600_000,
    ask: [
      {
        text: select({
          what: `max("${code}") AS "${highest}", mean("${code}") AS "${mean}"`,
          from: units.measurementOf(code),
          where: ['"site" =~ /^$outfall$/', sound(code)],
          by: 'time($__interval) fill(null)',
        }),
        alias: '$col',
      },
    ],
    colours: { [highest]: seriesColours.second, [mean]: seriesColours.main },
  })
}

export const streetsBoard: Dashboard = boardOf({
  uid: 'bw-streets',
  about: {
    zh: '城市内涝值守：哪些路段积水、多深、是哪场雨；排口流量与水质。',
    en: 'For those who close streets and run pumps: where water stands, how deep, after which rain; what the outfalls carry.',
  },
  from: 'now-12h',
  refresh: '1m',
  variables: [district, site(['street'], 'any'), hidden('outfall', ['outfall']), language],
  marks: alertMarks(),
  panels: [
    counts,
    streetMap,
    depthTable,
    depths,
    cause,
    ...['flow', 'cod', 'nh3n'].map((code, i) => outfall(code, i)),
  ],
})
