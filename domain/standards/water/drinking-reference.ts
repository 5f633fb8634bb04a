/** What people are told about GB 5749-2022: edition, names of values, remarks, and the tables with their marks. */

import type { BothLanguages } from '../../text.ts'
import type { Edition, Indicator, StandardTable } from '../definition.ts'
import { disinfectants, drinkingItems } from './drinking-limits.ts'

export const drinkingEditions: readonly Edition[] = [
  {
    id: 'GB 5749-2022',
    title: { en: 'Standards for drinking water quality', zh: '生活饮用水卫生标准' },
    inForceFrom: '2023-04-01',
    inForceTo: null,
    source: 'Foreword read (jianbiaoku 168489); tables from secondary sources, marked item by item',
    confidence: 'B',
  },
]

const averaging: BothLanguages = {
  en: 'sample, or the reading of an instrument',
  zh: '采样值，或在线监测值',
}

export const drinkingIndicators: readonly Indicator[] = [
  ...drinkingItems.map(({ code, name, unit, property }) => ({
    code,
    name,
    unit,
    property,
    averaging,
  })),
  ...disinfectants.map(({ code, name, property }) => ({
    code,
    name,
    unit: 'mg/L',
    property,
    averaging,
  })),
]

/** Every accepted name of a value. */
export const drinkingCodes: ReadonlyMap<string, string> = new Map([
  ...drinkingItems.flatMap(({ code, also }) =>
    [code, ...also].map((name) => [name, code] as const),
  ),
  ...disinfectants.flatMap(({ code, property }) =>
    [code, property].map((name) => [name, code] as const),
  ),
])

export const drinkingNotes = {
  nothing: { en: 'No value was given.', zh: '没有给出数值。' },
  network: {
    en: 'Residuals of disinfectants were judged as at the end of the network, because point was not given.',
    zh: '未给出 point，消毒剂余量按管网末梢水要求评价。',
  },
  belowDetection: {
    en: 'Below the detection limit ("0.005L", "<0.005"): half of it takes part, see details.belowDetection.',
    zh: '低于检出限（“0.005L”“<0.005”）的项目以检出限的一半参与评价，见 details.belowDetection。',
  },
} as const satisfies Record<string, BothLanguages>

export const drinkingTables: readonly StandardTable[] = [
  {
    title: { en: 'Items that instruments measure', zh: '在线监测项目限值' },
    clause: 'GB 5749-2022 table 1 (part)',
    confidence: 'C',
    columns: ['item', 'unit', 'at least', 'at most', 'confidence'],
    rows: drinkingItems.map(({ code, unit, min, max, confidence }) => [
      code,
      unit,
      min,
      max,
      confidence,
    ]),
    notes: [
      'Have someone read the official PDF before alerts depend on a number marked C. B: two or more public tables agree; C: one source or general knowledge.',
      'Turbidity of small or scattered supplies whose source and treatment are limited: 3 NTU (confidence C); not applied here.',
      'Conductivity, temperature and oxidation-reduction potential have no limit in the standard.',
      'aluminium, chlorite, chlorate and bromate are values of laboratories; the catalogue has no property of them.',
      'Results: meets, above or below. The index is "exceeds" when one item is beyond its limits; itemsBeyond counts them.',
    ],
  },
  {
    title: { en: 'Disinfectants', zh: '生活饮用水消毒剂常规指标及要求' },
    clause: 'GB 5749-2022 table 2',
    confidence: 'B',
    columns: [
      'item',
      'unit',
      'at most, both points',
      'residual leaving the plant',
      'residual at the end of the network',
      'confidence',
    ],
    rows: disinfectants.map(({ code, max, residual, confidence }) => [
      code,
      'mg/L',
      max,
      residual.plant,
      residual.network,
      confidence,
    ]),
    notes: [
      'Free chlorine: at most 2 mg/L; it was 4 in the edition of 2006.',
      'Ozone and chlorine dioxide are as in the edition of 2006 (confidence C for 2022).',
      'Contact times (chlorine 30 min, chloramine 120 min, ozone 12 min, chlorine dioxide 30 min) are not judged.',
      'Our choice: a residual is required of the disinfectant in use; where that is not said, one of those measured must reach its residual.',
    ],
  },
]
