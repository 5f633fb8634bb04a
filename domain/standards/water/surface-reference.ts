/**
 * What people are told about GB 3838-2002: editions, names of values, states and colours of a section, remarks,
 * and the tables as they are used.
 */

import type { BothLanguages } from '../../text.ts'
import type { Edition, Indicator, StandardTable } from '../definition.ts'
import { phRange, saturationOfClassI, sourceItems, surfaceItems } from './surface-limits.ts'

export const surfaceEditions: readonly Edition[] = [
  {
    id: 'GB 3838-2002',
    title: { en: 'Environmental quality standards for surface water', zh: '地表水环境质量标准' },
    inForceFrom: '2002-06-01',
    inForceTo: null,
    source: 'Official PDF (Ministry of Ecology and Environment)',
    confidence: 'A',
  },
]

interface SectionState {
  name: BothLanguages
  colour: string
}

const excellent: SectionState = { name: { en: 'Excellent', zh: '优' }, colour: 'blue' }

/** By grade (环办[2011]22号 table 1). */
export const sectionStates: readonly SectionState[] = [
  excellent,
  excellent,
  { name: { en: 'Good', zh: '良好' }, colour: 'green' },
  { name: { en: 'Slightly polluted', zh: '轻度污染' }, colour: 'yellow' },
  { name: { en: 'Moderately polluted', zh: '中度污染' }, colour: 'orange' },
  { name: { en: 'Heavily polluted', zh: '重度污染' }, colour: 'red' },
]

const averaging: BothLanguages = {
  en: 'sample, or mean of the day of online readings',
  zh: '采样值，或在线监测日均值',
}

const others: readonly Indicator[] = [
  { code: 'ph', name: { en: 'pH', zh: 'pH值' }, unit: '[pH]', property: 'ph', averaging },
  {
    code: 'oxygen_saturation',
    name: { en: 'Oxygen saturation', zh: '溶解氧饱和率' },
    unit: '%',
    property: 'oxygen_saturation',
    averaging,
  },
  {
    code: 'water_temperature',
    name: { en: 'Water temperature', zh: '水温' },
    unit: 'Cel',
    property: 'water_temperature',
    averaging,
  },
  {
    code: 'tp',
    name: { en: 'Total phosphorus (option waterBody)', zh: '总磷（见选项 waterBody）' },
    unit: 'mg/L',
    property: 'tp',
    averaging,
  },
]

export const surfaceIndicators: readonly Indicator[] = [
  ...others,
  ...surfaceItems.map(({ code, name, unit, property }) => ({
    code,
    name,
    unit,
    property,
    averaging,
  })),
  ...sourceItems.map(({ code, name, property }) => ({
    code,
    name,
    unit: 'mg/L',
    property,
    averaging,
  })),
]

/** Every accepted name of a value: ours and that of the catalogue. */
export const surfaceCodes: ReadonlyMap<string, string> = new Map([
  ...surfaceIndicators.map(({ code }) => [code, code] as const),
  ...surfaceIndicators.flatMap(({ code, property }) =>
    property === null ? [] : [[property, code] as const],
  ),
])

export const surfaceNotes = {
  nothing: {
    en: 'No value that takes part in the class was given.',
    zh: '没有可参与类别评价的数值。',
  },
  river: {
    en: 'Total phosphorus was judged by the limits for rivers, because waterBody was not given.',
    zh: '未给出 waterBody，总磷按河流限值评价。',
  },
  bothPhosphorus: {
    en: 'Total phosphorus was judged both as of a river and as of a lake; a section is one of them.',
    zh: '总磷同时按河流和湖库评价，而一个断面只属其一。',
  },
  temperature: {
    en: 'Water temperature is not evaluated: the standard limits the change that people cause, as a mean of the week.',
    zh: '水温不参与评价：标准限定的是人为造成的周平均温升与温降。',
  },
  listedOnly: {
    en: 'Total nitrogen and faecal coliform are listed, but do not take part in the class.',
    zh: '总氮、粪大肠菌群单独列出，不参与类别评价。',
  },
  belowDetection: {
    en: 'Below the detection limit ("0.025L", "<0.025"): half of it takes part (HJ 91.2-2022), see details.belowDetection.',
    zh: '低于检出限（“0.025L”“<0.025”）的项目以检出限的一半参与评价（HJ 91.2-2022），见 details.belowDetection。',
  },
} as const satisfies Record<string, BothLanguages>

const classNames = ['I', 'II', 'III', 'IV', 'V', 'V+'] as const

export const surfaceTables: readonly StandardTable[] = [
  {
    title: { en: 'Limits of the classes', zh: '地表水环境质量标准基本项目标准限值' },
    clause: 'GB 3838-2002 table 1',
    confidence: 'A',
    columns: ['item', 'unit', 'bound', 'I', 'II', 'III', 'IV', 'V', 'decides the class'],
    rows: [
      [
        'ph',
        '[pH]',
        'between',
        ...classNames.slice(0, 5).map(() => `${phRange.min} to ${phRange.max}`),
        'yes',
      ],
      ...surfaceItems.map(({ code, unit, bound, limits, decides }) => [
        code,
        unit,
        bound,
        ...limits,
        decides ? 'yes' : 'no',
      ]),
    ],
    notes: [
      `Dissolved oxygen is class I also from ${saturationOfClassI} % of saturation.`,
      'Equal limits of neighbouring classes give the better class. pH outside of its range is worse than class V.',
      'Worse than class V is written V+ (劣V).',
      'A value below its detection limit is given as "0.025L" or "<0.025"; half of the limit takes part and is named in the answer (HJ 91.2-2022, confidence C: the text was not read).',
      'Values are compared as they are, or with option comparison=rounded by the decimals of the limit (GB/T 8170-2008 4.3; confidence B).',
      'Values below zero, where instruments scatter in clean water, are judged as they are: class I.',
      'Water temperature (weekly mean: rise at most 1 °C, drop at most 2 °C, caused by people) is not evaluated.',
      'The standard judges samples; with online readings use means of the day, or call the result one of the moment.',
    ],
  },
  {
    title: { en: 'Drinking-water sources', zh: '集中式生活饮用水地表水源地补充项目标准限值' },
    clause: 'GB 3838-2002 table 2',
    confidence: 'A',
    columns: ['item', 'unit', 'at most'],
    rows: sourceItems.map(({ code, limit }) => [code, 'mg/L', limit]),
    notes: ['Reported as meets or exceeds; they do not take part in the class.'],
  },
  {
    title: { en: 'State of a section', zh: '断面水质定性评价' },
    clause: 'GB 3838-2002 5.1; 环办[2011]22号, 二',
    confidence: 'B',
    columns: ['class', 'state', '状况', 'colour'],
    rows: classNames.map((name, i) => [
      name,
      sectionStates[i]?.name.en ?? null,
      sectionStates[i]?.name.zh ?? null,
      sectionStates[i]?.colour ?? null,
    ]),
    notes: [
      'The worst item decides (5.1). Total nitrogen, faecal coliform and water temperature do not take part.',
      'Main pollution indicators: of the items over class III the worst class first, then the largest multiple over class III; three at most. pH and dissolved oxygen have no multiple and come last in their class.',
      'Multiples are (C − Cs) / Cs, to two decimals (more where those would be 0), a half to the even digit (GB/T 8170).',
      'Colours: confidence C; the method gives names, no RGB values.',
    ],
  },
]
