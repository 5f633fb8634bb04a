/** Sentences that say why an answer of China's index lacks something or was treated specially. */

import type { BothLanguages } from '../../text.ts'
import { toText } from '../decimal.ts'
import type { SubIndex } from './cn-iaqi.ts'
import type { CnEdition, CnForm, CnReport } from './cn-tables.ts'
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

/** Where the text of the edition and what was published part: which one the answer follows, and how to get the other. */
export function formNote(
  {
    report,
    edition,
    form,
    judged,
    missing,
  }: {
    report: CnReport
    edition: CnEdition
    form: CnForm
    judged: readonly (SubIndex & { code: string })[]
    missing: readonly Pollutant[]
  },
  withheld: boolean,
): readonly BothLanguages[] {
  if (report !== 'cn-aqi-hourly') return []
  if (edition === 'HJ 633-2012') {
    const hours = judged.some(({ code }) => code === 'pm25_1h' || code === 'pm10_1h')
    if (!hours) return []
    return form === 'text'
      ? [
          {
            en: 'As the text of HJ 633-2012: PM of 1 h has no sub-index. With form "published" it is read against the column of the daily mean, as what was published until 2026-02-28.',
            zh: '按HJ 633-2012文本：颗粒物1小时平均不计算分指数。选项 form 取 "published" 时按日均值限值计算，与2026-02-28前发布的实时报一致。',
          },
        ]
      : [
          {
            en: 'As published until 2026-02-28: from means of 1 h, PM read against the column of the daily mean. With form "text" the text of HJ 633-2012 holds, which counts its moving mean of 24 h.',
            zh: '按2026-02-28前发布的实时报：由1小时平均计算，颗粒物按日均值限值计算。选项 form 取 "text" 时按HJ 633-2012文本，以24小时滑动平均计算。',
          },
        ]
  }
  const onlyPm10 = missing.length === 1 && missing[0] === 'pm10'
  if (form === 'published' && onlyPm10) {
    return [
      {
        en: 'As published: an AQI is given though PM10 is blank. With form "text" HJ 633-2026 5.3.1 gives none up to 100.',
        zh: '按实际发布：缺少PM10时仍给出AQI。选项 form 取 "text" 时按HJ 633-2026 5.3.1，不大于100时不给出。',
      },
    ]
  }
  if (form === 'text' && onlyPm10 && withheld) {
    return [
      {
        en: 'With form "published" an AQI is given where PM10 alone is blank, as the platform does.',
        zh: '选项 form 取 "published" 时，仅缺PM10也给出AQI，与平台发布一致。',
      },
    ]
  }
  return []
}

export function asideNote(codes: readonly string[]): BothLanguages {
  return {
    en: `Not part of this report and not counted: ${codes.join(', ')}.`,
    zh: `不属于本报表、不参与AQI计算的指标：${codes.join('、')}。`,
  }
}
