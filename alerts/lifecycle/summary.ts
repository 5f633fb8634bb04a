/**
 * The sentence of a change for the person on duty, in English and Chinese: how bad, what, where, how much.
 * It must be enough to act on when nothing else of the message is shown.
 */

import type { AlertChangeType, EndedBy } from '../../domain/alert.ts'
import type { AlertLevel, Rule, Signal } from '../../domain/rule.ts'
import type { BothLanguages } from '../../domain/text.ts'
import { chineseTerms, englishTerms, silenceText } from './signal-text.ts'

export interface Occasion {
  /** An acknowledgement changes nothing of what is known, and keeps the sentence. */
  type: Exclude<AlertChangeType, 'alert.acknowledged'>
  level: AlertLevel
  previousLevel: AlertLevel | null
  direction: Rule['direction']
  signal: Signal
  /** What is watched, such as "River stage". */
  subject: BothLanguages
  /** Of the site, or of the device where there is no site. */
  place: BothLanguages
  value: number
  bound: number
  /** Of the property, UCUM. */
  unit: string
  /** Why an alert ended that no value ended; null otherwise. */
  reason: Reason | null
  /** Absent when it is told as it happens. */
  late?: Lateness
}

export interface Lateness {
  /** From when it was observed to when it became known. */
  seconds: number
  /** The alert had ended by the time that it became known. */
  isOver: boolean
  /** Of a correction: nothing of the alert holds. */
  isWithdrawn?: boolean
}

export const reasons = {
  rule_removed: { en: 'the rule was removed', zh: '规则已删除', endedBy: 'rule' },
  rule_disabled: { en: 'the rule was switched off', zh: '规则已停用', endedBy: 'rule' },
  rule_turned: {
    en: 'the rule now watches the other direction',
    zh: '规则方向已更改',
    endedBy: 'rule',
  },
  not_watched: { en: 'the rule no longer covers it', zh: '规则不再适用', endedBy: 'rule' },
  rule_bound_changed: {
    en: 'the bound of the rule was changed',
    zh: '规则阈值已更改',
    endedBy: 'rule',
  },
  site_changed: {
    en: 'the site was changed and the rule no longer covers it',
    zh: '站点已更改，规则不再适用',
    endedBy: 'site',
  },
  site_bound_removed: {
    en: 'the bound was taken away at the site',
    zh: '站点阈值已取消',
    endedBy: 'site',
  },
  site_bound_changed: {
    en: 'the bound was changed at the site',
    zh: '站点阈值已更改',
    endedBy: 'site',
  },
  site_removed: { en: 'the site was removed', zh: '站点已删除', endedBy: 'site' },
  device_removed: { en: 'the device was removed', zh: '设备已删除', endedBy: 'device' },
  device_disabled: { en: 'the device was switched off', zh: '设备已停用', endedBy: 'device' },
  device_moved: {
    en: 'the device was moved to another site',
    zh: '设备已移至其他站点',
    endedBy: 'device',
  },
} as const satisfies Record<string, BothLanguages & { endedBy: EndedBy }>
export type Reason = keyof typeof reasons

const levelNames: Readonly<Record<AlertLevel, { en: string; title: string; zh: string }>> = {
  blue: { en: 'blue', title: 'Blue', zh: '蓝色' },
  yellow: { en: 'yellow', title: 'Yellow', zh: '黄色' },
  orange: { en: 'orange', title: 'Orange', zh: '橙色' },
  red: { en: 'red', title: 'Red', zh: '红色' },
}

export function summaryOf(occasion: Occasion): BothLanguages {
  if (occasion.signal.type === 'silence') {
    return { en: silenceEnglish(occasion), zh: silenceChinese(occasion) }
  }
  const { type, late } = occasion
  if (late === undefined) return { en: english(occasion), zh: chinese(occasion) }
  if (type === 'alert.corrected') return correction(occasion, late)
  const by = silenceText(late.seconds)
  return {
    en: `Known ${by.en} late${late.isOver ? ', over by now' : ''}: ${english(occasion)}`,
    zh: `迟${by.zh}得知${late.isOver ? '，现已结束' : ''}：${chinese(occasion)}`,
  }
}

/** Late readings, or a value sent again, tell the past otherwise than it was told. */
function correction(o: Occasion, { isWithdrawn = false, isOver }: Lateness): BothLanguages {
  const { title, en, zh } = levelNames[o.level]
  const [said, told] = [englishTerms(o), chineseTerms(o)]
  if (isWithdrawn) {
    return {
      en: `Withdrawn: ${said.what} (${en}, ${said.bound}): corrected or late readings show that there was no alert`,
      zh: `撤销：${told.what}（${zh}，${told.bound}）：更正或迟到的数据表明并未告警`,
    }
  }
  const state = isOver
    ? { en: `over by now, was ${en}`, zh: `现已结束，原为${zh}` }
    : { en: title, zh }
  return {
    en: `Corrected by late readings: ${state.en}: ${said.what} ${said.was} (${said.bound})`,
    zh: `按迟到数据更正：${state.zh}：${told.what} ${told.is}（${told.bound}）`,
  }
}

function english(o: Occasion): string {
  const { title, en } = levelNames[o.level]
  const before = o.previousLevel === null ? '' : levelNames[o.previousLevel].en
  const side = o.direction === 'above' ? 'above' : 'below'
  const { what, was, bound, ...terms } = englishTerms(o)
  const is = o.late === undefined ? terms.is : was
  switch (o.type) {
    case 'alert.raised':
      return `${title}: ${what} ${is}, at or ${side} ${bound}`
    case 'alert.escalated':
      return `${title}, up from ${before}: ${what} ${is}, at or ${side} ${bound}`
    case 'alert.deescalated':
      return `${title}, down from ${before}: ${what} ${is}, the bound is ${bound}`
    case 'alert.stale':
      return `No data: ${what} ${was} when last heard of (${en})`
    case 'alert.resumed':
      return `Data again: ${what} ${is} (${en})`
    case 'alert.corrected':
    case 'alert.resolved':
      if (o.reason !== null) return `Ended: ${what} (${en}), because ${reasons[o.reason].en}`
      return `Resolved: ${what} ${is}, was ${en} (${bound})`
  }
}

function chinese(o: Occasion): string {
  const level = levelNames[o.level].zh
  const before = o.previousLevel === null ? '' : levelNames[o.previousLevel].zh
  const reached = o.direction === 'above' ? '达到或超过' : '达到或低于'
  const { what, bound, ...terms } = chineseTerms(o)
  const is = o.late === undefined ? terms.is : `当时${terms.is}`
  switch (o.type) {
    case 'alert.raised':
      return `${level}：${what} ${is}，${reached} ${bound}`
    case 'alert.escalated':
      return `${level}（由${before}升级）：${what} ${is}，${reached} ${bound}`
    case 'alert.deescalated':
      return `${level}（由${before}降级）：${what} ${is}，阈值 ${bound}`
    case 'alert.stale':
      return `数据中断：${what} 最后一次为 ${is}（${level}）`
    case 'alert.resumed':
      return `数据恢复：${what} ${is}（${level}）`
    case 'alert.corrected':
    case 'alert.resolved':
      if (o.reason !== null) return `终止：${what}（${level}），${reasons[o.reason].zh}`
      return `解除：${what} ${is}，原为${level}（${bound}）`
  }
}

/** The value counts in seconds; the window is what the duty staff know. */
function silenceEnglish(o: Occasion): string {
  const what = `${o.subject.en} at ${o.place.en}`
  const { title, en } = levelNames[o.level]
  const before = o.previousLevel === null ? '' : levelNames[o.previousLevel].en
  const silent = `no data for ${silenceText(o.value).en}`
  switch (o.type) {
    case 'alert.raised':
      return `${title}: ${silent}: ${what}`
    case 'alert.escalated':
      return `${title}, up from ${before}: ${silent}: ${what}`
    case 'alert.deescalated':
      return `${title}, down from ${before}: ${silent}: ${what}`
    case 'alert.stale':
    case 'alert.resumed':
    case 'alert.corrected':
    case 'alert.resolved':
      if (o.reason === null) return `Resolved: data again: ${what}, was ${en}`
      return `Ended: ${silent}: ${what} (${en}), because ${reasons[o.reason].en}`
  }
}

function silenceChinese(o: Occasion): string {
  const what = `${o.place.zh} ${o.subject.zh}`
  const level = levelNames[o.level].zh
  const before = o.previousLevel === null ? '' : levelNames[o.previousLevel].zh
  const silent = `${what} 已${silenceText(o.value).zh}无数据`
  switch (o.type) {
    case 'alert.raised':
      return `${level}：${silent}`
    case 'alert.escalated':
      return `${level}（由${before}升级）：${silent}`
    case 'alert.deescalated':
      return `${level}（由${before}降级）：${silent}`
    case 'alert.stale':
    case 'alert.resumed':
    case 'alert.corrected':
    case 'alert.resolved':
      if (o.reason === null) return `解除：${what} 数据恢复，原为${level}`
      return `终止：${silent}（${level}），${reasons[o.reason].zh}`
  }
}
