/** Levels as numbers, which boards colour and compare: 1 blue, 2 yellow, 3 orange, 4 red. */

import { type AlertLevel, alertLevels } from '../../domain/rule.ts'

export function levelCode(level: AlertLevel): number {
  return alertLevels.indexOf(level) + 1
}
