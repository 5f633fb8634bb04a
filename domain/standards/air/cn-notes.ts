/** Sentences that say why an answer of China's index lacks something or was treated specially. */

import type { BothLanguages } from '../../text.ts'
import { toText } from '../decimal.ts'
import type { SubIndex } from './cn-iaqi.ts'
import { nameOf, type Pollutant } from './pollutants.ts'

export function missingNote(missing: readonly Pollutant[], withheld: boolean): BothLanguages {
  const en = missing.map((one) => nameOf(one).en).join(', ')
  const zh = missing.map((one) => nameOf(one).zh).join('、')
  if (!withheld) return { en: `Missing and left out: ${en}.`, zh: `缺少${zh}，按其余污染物计算。` }
  return {
    en: `No AQI is given: ${en} missing, and the rest is not above 100 (HJ 633-2026 5.3.1).`,
    zh: `缺少${zh}，且其余污染物的指数不大于100，不给出AQI（HJ 633-2026 5.3.1）。`,
  }
}

/** For a value above the last node of its column. */
export function beyondNote(code: string, { iaqi, used }: SubIndex): BothLanguages {
  const shown = toText(used, 1)
  return iaqi === null
    ? {
        en: `${code} is ${shown}: so high a value has no sub-index (HJ 633-2012 table 1, notes 2 and 3).`,
        zh: `${code}为${shown}，高于最高限值，不计算分指数（HJ 633-2012 表1注2、注3）。`,
      }
    : {
        en: `${code} is ${shown}: beyond the table, its sub-index stays at ${iaqi}.`,
        zh: `${code}为${shown}，高于表中最高限值，分指数按${iaqi}计。`,
      }
}

export function asideNote(codes: readonly string[]): BothLanguages {
  return {
    en: `Not part of this report and not counted: ${codes.join(', ')}.`,
    zh: `不属于本报表、不参与AQI计算的指标：${codes.join('、')}。`,
  }
}
