/**
 * The sentence of a change for the person on duty, in English and Chinese: how bad, what, where, how much.
 * It must be enough to act on when nothing else of the message is shown.
 */

import type { AlertChangeType } from '../domain/alert.ts'
import type { AlertLevel, Rule } from '../domain/rule.ts'
import type { BothLanguages } from '../domain/text.ts'

export interface Occasion {
  /** An acknowledgement changes nothing of what is known, and keeps the sentence. */
  type: Exclude<AlertChangeType, 'alert.acknowledged'>
  level: AlertLevel
  previousLevel: AlertLevel | null
  direction: Rule['direction']
  /** Of the rule, such as "River stage". */
  subject: BothLanguages
  /** Of the site, or of the device where there is no site. */
  place: BothLanguages
  value: number
  bound: number
  unit: string
  /** Why an alert ended that no reading ended. */
  reason: Reason | null
}

export const reasons = {
  rule_removed: { en: 'the rule was removed', zh: '规则已删除' },
  rule_disabled: { en: 'the rule was switched off', zh: '规则已停用' },
  not_watched: { en: 'the rule no longer covers it', zh: '规则不再适用' },
  device_removed: { en: 'the device was removed', zh: '设备已删除' },
  device_disabled: { en: 'the device was switched off', zh: '设备已停用' },
  site_removed: { en: 'the site was removed', zh: '站点已删除' },
  device_moved: { en: 'the device was moved to another site', zh: '设备已移至其他站点' },
} as const satisfies Record<string, BothLanguages>
export type Reason = keyof typeof reasons

const levelNames: Readonly<Record<AlertLevel, { en: string; title: string; zh: string }>> = {
  blue: { en: 'blue', title: 'Blue', zh: '蓝色' },
  yellow: { en: 'yellow', title: 'Yellow', zh: '黄色' },
  orange: { en: 'orange', title: 'Orange', zh: '橙色' },
  red: { en: 'red', title: 'Red', zh: '红色' },
}

export function summaryOf(occasion: Occasion): BothLanguages {
  return { en: english(occasion), zh: chinese(occasion) }
}

function english(o: Occasion): string {
  const what = `${o.subject.en} at ${o.place.en}`
  const [value, bound] = [amount(o.value, o.unit), amount(o.bound, o.unit)]
  const { title, en } = levelNames[o.level]
  const before = o.previousLevel === null ? '' : levelNames[o.previousLevel].en
  const side = o.direction === 'above' ? 'above' : 'below'
  switch (o.type) {
    case 'alert.raised':
      return `${title}: ${what} is ${value}, at or ${side} ${bound}`
    case 'alert.escalated':
      return `${title}, up from ${before}: ${what} is ${value}, at or ${side} ${bound}`
    case 'alert.deescalated':
      return `${title}, down from ${before}: ${what} is ${value}, the bound is ${bound}`
    case 'alert.stale':
      return `No data: ${what} was ${value} when last heard of (${en})`
    case 'alert.resumed':
      return `Data again: ${what} is ${value} (${en})`
    case 'alert.resolved':
      if (o.reason !== null) return `Ended: ${what} (${en}), because ${reasons[o.reason].en}`
      return `Resolved: ${what} is ${value}, was ${en} (${bound})`
  }
}

function chinese(o: Occasion): string {
  const what = `${o.place.zh} ${o.subject.zh}`
  const [value, bound] = [amount(o.value, o.unit), amount(o.bound, o.unit)]
  const level = levelNames[o.level].zh
  const before = o.previousLevel === null ? '' : levelNames[o.previousLevel].zh
  const reached = o.direction === 'above' ? '达到或超过' : '达到或低于'
  switch (o.type) {
    case 'alert.raised':
      return `${level}：${what} ${value}，${reached} ${bound}`
    case 'alert.escalated':
      return `${level}（由${before}升级）：${what} ${value}，${reached} ${bound}`
    case 'alert.deescalated':
      return `${level}（由${before}降级）：${what} ${value}，阈值 ${bound}`
    case 'alert.stale':
      return `数据中断：${what} 最后一次为 ${value}（${level}）`
    case 'alert.resumed':
      return `数据恢复：${what} ${value}（${level}）`
    case 'alert.resolved':
      if (o.reason !== null) return `终止：${what}（${level}），${reasons[o.reason].zh}`
      return `解除：${what} ${value}，原为${level}（${bound}）`
  }
}

/** UCUM codes are made for machines; these are the ones that people write otherwise. */
const written: Readonly<Record<string, string>> = {
  Cel: '°C',
  deg: '°',
  'dB[SPL]': 'dB',
  'dB{mW}': 'dBm',
  'kW.h': 'kWh',
  '[pH]': '',
  '1': '',
}

/** At most six significant digits, then the unit as people write it. */
export function amount(value: number, unit: string): string {
  const number = String(Number(value.toPrecision(6)))
  const shown =
    written[unit] ??
    unit
      .replace(/[[\]{}]/g, '')
      .replace(/\bu(?=[gS])/, 'µ')
      .replace(/m2\b/, 'm²')
      .replace(/m3\b/, 'm³')
  return shown === '' ? number : `${number} ${shown}`
}
