/**
 * Water quality: the items of GB 3838-2002 tables 1 and 2 that instruments measure, what water works watch
 * (GB 5749-2022), and what sondes add. Concentrations are in mg/L.
 *
 * Ranges reach from clean springs to raw sewage and brine. Optical sensors scatter below zero in clear water
 * (turbidity, chlorophyll, fDOM), wet-chemistry analysers a little; both are kept.
 */

import type { Property } from '../property.ts'
import {
  intoCelsius,
  intoMetre,
  intoMicrogramPerLitre,
  intoMicrosiemensPerCentimetre,
  intoMilligramPerLitre,
  intoMillivolt,
  intoPercent,
  none,
} from './units.ts'

const mean = { domain: 'water', quantity: 'instant' } as const

/** A concentration in mg/L. */
function milligrams(
  code: string,
  [en, zh]: readonly [string, string],
  [max, hj212]: readonly [number, string | null],
): Property {
  const convertible = intoMilligramPerLitre
  return {
    ...mean,
    code,
    name: { en, zh },
    unit: 'mg/L',
    min: -max / 1_000,
    max,
    hj212,
    convertible,
  }
}

const physical: readonly Property[] = [
  {
    ...mean,
    code: 'ph',
    name: { en: 'pH', zh: 'pH值' },
    unit: '[pH]',
    min: 0,
    max: 14,
    hj212: 'w01001',
    convertible: none,
  },
  {
    ...mean,
    code: 'water_temperature',
    name: { en: 'Water temperature', zh: '水温' },
    unit: 'Cel',
    min: -5,
    max: 100,
    hj212: 'w01010',
    convertible: intoCelsius,
  },
  {
    ...mean,
    code: 'oxygen_saturation',
    name: { en: 'Oxygen saturation', zh: '溶解氧饱和度' },
    unit: '%',
    min: -5,
    max: 500,
    hj212: null,
    convertible: intoPercent,
  },
  {
    ...mean,
    code: 'conductivity',
    name: { en: 'Conductivity', zh: '电导率' },
    unit: 'uS/cm',
    min: -10,
    max: 300_000,
    hj212: 'w01014',
    convertible: intoMicrosiemensPerCentimetre,
  },
  {
    ...mean,
    code: 'turbidity',
    name: { en: 'Turbidity', zh: '浊度' },
    unit: '{NTU}',
    min: -10,
    max: 50_000,
    hj212: 'w01003',
    /** NTU and FNU differ by the angle and light of the instrument; on formazin, which calibrates both, they are equal. */
    convertible: { '{FNU}': { scale: 1, offset: 0 } },
  },
  {
    ...mean,
    code: 'orp',
    name: { en: 'Oxidation-reduction potential', zh: '氧化还原电位' },
    unit: 'mV',
    min: -2_000,
    max: 2_000,
    hj212: null,
    convertible: intoMillivolt,
  },
  {
    ...mean,
    code: 'transparency',
    name: { en: 'Transparency (Secchi depth)', zh: '透明度' },
    unit: 'm',
    min: 0,
    max: 100,
    hj212: 'w01004',
    convertible: intoMetre,
  },
  {
    ...mean,
    code: 'colour',
    name: { en: 'Colour (platinum-cobalt)', zh: '色度' },
    unit: '{Pt-Co}',
    min: -10,
    max: 100_000,
    hj212: 'w01002',
    convertible: none,
  },
  {
    ...mean,
    code: 'uv254',
    name: { en: 'UV absorbance at 254 nm', zh: 'UV254' },
    unit: '/m',
    min: -10,
    max: 2_000,
    hj212: null,
    convertible: { '/cm': { scale: 100, offset: 0 } },
  },
  {
    ...mean,
    code: 'salinity',
    name: { en: 'Salinity (practical scale)', zh: '盐度' },
    unit: '{PSU}',
    min: -1,
    max: 350,
    hj212: null,
    convertible: none,
  },
]

const chemical: readonly Property[] = [
  milligrams('dissolved_oxygen', ['Dissolved oxygen', '溶解氧'], [80, 'w01009']),
  milligrams('cod', ['Chemical oxygen demand', '化学需氧量'], [100_000, 'w01018']),
  milligrams('codmn', ['Permanganate index', '高锰酸盐指数'], [10_000, 'w01019']),
  milligrams('bod5', ['Biochemical oxygen demand, 5 days', '五日生化需氧量'], [100_000, 'w01017']),
  milligrams('toc', ['Total organic carbon', '总有机碳'], [100_000, 'w01020']),
  milligrams('nh3n', ['Ammonia nitrogen', '氨氮'], [10_000, 'w21003']),
  milligrams('tn', ['Total nitrogen', '总氮'], [20_000, 'w21001']),
  milligrams('tp', ['Total phosphorus', '总磷'], [5_000, 'w21011']),
  milligrams('nitrate_n', ['Nitrate nitrogen', '硝酸盐氮'], [5_000, 'w21007']),
  milligrams('nitrite_n', ['Nitrite nitrogen', '亚硝酸盐氮'], [5_000, 'w21006']),
  milligrams('suspended_solids', ['Suspended solids', '悬浮物'], [500_000, 'w01012']),
  milligrams('dissolved_solids', ['Total dissolved solids', '溶解性总固体'], [500_000, 'w01006']),
  milligrams('total_hardness', ['Total hardness (as CaCO3)', '总硬度'], [50_000, 'w01007']),
  milligrams('residual_chlorine', ['Free residual chlorine', '游离余氯'], [100, null]),
  milligrams('total_chlorine', ['Total residual chlorine', '总余氯'], [100, null]),
  milligrams('chlorine_dioxide', ['Chlorine dioxide', '二氧化氯'], [100, null]),
  milligrams('ozone_residual', ['Residual ozone', '余臭氧'], [100, null]),
  milligrams('fluoride', ['Fluoride', '氟化物'], [10_000, 'w21017']),
  milligrams('chloride', ['Chloride', '氯化物'], [300_000, 'w21022']),
  milligrams('sulphate', ['Sulphate', '硫酸盐'], [300_000, 'w21038']),
  milligrams('sulphide', ['Sulphide', '硫化物'], [10_000, 'w21019']),
  milligrams('cyanide', ['Cyanide', '氰化物'], [10_000, 'w21016']),
  milligrams('volatile_phenol', ['Volatile phenol', '挥发酚'], [10_000, 'w23002']),
  milligrams('petroleum', ['Petroleum', '石油类'], [100_000, 'w22001']),
  milligrams('anionic_surfactant', ['Anionic surfactant', '阴离子表面活性剂'], [10_000, 'w19002']),
  milligrams('copper', ['Copper', '铜'], [10_000, 'w20122']),
  milligrams('zinc', ['Zinc', '锌'], [10_000, 'w20123']),
  milligrams('selenium', ['Selenium', '硒'], [1_000, 'w20128']),
  milligrams('arsenic', ['Arsenic', '砷'], [1_000, 'w20119']),
  milligrams('mercury', ['Mercury', '汞'], [100, 'w20111']),
  milligrams('cadmium', ['Cadmium', '镉'], [1_000, 'w20115']),
  milligrams('chromium6', ['Chromium, hexavalent', '六价铬'], [10_000, 'w20117']),
  milligrams('lead', ['Lead', '铅'], [1_000, 'w20120']),
  milligrams('nickel', ['Nickel', '镍'], [10_000, 'w20121']),
  milligrams('iron', ['Iron', '铁'], [50_000, 'w20125']),
  milligrams('manganese', ['Manganese', '锰'], [10_000, 'w20124']),
]

const biological: readonly Property[] = [
  {
    ...mean,
    code: 'chlorophyll_a',
    name: { en: 'Chlorophyll a', zh: '叶绿素a' },
    unit: 'ug/L',
    min: -10,
    max: 50_000,
    hj212: 'w01016',
    convertible: intoMicrogramPerLitre,
  },
  {
    ...mean,
    code: 'algae_density',
    name: { en: 'Algal cell density', zh: '藻密度' },
    unit: '{cells}/L',
    min: 0,
    max: 1e13,
    hj212: 'w19011',
    convertible: { '{cells}/mL': { scale: 1e3, offset: 0 } },
  },
  {
    ...mean,
    code: 'fdom',
    name: { en: 'Fluorescent dissolved organic matter', zh: '荧光溶解有机物' },
    unit: '{QSU}',
    min: -10,
    max: 10_000,
    hj212: null,
    convertible: none,
  },
  {
    ...mean,
    code: 'faecal_coliform',
    name: { en: 'Faecal coliform', zh: '粪大肠菌群' },
    unit: '{CFU}/L',
    min: 0,
    max: 1e12,
    hj212: 'w02003',
    convertible: { '{CFU}/mL': { scale: 1e3, offset: 0 } },
  },
]

export const water: readonly Property[] = [...physical, ...chemical, ...biological]
