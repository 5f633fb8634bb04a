/** China's daily and hourly air quality index as the outside sees them: editions, indicators, tables for people. */

import type { BothLanguages } from '../../text.ts'
import type { IndexDefinition, Indicator, StandardTable } from '../definition.ts'
import { cnAqi } from './cn-aqi.ts'
import {
  breakpoints,
  type CnEdition,
  type CnIndicator,
  type CnReport,
  cnEditions,
  cnIndicators,
  cnLevels,
  iaqiNodes,
  reportIndicators,
} from './cn-tables.ts'
import { levelsTable } from './levels.ts'
import { belowZeroNote, massSpan, nameOf } from './pollutants.ts'
import { unknownEdition } from './unknown-edition.ts'
import { whoTable } from './who-guidelines.ts'

const formOption: BothLanguages = {
  en: 'text (unless given): as the edition is written. published: as real-time reports were published; until 2026-02-28 from means of 1 h, PM read against the column of the daily mean; since then with an AQI also where PM10 alone is blank and the rest is at most 100. details.form says which one the answer follows.',
  zh: 'text（默认）：按标准文本；published：按实际发布的实时报，2026-02-28前由1小时平均计算、颗粒物按日均值限值计算，此后仅缺PM10且其余不大于100时也给出AQI。details.form 注明所用形式。',
}

export const cnAqiDaily = definitionOf('cn-aqi-daily', {
  en: 'China air quality index, daily report',
  zh: '空气质量指数（AQI）日报',
})

export const cnAqiHourly = definitionOf('cn-aqi-hourly', {
  en: 'China air quality index, real-time report',
  zh: '空气质量指数（AQI）实时报',
})

function definitionOf(name: CnReport, title: BothLanguages): IndexDefinition {
  return {
    name,
    title,
    editions: cnEditions,
    indicators: (edition) => indicatorsOf(name, known(edition)),
    options: {
      notMonitored: {
        en: 'Pollutants that are not monitored by plan (mark "/"): they do not hold the AQI back. HJ 633-2026 5.3.2 allows it where the pollutant was never the primary one of a polluted day in three years in a row, which is for the caller to know.',
        zh: '按规划不监测的污染物列表（标注“/”），缺少时不影响AQI的发布。HJ 633-2026 5.3.2的条件（连续三年未成为轻度及以上污染日的首要污染物）由使用者确认。',
      },
      ...(name === 'cn-aqi-hourly' ? { form: formOption } : {}),
    },
    compute: (request) => cnAqi(name, known(request.edition), request),
    tables: (edition) => tablesOf(name, known(edition)),
  }
}

function known(edition: string): CnEdition {
  const found = cnEditions.find(({ id }) => id === edition)
  if (found === undefined) throw unknownEdition(edition, cnEditions)
  return found.id
}

function indicatorsOf(report: CnReport, edition: CnEdition): readonly Indicator[] {
  return cnIndicators
    .filter(({ code }) => reportIndicators[report][edition].includes(code))
    .map((indicator) => ({
      code: indicator.code,
      name: nameOf(indicator.pollutant),
      unit: massSpan(indicator.pollutant).unit,
      property: indicator.pollutant,
      averaging: averagingOf(indicator, report),
    }))
}

function averagingOf({ span, pollutant }: CnIndicator, report: CnReport): BothLanguages {
  const daily = report === 'cn-aqi-daily'
  if (span === '24h' && daily) return { en: 'mean of the natural day', zh: '24小时平均（自然日）' }
  if (span === '24h') return { en: 'moving mean of 24 h', zh: '24小时滑动平均' }
  if (span === '8h' && daily) {
    return { en: 'largest moving mean of 8 h of the day', zh: '日最大8小时滑动平均' }
  }
  if (span === '8h') return { en: 'moving mean of 8 h', zh: '8小时滑动平均' }
  if (pollutant === 'o3' && daily) {
    return { en: 'largest mean of 1 h of the day', zh: '日最大1小时平均' }
  }
  return { en: 'mean of 1 h', zh: '1小时平均' }
}

function tablesOf(report: CnReport, edition: CnEdition): readonly StandardTable[] {
  const is2026 = edition === 'HJ 633-2026'
  const codes = Object.keys(breakpoints[edition])
  return [
    {
      title: {
        en: 'Breakpoints of the sub-index (IAQI)',
        zh: '空气质量分指数及对应的污染物项目浓度限值',
      },
      clause: is2026 ? 'HJ 633-2026 table 3' : 'HJ 633-2012 table 1',
      confidence: 'A',
      columns: ['IAQI', ...codes],
      rows: iaqiNodes.map((node, i) => [
        node,
        ...codes.map((code) => breakpoints[edition][code]?.[i] ?? null),
      ]),
      notes: [
        'ug/m3, CO in mg/m3.',
        `This report counts: ${reportIndicators[report][edition].join(', ')}. Other columns are computed when given and do not count.`,
        ...(is2026 ? notes2026 : notes2012),
        belowZeroNote,
      ],
    },
    levelsTable(cnLevels, {
      title: { en: 'Levels', zh: '空气质量指数级别' },
      clause: is2026 ? 'HJ 633-2026 appendix A' : 'HJ 633-2012 table 2 and appendix A',
      confidence: 'A',
      notes: is2026
        ? ['The 2026 edition begins the index at 1. When every concentration is 0 we answer 0.']
        : [],
    }),
    ...(report === 'cn-aqi-daily' ? [whoTable] : []),
  ]
}

const notes2026 = [
  'Concentrations are first rounded by GB/T 8170 (half to even): whole ug/m3, CO to 0.1 mg/m3 (4.2.2). Sub-indices are rounded up (4.2.6).',
  'SO2 of 1 h above 800 counts as 200, O3 of 8 h above 800 as 300 (notes b and c). Above 500 the index stays at 500: the text only says where the range ends.',
  'PM of 1 h is read against the column of the daily mean; the limits of 1 h are for the real-time report only.',
  'Missing pollutants: the AQI of the rest is given when it is above 100, else no AQI, mark NA (5.3.1). Option form=published of the real-time report gives it also where PM10 alone is blank, as is published (confidence C).',
  'Primary pollutants: above 50, all that share the largest sub-index (4.3.1).',
]

const notes2012 = [
  'Sub-indices are rounded up (6.2). Concentrations are not rounded: the text says nothing of it.',
  'SO2 of 1 h above 800 is not computed and SO2 is told from so2_24h, when given; O3 of 8 h above 800 is not computed and O3 is told from its 1 h value (notes 2 and 3). Above 500 the index stays at 500.',
  'The real-time report tells PM of 1 h as well, but has no sub-index for it: the moving mean of 24 h counts. What was published until 2026-02-28 read PM of 1 h against the daily column (confidence B), as the 2026 edition does: option form=published, which counts the six means of 1 h.',
  'Missing pollutants: the text only marks them NA; we give the AQI of the rest and name what is missing.',
  'Primary pollutants: above 50, all that share the largest sub-index (4.4.2). Beijing used the edition years before the day it came into force for all of China.',
]
