/** The sentences that duty staff read. */

import { describe, expect, test } from 'vitest'
import { type Occasion, summaryOf } from '../../alerts/lifecycle/summary.ts'
import { amount, silenceText } from '../../alerts/lifecycle/signal-text.ts'

const base: Occasion = {
  type: 'alert.raised',
  level: 'yellow',
  previousLevel: null,
  direction: 'above',
  signal: { type: 'value' },
  subject: { en: 'River stage', zh: '河道水位' },
  place: { en: 'Xiaguan', zh: '下关站' },
  value: 9.32,
  bound: 9.3,
  unit: 'm',
  reason: null,
}

test.each<[Partial<Occasion>, string, string]>([
  [
    {},
    'Yellow: River stage at Xiaguan is 9.32 m, at or above 9.3 m',
    '黄色：下关站 河道水位 9.32 m，达到或超过 9.3 m',
  ],
  [
    { direction: 'below', level: 'red', value: 1.2, bound: 1.5 },
    'Red: River stage at Xiaguan is 1.2 m, at or below 1.5 m',
    '红色：下关站 河道水位 1.2 m，达到或低于 1.5 m',
  ],
  [
    { type: 'alert.escalated', level: 'orange', previousLevel: 'yellow', value: 10, bound: 10 },
    'Orange, up from yellow: River stage at Xiaguan is 10 m, at or above 10 m',
    '橙色（由黄色升级）：下关站 河道水位 10 m，达到或超过 10 m',
  ],
  [
    { type: 'alert.deescalated', previousLevel: 'orange', value: 9.25 },
    'Yellow, down from orange: River stage at Xiaguan is 9.25 m, the bound is 9.3 m',
    '黄色（由橙色降级）：下关站 河道水位 9.25 m，阈值 9.3 m',
  ],
  [
    { type: 'alert.resolved', value: 9.1 },
    'Resolved: River stage at Xiaguan is 9.1 m, was yellow (9.3 m)',
    '解除：下关站 河道水位 9.1 m，原为黄色（9.3 m）',
  ],
  [
    { type: 'alert.resolved', reason: 'device_moved' },
    'Ended: River stage at Xiaguan (yellow), because the device was moved to another site',
    '终止：下关站 河道水位（黄色），设备已移至其他站点',
  ],
  [
    { type: 'alert.stale' },
    'No data: River stage at Xiaguan was 9.32 m when last heard of (yellow)',
    '数据中断：下关站 河道水位 最后一次为 9.32 m（黄色）',
  ],
])('%j', (change, en, zh) => {
  expect(summaryOf({ ...base, ...change })).toEqual({ en, zh })
})

describe('signals', () => {
  const window = '24h'
  const pm25 = { subject: { en: 'PM2.5', zh: '细颗粒物' }, unit: 'ug/m3', value: 120, bound: 115 }
  test.each<[Partial<Occasion>, string, string]>([
    [
      { ...pm25, signal: { type: 'mean', window } },
      'Yellow: 24 h mean of PM2.5 at Xiaguan is 120 µg/m³, at or above 115 µg/m³',
      '黄色：下关站 细颗粒物 24小时均值 120 µg/m³，达到或超过 115 µg/m³',
    ],
    [
      { ...pm25, signal: { type: 'mean', window: '1d' }, type: 'alert.stale' },
      'No data: 24 h mean of PM2.5 at Xiaguan was 120 µg/m³ when last heard of (yellow)',
      '数据中断：下关站 细颗粒物 24小时均值 最后一次为 120 µg/m³（黄色）',
    ],
    [
      { signal: { type: 'max', window: '90m' }, type: 'alert.resolved', value: 9.1 },
      'Resolved: 90 min maximum of River stage at Xiaguan is 9.1 m, was yellow (9.3 m)',
      '解除：下关站 河道水位 90分钟最大值 9.1 m，原为黄色（9.3 m）',
    ],
    [
      { signal: { type: 'sum', window: '12h' }, unit: 'mm', value: 52.4, bound: 50 },
      'Yellow: 12 h sum of River stage at Xiaguan is 52.4 mm, at or above 50 mm',
      '黄色：下关站 河道水位 12小时累计值 52.4 mm，达到或超过 50 mm',
    ],
    [
      { signal: { type: 'range', window: '30s' }, value: 0.5, bound: 0.4 },
      'Yellow: 30 s range of River stage at Xiaguan is 0.5 m, at or above 0.4 m',
      '黄色：下关站 河道水位 30秒变幅 0.5 m，达到或超过 0.4 m',
    ],
    [
      { signal: { type: 'min', window: '7d' }, direction: 'below', value: 1, bound: 2 },
      'Yellow: 7 d minimum of River stage at Xiaguan is 1 m, at or below 2 m',
      '黄色：下关站 河道水位 7天最小值 1 m，达到或低于 2 m',
    ],
    [
      { signal: { type: 'rate', window: '1h', per: '1h' }, value: 0.8, bound: 0.5 },
      'Yellow: River stage at Xiaguan rises 0.8 m/h, at or above 0.5 m/h',
      '黄色：下关站 河道水位 上升 0.8 m/h，达到或超过 0.5 m/h',
    ],
    [
      {
        signal: { type: 'rate', window: '1h', per: '10m' },
        ...{ direction: 'below', value: -0.8, bound: -0.5 },
      },
      'Yellow: River stage at Xiaguan falls 0.8 m per 10 min, at or below -0.5 m per 10 min',
      '黄色：下关站 河道水位 下降 0.8 m/10分钟，达到或低于 -0.5 m/10分钟',
    ],
    [
      {
        signal: { type: 'rate', window: '1h', per: '1h' },
        ...{ type: 'alert.stale', value: -0.123456, bound: 0.5 },
      },
      'No data: River stage at Xiaguan fell 0.1235 m/h when last heard of (yellow)',
      '数据中断：下关站 河道水位 最后一次为 下降 0.1235 m/h（黄色）',
    ],
    [
      { signal: { type: 'index', index: 'cn-aqi-hourly' }, unit: '1', value: 163, bound: 151 },
      'Yellow: River stage at Xiaguan is 163 (Moderate pollution), at or above 151',
      '黄色：下关站 河道水位 163（中度污染），达到或超过 151',
    ],
    [
      { signal: { type: 'index', index: 'gb3838-class' }, unit: '1', value: 5, bound: 4 },
      'Yellow: River stage at Xiaguan is class V, at or above class IV',
      '黄色：下关站 河道水位 Ⅴ类，达到或超过 Ⅳ类',
    ],
    [
      { signal: { type: 'index', index: 'gb5749' }, unit: '1', value: 2, bound: 1 },
      'Yellow: River stage at Xiaguan is 2 items beyond limits, at or above 1',
      '黄色：下关站 河道水位 2项超标，达到或超过 1',
    ],
    [
      { signal: { type: 'silence', window: '15m' }, unit: 's', value: 1500, bound: 0 },
      'Yellow: no data for 25 min: River stage at Xiaguan',
      '黄色：下关站 河道水位 已25分钟无数据',
    ],
    [
      {
        signal: { type: 'silence', window: '15m' },
        ...{ type: 'alert.escalated', level: 'red', previousLevel: 'yellow', value: 86_400 },
      },
      'Red, up from yellow: no data for 24 h: River stage at Xiaguan',
      '红色（由黄色升级）：下关站 河道水位 已24小时无数据',
    ],
    [
      { signal: { type: 'silence', window: '15m' }, type: 'alert.resolved', value: 0 },
      'Resolved: data again: River stage at Xiaguan, was yellow',
      '解除：下关站 河道水位 数据恢复，原为黄色',
    ],
    [
      {
        signal: { type: 'silence', window: '15m' },
        ...{ type: 'alert.resolved', value: 1500, reason: 'rule_disabled' },
      },
      'Ended: no data for 25 min: River stage at Xiaguan (yellow), because the rule was switched off',
      '终止：下关站 河道水位 已25分钟无数据（黄色），规则已停用',
    ],
  ])('%j', (change, en, zh) => {
    expect(summaryOf({ ...base, ...change })).toEqual({ en, zh })
  })

  test.each([
    [0, '0 s'],
    [119, '119 s'],
    [120, '2 min'],
    [7_199, '119 min'],
    [7_200, '2 h'],
    [172_799, '47 h'],
    [172_800, '2 d'],
  ])('a silence of %d s is %s', (seconds, text) => {
    expect(silenceText(seconds).en).toBe(text)
  })
})

describe('amounts', () => {
  test.each([
    [35.2, 'ug/m3', '35.2 µg/m³'],
    [21.5, 'Cel', '21.5 °C'],
    [7.2, '[pH]', '7.2'],
    [0.1 + 0.2, 'mg/L', '0.3 mg/L'],
    [1234567, 'm3/s', '1234570 m³/s'],
    [55, 'dB[SPL]', '55 dB'],
    [-110, 'dB{mW}', '-110 dBm'],
    [4.5, '{NTU}', '4.5 NTU'],
    [80, '%', '80 %'],
    [12, 'uS/cm', '12 µS/cm'],
    [3, 'ug/L', '3 µg/L'],
    [9, 'W/m2', '9 W/m²'],
    [9, '1', '9'],
    [9, '', '9'],
  ])('%d %s is %s', (value, unit, text) => {
    expect(amount(value, unit)).toBe(text)
  })
})
