/** Rain: the sums of the national rainstorm signals, and the hour, which floods streets before those are reached. */

import { type StarterGroup, starterRule } from './starter-rule.ts'

const where = { kind: ['rain-gauge' as const] }

const signal = starterRule(
  {
    id: 'starter-rain-signal',
    name: { en: 'Rainstorm signal reached', zh: '达到暴雨预警信号标准' },
    where,
    signal: { type: 'index', index: 'rainstorm-signal' },
    levels: { blue: 1, yellow: 2, orange: 3, red: 4 },
    clearAfter: '1h',
  },
  {
    source:
      'CMA Order 16 (2007), rainstorm: 50 mm in 12 h blue, in 6 h yellow, in 3 h orange, 100 mm in 3 h red',
    confidence: 'B',
    notes: [
      'The order also asks that the rain may go on, which a gauge cannot know: this says "reached", the weather service decides.',
      'Provinces have signals of their own; set theirs as a rule on the sum of `rainfall`.',
    ],
  },
)

const hour = starterRule(
  {
    id: 'starter-rain-hour',
    name: { en: 'Rain within an hour', zh: '小时雨强' },
    property: 'rainfall',
    where,
    signal: { type: 'sum', window: '1h' },
    levels: { blue: 20, yellow: 30, orange: 50, red: 70 },
    clearAfter: '30m',
    clearMargin: 2,
  },
  {
    source:
      'blue: short-duration heavy rain (短时强降水) as the National Meteorological Centre defines it, 20 mm in an hour; the others are local practice',
    confidence: 'D',
    notes: ['Confidence B for blue. Take the design rain of your drains for the others.'],
  },
)

export const rainRules: StarterGroup = {
  id: 'rain',
  title: { en: 'Rain', zh: '降雨' },
  notes: [
    'The signals work from `rainfall` and from the counter `rain_total` alike. The rule on the hour is for `rainfall`; for a gauge that sends only the counter copy it with the property `rain_total` and the signal `increase`.',
  ],
  rules: [signal, hour],
}
