/** Bounds of a battery's charge, as the rule to start from has them. */

import { deviceRules } from '../../domain/starter-rules/devices.ts'

function bound(level: 'blue' | 'yellow'): number {
  const rule = deviceRules.rules.find(({ rule: { id } }) => id === 'starter-device-battery')?.rule
  const value = rule?.levels[level]
  if (typeof value !== 'number') throw new Error(`The rule on batteries has no ${level} bound.`)
  return value
}

/** Per cent. */
export const batteryBounds = { blue: bound('blue'), yellow: bound('yellow') } as const
