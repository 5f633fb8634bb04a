/** The sentences that duty staff read. */

import { describe, expect, test } from 'vitest'
import { amount, type Occasion, summaryOf } from '../../alerts/summary.ts'

const base: Occasion = {
  type: 'alert.raised',
  level: 'yellow',
  previousLevel: null,
  direction: 'above',
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
