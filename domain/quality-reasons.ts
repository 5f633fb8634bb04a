/**
 * What an outcome of a quality test says about a reading, for people: one sentence per test and flag, in English
 * and Chinese. Only suspect (3) and fail (4) have a reason; the other flags find nothing.
 */

import type { QualityTest } from './quality.ts'
import type { BothLanguages } from './text.ts'

/** A sentence that serves both flags, or one for each. */
type Reason = BothLanguages | Readonly<Record<3 | 4, BothLanguages>>

const reasons: Readonly<Record<QualityTest, Reason>> = {
  gross_range: {
    3: {
      en: 'The value is outside the range that is usual for this property, too much for its own interval, or looks like another unit.',
      zh: '数值超出该要素的正常范围、超过其时段内可能的总量，或疑似单位有误。',
    },
    4: {
      en: 'The value is outside the range that the sensor or nature allows.',
      zh: '数值超出传感器或自然条件允许的范围。',
    },
  },
  spike: {
    3: {
      en: 'The value stands out from the readings just before and after it.',
      zh: '数值与前后相邻读数相差较大，疑似尖峰。',
    },
    4: {
      en: 'The value stands far out from the readings just before and after it.',
      zh: '数值与前后相邻读数相差极大，判为尖峰。',
    },
  },
  rate_of_change: {
    3: {
      en: 'The value changed unusually fast since the reading before it.',
      zh: '数值相对上一读数变化过快。',
    },
    4: {
      en: 'The value changed faster than can be real since the reading before it.',
      zh: '数值相对上一读数的变化速度不符合实际。',
    },
  },
  flat_line: {
    3: {
      en: 'The value has hardly moved for unusually long.',
      zh: '数值长时间几乎不变，疑似卡滞。',
    },
    4: {
      en: 'The value has hardly moved for so long that the sensor must be stuck.',
      zh: '数值过长时间几乎不变，判为传感器卡滞。',
    },
  },
  attenuated_signal: {
    3: {
      en: 'The values vary less over a longer period than is usual.',
      zh: '一段时间内数值的波动低于正常水平。',
    },
    4: {
      en: 'The values vary so little over a longer period that the sensor cannot be following.',
      zh: '一段时间内数值的波动过小，传感器已无法反映实际变化。',
    },
  },
  climatology: {
    3: {
      en: 'The value is unusual for the time of the year.',
      zh: '数值在该时节不常见。',
    },
    4: {
      en: 'The value is not possible at this time of the year.',
      zh: '数值在该时节不可能出现。',
    },
  },
  time_gap: {
    3: {
      en: 'No value came for an unusually long time before this one.',
      zh: '此读数之前有较长时间没有有效数据。',
    },
    4: {
      en: 'No value came for so long before this one that nothing tells yet whether it is right.',
      zh: '此读数之前长时间没有有效数据，尚无法判断其是否可信。',
    },
  },
  neighbour: {
    en: 'The value is far from what sites nearby measured at the time.',
    zh: '数值与附近站点同期测值相差较大。',
  },
  sentinel: {
    en: 'The value is a code that instruments send when they have no measurement.',
    zh: '数值是仪器无有效测量时发送的填充码。',
  },
  clock: {
    3: {
      en: "The device's clock differs from ours, so the time of this reading is doubtful.",
      zh: '设备时钟与系统时钟有偏差，此读数的时间存疑。',
    },
    4: {
      en: "The device's clock is so far from ours that the time of this reading is wrong.",
      zh: '设备时钟与系统时钟偏差过大，此读数的时间有误。',
    },
  },
}

/** What `test` found when it gave a reading this flag. */
export function reasonOf(test: QualityTest, flag: 3 | 4): BothLanguages {
  const reason = reasons[test]
  return 'en' in reason ? reason : reason[flag]
}
