/**
 * GB 5749-2022: limits of what instruments at water works and in the network measure. The official scan was not at
 * hand; each number carries how sure we are of it, and the reasons stand in the notes of the tables.
 */

import type { BothLanguages } from '../../text.ts'
import type { Confidence } from '../definition.ts'

interface DrinkingItem {
  code: string
  /** Of our catalogue; also accepted as a name in requests. */
  property: string | null
  /** Other names that are accepted. */
  also: readonly string[]
  name: BothLanguages
  /** UCUM. */
  unit: string
  min: string | null
  max: string
  confidence: Confidence
}

type Row = readonly [
  code: string,
  en: string,
  zh: string,
  max: string,
  confidence: Confidence,
  also: readonly string[],
]

function item([code, en, zh, max, confidence, also]: Row): DrinkingItem {
  const name = { en, zh }
  return { code, property: code, also, name, unit: 'mg/L', min: null, max, confidence }
}

/** Not in the catalogue: laboratories report them. */
function unmeasured(row: Row): DrinkingItem {
  return { ...item(row), property: null }
}

/** Table 1, in part. */
export const drinkingItems: readonly DrinkingItem[] = [
  { ...item(['turbidity', 'Turbidity', '浑浊度', '1', 'B', []]), unit: '{NTU}' },
  { ...item(['ph', 'pH', 'pH值', '8.5', 'B', []]), min: '6.5', unit: '[pH]' },
  { ...item(['colour', 'Colour', '色度', '15', 'B', []]), unit: '{Pt-Co}' },
  item(['codmn', 'Permanganate index (as O2)', '高锰酸盐指数（以O2计）', '3', 'B', []]),
  item(['nh3n', 'Ammonia (as N)', '氨（以N计）', '0.5', 'B', ['ammonia']]),
  item(['total_hardness', 'Total hardness (as CaCO3)', '总硬度', '450', 'B', ['hardness']]),
  item(['dissolved_solids', 'Total dissolved solids', '溶解性总固体', '1000', 'B', ['tds']]),
  item(['sulphate', 'Sulphate', '硫酸盐', '250', 'B', []]),
  item(['chloride', 'Chloride', '氯化物', '250', 'B', []]),
  item(['iron', 'Iron', '铁', '0.3', 'B', ['fe']]),
  item(['manganese', 'Manganese', '锰', '0.1', 'B', ['mn']]),
  unmeasured(['aluminium', 'Aluminium', '铝', '0.2', 'C', ['al']]),
  item(['copper', 'Copper', '铜', '1.0', 'C', ['cu']]),
  item(['zinc', 'Zinc', '锌', '1.0', 'C', ['zn']]),
  item(['fluoride', 'Fluoride', '氟化物', '1.0', 'C', ['f']]),
  item(['nitrate_n', 'Nitrate (as N)', '硝酸盐（以N计）', '10', 'C', []]),
  item(['arsenic', 'Arsenic', '砷', '0.01', 'C', ['as']]),
  item(['cadmium', 'Cadmium', '镉', '0.005', 'C', ['cd']]),
  item(['chromium6', 'Chromium, hexavalent', '铬（六价）', '0.05', 'C', ['cr6']]),
  item(['lead', 'Lead', '铅', '0.01', 'C', ['pb']]),
  item(['mercury', 'Mercury', '汞', '0.001', 'C', ['hg']]),
  item(['cyanide', 'Cyanide', '氰化物', '0.05', 'C', ['cn']]),
  unmeasured(['chlorite', 'Chlorite', '亚氯酸盐', '0.7', 'C', []]),
  unmeasured(['chlorate', 'Chlorate', '氯酸盐', '0.7', 'C', []]),
  unmeasured(['bromate', 'Bromate', '溴酸盐', '0.01', 'C', []]),
]

/** Where the water is taken: leaving the plant, or at the end of the network. */
export const supplyPoints = ['plant', 'network'] as const
export type SupplyPoint = (typeof supplyPoints)[number]

/** In mg/L; the upper limit holds at both points, the residual is the least that must be left. */
interface Disinfectant {
  code: string
  property: string
  name: BothLanguages
  max: string
  residual: Readonly<Record<SupplyPoint, string | null>>
  confidence: Confidence
}

/** Table 2. */
export const disinfectants: readonly Disinfectant[] = [
  {
    code: 'free_chlorine',
    property: 'residual_chlorine',
    name: { en: 'Free chlorine', zh: '游离氯' },
    /** 4 in the edition of 2006. */
    max: '2',
    residual: { plant: '0.3', network: '0.05' },
    confidence: 'B',
  },
  {
    code: 'total_chlorine',
    property: 'total_chlorine',
    name: { en: 'Total chlorine (chloramine)', zh: '总氯' },
    max: '3',
    residual: { plant: '0.5', network: '0.05' },
    confidence: 'B',
  },
  {
    code: 'ozone',
    property: 'ozone_residual',
    name: { en: 'Ozone', zh: '臭氧' },
    max: '0.3',
    residual: { plant: null, network: '0.02' },
    confidence: 'C',
  },
  {
    code: 'chlorine_dioxide',
    property: 'chlorine_dioxide',
    name: { en: 'Chlorine dioxide', zh: '二氧化氯' },
    max: '0.8',
    residual: { plant: '0.1', network: '0.02' },
    confidence: 'C',
  },
]
