/**
 * GB 3838-2002 tables 1 and 2: limits of classes I to V of surface water, and of drinking-water sources. Numbers
 * are texts as printed, in mg/L unless the item says otherwise.
 */

import type { BothLanguages } from '../../text.ts'

/** I, II, III, IV, V. */
type ClassLimits = readonly [string, string, string, string, string]

export interface SurfaceItem {
  /** Short name as used in requests and answers. */
  code: string
  /** Of our catalogue; also accepted as a name in requests. */
  property: string | null
  name: BothLanguages
  /** UCUM. */
  unit: string
  limits: ClassLimits
  /** `at least` only for dissolved oxygen. */
  bound: 'at most' | 'at least'
  /** False for items that are listed but do not decide the class of a section (环办[2011]22号, 一（一）1). */
  decides: boolean
}

type Row = readonly [code: string, property: string | null, en: string, zh: string, ...ClassLimits]

function item([code, property, en, zh, ...limits]: Row): SurfaceItem {
  return {
    code,
    property,
    name: { en, zh },
    unit: 'mg/L',
    limits,
    bound: 'at most',
    decides: true,
  }
}

const concentrations: readonly Row[] = [
  ['codmn', 'codmn', 'Permanganate index', '高锰酸盐指数', '2', '4', '6', '10', '15'],
  ['cod', 'cod', 'Chemical oxygen demand', '化学需氧量', '15', '15', '20', '30', '40'],
  ['bod5', 'bod5', 'BOD, 5 days', '五日生化需氧量', '3', '3', '4', '6', '10'],
  ['nh3n', 'nh3n', 'Ammonia nitrogen', '氨氮', '0.15', '0.5', '1.0', '1.5', '2.0'],
  ['tp_river', null, 'Total phosphorus, river', '总磷（河流）', '0.02', '0.1', '0.2', '0.3', '0.4'],
  [
    'tp_lake',
    null,
    'Total phosphorus, lake',
    '总磷（湖库）',
    '0.01',
    '0.025',
    '0.05',
    '0.1',
    '0.2',
  ],
  ['cu', 'copper', 'Copper', '铜', '0.01', '1.0', '1.0', '1.0', '1.0'],
  ['zn', 'zinc', 'Zinc', '锌', '0.05', '1.0', '1.0', '2.0', '2.0'],
  ['f', 'fluoride', 'Fluoride', '氟化物', '1.0', '1.0', '1.0', '1.5', '1.5'],
  ['se', 'selenium', 'Selenium', '硒', '0.01', '0.01', '0.01', '0.02', '0.02'],
  ['as', 'arsenic', 'Arsenic', '砷', '0.05', '0.05', '0.05', '0.1', '0.1'],
  ['hg', 'mercury', 'Mercury', '汞', '0.00005', '0.00005', '0.0001', '0.001', '0.001'],
  ['cd', 'cadmium', 'Cadmium', '镉', '0.001', '0.005', '0.005', '0.005', '0.01'],
  ['cr6', 'chromium6', 'Chromium, hexavalent', '铬（六价）', '0.01', '0.05', '0.05', '0.05', '0.1'],
  ['pb', 'lead', 'Lead', '铅', '0.01', '0.01', '0.05', '0.05', '0.1'],
  ['cn', 'cyanide', 'Cyanide', '氰化物', '0.005', '0.05', '0.2', '0.2', '0.2'],
  [
    'phenol',
    'volatile_phenol',
    'Volatile phenol',
    '挥发酚',
    '0.002',
    '0.002',
    '0.005',
    '0.01',
    '0.1',
  ],
  ['oil', 'petroleum', 'Petroleum', '石油类', '0.05', '0.05', '0.05', '0.5', '1.0'],
  [
    'las',
    'anionic_surfactant',
    'Anionic surfactant',
    '阴离子表面活性剂',
    '0.2',
    '0.2',
    '0.2',
    '0.3',
    '0.3',
  ],
  ['sulphide', 'sulphide', 'Sulphide', '硫化物', '0.05', '0.1', '0.2', '0.5', '1.0'],
]

/** Table 1 without water temperature and pH, which have no limits per class. */
export const surfaceItems: readonly SurfaceItem[] = [
  {
    ...item(['do', 'dissolved_oxygen', 'Dissolved oxygen', '溶解氧', '7.5', '6', '5', '3', '2']),
    bound: 'at least',
  },
  ...concentrations.map(item),
  {
    ...item([
      'tn',
      'tn',
      'Total nitrogen (lakes)',
      '总氮（湖、库）',
      '0.2',
      '0.5',
      '1.0',
      '1.5',
      '2.0',
    ]),
    decides: false,
  },
  {
    ...item([
      'fcoli_per_l',
      'faecal_coliform',
      'Faecal coliform',
      '粪大肠菌群',
      ...(['200', '2000', '10000', '20000', '40000'] as const),
    ]),
    unit: '{CFU}/L',
    decides: false,
  },
]

/** Table 1: the same for all five classes. */
export const phRange = { min: '6', max: '9' } as const

/** Table 1, class I: this share of saturation instead of 7.5 mg/L. In per cent. */
export const saturationOfClassI = '90'

interface SourceItem {
  code: string
  property: string
  name: BothLanguages
  limit: string
}

/** Table 2: additional items for centralised drinking-water sources, mg/L. */
export const sourceItems: readonly SourceItem[] = [
  { code: 'sulphate', property: 'sulphate', name: { en: 'Sulphate', zh: '硫酸盐' }, limit: '250' },
  { code: 'chloride', property: 'chloride', name: { en: 'Chloride', zh: '氯化物' }, limit: '250' },
  {
    code: 'nitrate_n',
    property: 'nitrate_n',
    name: { en: 'Nitrate nitrogen', zh: '硝酸盐氮' },
    limit: '10',
  },
  { code: 'fe', property: 'iron', name: { en: 'Iron', zh: '铁' }, limit: '0.3' },
  { code: 'mn', property: 'manganese', name: { en: 'Manganese', zh: '锰' }, limit: '0.1' },
]
