/**
 * The signal of a rule: what is compared with the bounds. For `value` it is the reading itself.
 * Only readings of quality 1 (good) and 2 (not evaluated) with a value count; all others are as if unsaid.
 */

import type { Reading } from '../domain/reading.ts'
import type { Signal } from '../domain/rule.ts'
import type { Observation } from './lifecycle.ts'

/** The observation that this reading gives the signal, or null when it does not count. */
export function signalOf(signal: Signal, reading: Reading): Observation | null {
  if (reading.value === null || (reading.quality !== 1 && reading.quality !== 2)) return null
  switch (signal.type) {
    case 'value':
      return { observedAt: reading.observedAt, value: reading.value }
  }
}
