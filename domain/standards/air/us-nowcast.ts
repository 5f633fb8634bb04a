/**
 * EPA's NowCast: the air quality index of the current hour from lists of hourly means, newest first. PM2.5 and PM10
 * from 12 hours, ozone from two weeks or, with less, from its latest hour (the surrogate).
 */

import type { BothLanguages } from '../../text.ts'
import { type Decimal, exactly, toNumber, toText, truncate } from '../decimal.ts'
import type { IndexAnswer, IndexDefinition, IndexRequest } from '../definition.ts'
import { hourlyLists } from './hourly-lists.ts'
import { ozoneHoursMost, ozoneNowcast } from './ozone-nowcast.ts'
import { pmNowcast } from './pm-nowcast.ts'
import { nameOf, type Pollutant } from './pollutants.ts'
import { unknownEdition } from './unknown-edition.ts'
import { usVerdict } from './us-aqi.ts'
import { usSubIndex } from './us-column.ts'
import { usTables } from './us-definitions.ts'
import { usColumns, usEdition } from './us-tables.ts'

interface Nowcast {
  index: number | null
  details: Readonly<Record<string, unknown>>
  notes: readonly BothLanguages[]
}

function columnOf(code: string) {
  const column = usColumns.find((one) => one.code === code)
  if (column === undefined) throw new Error(`EPA's table has no column ${code}.`)
  return column
}

function ofParticles(pollutant: 'pm25' | 'pm10', hours: readonly (Decimal | null)[]): Nowcast {
  const nowcast = pmNowcast(hours)
  if (nowcast === null) {
    return {
      index: null,
      details: { nowcast: null, reported: null },
      notes: [
        {
          en: `${nameOf(pollutant).en}: no NowCast, fewer than two of the newest three hours are there.`,
          zh: `${nameOf(pollutant).zh}：最近3小时中有效数据少于2小时，不给出NowCast。`,
        },
      ],
    }
  }
  const { index, truncated } = usSubIndex(nowcast, columnOf(`${pollutant}_24h`))
  const reported = toText(truncated, pollutant === 'pm25' ? 1 : 0)
  return { index, details: { nowcast: toNumber(nowcast), reported, aqi: index }, notes: [] }
}

function ofOzone(hours: readonly (Decimal | null)[]): Nowcast {
  const { ppb, method } = ozoneNowcast(hours.map((one) => (one === null ? null : toNumber(one))))
  const details = { nowcast_ppb: ppb, method_id: method, surrogate: [3, 5, 7].includes(method) }
  if (ppb === null) {
    return {
      index: null,
      details: { ...details, reported: null, aqi: null },
      notes: [
        {
          en: 'Ozone: no NowCast, none of the newest three hours is there.',
          zh: '臭氧：最近3小时均无有效数据，不给出NowCast。',
        },
      ],
    }
  }
  const ppm = truncate({ num: exactly(ppb.toFixed(6)).num, den: 1_000_000_000n }, 3)
  const { index } = usSubIndex(ppm, columnOf('o3_8h'))
  return {
    index,
    details: { ...details, reported: toText(ppm, 3), aqi: index },
    notes: details.surrogate
      ? [
          {
            en: 'Ozone: the surrogate of EPA (0.85 × O3 + 4.5 ppb), for want of two nearly complete weeks.',
            zh: '臭氧：两周数据不足，采用美国环保局替代公式（0.85×O3+4.5 ppb）。',
          },
        ]
      : [],
  }
}

function compute(request: IndexRequest): IndexAnswer {
  if (request.edition !== usEdition.id) throw unknownEdition(request.edition, [usEdition])
  const sub: Record<string, number | null> = {}
  const details: Record<string, unknown> = {}
  const notes: BothLanguages[] = []
  const ofPollutant = new Map<Pollutant, number | null>()
  for (const { key, pollutant, hours } of hourlyLists(request)) {
    const found = pollutant === 'o3' ? ofOzone(hours) : ofParticles(pollutant, hours)
    sub[key] = found.index
    sub[pollutant] = found.index
    ofPollutant.set(pollutant, found.index)
    details[pollutant] = found.details
    notes.push(...found.notes)
  }
  const verdict = usVerdict(ofPollutant)
  return { index: 'us-nowcast', edition: request.edition, sub, ...verdict, details, notes }
}

const hourlyMeans = { en: 'list of hourly means, newest first', zh: '逐小时平均值列表，最新在前' }

export const usNowcastDefinition: IndexDefinition = {
  name: 'us-nowcast',
  title: { en: 'US EPA NowCast', zh: '美国环保局NowCast实时指数' },
  editions: [usEdition],
  indicators: () => [
    { code: 'pm25', name: nameOf('pm25'), unit: 'ug/m3', property: 'pm25', averaging: hourlyMeans },
    { code: 'pm10', name: nameOf('pm10'), unit: 'ug/m3', property: 'pm10', averaging: hourlyMeans },
    { code: 'o3_ppb', name: nameOf('o3'), unit: '[ppb]', property: null, averaging: hourlyMeans },
  ],
  options: {
    pollutant: {
      en: 'For a list named values_newest_first: pm25 or pm10.',
      zh: '当列表名为values_newest_first时，指明pm25或pm10。',
    },
  },
  compute,
  tables: () => [
    {
      title: { en: 'NowCast', zh: 'NowCast算法' },
      clause: 'EPA-454/B-24-002 p. 16; github.com/USEPA/O3-Nowcast',
      confidence: 'A',
      columns: ['pollutant', 'hours', 'needs', 'formula', 'index by column'],
      rows: [
        [
          'pm25, pm10',
          12,
          '2 of the newest 3',
          'Σ wⁿ·c / Σ wⁿ, w = smallest/largest, at least 0.5',
          'pm25_24h, pm10_24h',
        ],
        [
          'o3_ppb',
          336,
          '252, no gap over 7 h',
          'least squares: 8 h mean around an hour from its last 96 hours',
          'o3_8h',
        ],
        ['o3_ppb, else', 3, '1', '0.85 × O3 + 4.5 ppb (surrogate)', 'o3_8h'],
      ],
      notes: [
        'Missing hours are left out of both sums; the exponent stays the age. The result is cut (PM2.5 0.1, PM10 1, ozone 0.001 ppm) before the index.',
        `A list holds at most ${ozoneHoursMost} hours; PM looks at the newest 12. Where all hours are zero the NowCast is 0.`,
        'Ozone, confidence B: EPA publishes no expected numbers; we agree with the exact least-squares solution of its example. details.o3.method_id says which way was taken.',
        'Where the current hour of ozone is missing EPA repeats the NowCast it has published for an earlier hour; we compute that one again from the list.',
      ],
    },
    ...usTables,
  ],
}
