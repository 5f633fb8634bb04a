/**
 * What a second look at stored readings changes of their flags. The newest reading of each series is held back,
 * because the one after it may still change its flag (the spike test needs both neighbours).
 */

import {
  type QualityTest,
  qualityTests,
  streamFlag,
  testFlag,
  withTest,
} from '../domain/quality.ts'
import type { Checked } from '../quality/contract.ts'
import type { Reading } from '../domain/reading.ts'

interface Pair {
  before: Reading
  after: Reading
}

export interface FlagCounts {
  /** Readings looked at. */
  looked: number
  /** Of these, readings whose flag or outcome of any test is another now. */
  changed: number
  byTest: Map<QualityTest, number>
}

export interface FlagChanges {
  counts: FlagCounts
  /** Takes in stored readings with what quality control says now; returns those to be written. */
  take(stored: readonly Reading[], checked: Checked): readonly Reading[]
  /** What was held back, when nothing comes any more. */
  rest(): readonly Reading[]
}

/** Only readings that `counts` are counted and returned; others were there to judge these by. */
export function createFlagChanges(counted: (reading: Reading) => boolean): FlagChanges {
  const counts: FlagCounts = { looked: 0, changed: 0, byTest: new Map() }
  const newest = new Map<string, Pair>()

  function settle(pairs: Iterable<Pair>): readonly Reading[] {
    const changed: Reading[] = []
    for (const { before, after } of pairs) {
      if (!counted(before)) continue
      counts.looked += 1
      if (before.quality === after.quality && (before.tests ?? 0) === (after.tests ?? 0)) continue
      counts.changed += 1
      for (const test of qualityTests) {
        if (testFlag(before.tests ?? 0, test) === testFlag(after.tests ?? 0, test)) continue
        counts.byTest.set(test, (counts.byTest.get(test) ?? 0) + 1)
      }
      changed.push(after)
    }
    return changed
  }

  return {
    counts,
    take(stored, { readings, revised }) {
      const open = new Map<string, Pair>()
      for (const pair of newest.values()) open.set(momentOf(pair.before), pair)
      stored.forEach((before, i) => {
        const pair = { before, after: readings[i] ?? before }
        open.set(momentOf(before), pair)
        newest.set(seriesOf(before), pair)
      })
      for (const reading of revised) {
        const pair = open.get(momentOf(reading))
        if (pair !== undefined) pair.after = reading
      }
      const held = new Set(newest.values())
      return settle([...open.values()].filter((pair) => !held.has(pair)))
    },
    rest() {
      const pairs = [...newest.values()]
      newest.clear()
      return settle(pairs.map(withSpikeKept))
    },
  }
}

/** Nothing was seen after it, so the outcome of its spike test stays as whoever did see it left it. */
function withSpikeKept({ before, after }: Pair): Pair {
  if (after.value === null) return { before, after }
  const tests = withTest(after.tests ?? 0, 'spike', testFlag(before.tests ?? 0, 'spike'))
  return { before, after: { ...after, tests, quality: streamFlag(tests) } }
}

function seriesOf({ device, property }: Reading): string {
  return `${property} ${device}`
}

function momentOf(reading: Reading): string {
  return `${reading.observedAt} ${seriesOf(reading)}`
}
