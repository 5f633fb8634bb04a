/** States and changes of alerts in both languages. Data keeps the codes; only boards translate them. */

import { MappingType, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import type { AlertState } from '../../domain/alert.ts'
import { both } from './text.ts'

function worded(words: Readonly<Record<string, string>>): ValueMapping[] {
  const options = Object.entries(words).map(
    ([code, text], index) => [code, { text, index }] as const,
  )
  return [{ type: MappingType.ValueToText, options: Object.fromEntries(options) }]
}

const states: Readonly<Record<AlertState, string>> = {
  firing: both('触发中', 'Firing'),
  acknowledged: both('已确认', 'Acknowledged'),
  stale: both('数据中断', 'Stale'),
  resolved: both('已解除', 'Resolved'),
}

export const stateWords: readonly ValueMapping[] = worded(states)

const changes = {
  raised: both('触发', 'Raised'),
  escalated: both('升级', 'Escalated'),
  deescalated: both('降级', 'De-escalated'),
  acknowledged: both('确认', 'Acknowledged'),
  stale: both('数据中断', 'Stale'),
  resumed: both('数据恢复', 'Resumed'),
  resolved: both('解除', 'Resolved'),
} as const

/** With and without the prefix of the webhook's type. */
export const changeWords: readonly ValueMapping[] = worded({
  ...changes,
  ...Object.fromEntries(Object.entries(changes).map(([code, text]) => [`alert.${code}`, text])),
})
