/** All batch tests, in the order of their numbers in QARTOD. */

import { aggregate } from './aggregate.ts'
import { attenuatedSignal } from './attenuated-signal.ts'
import type { BatchTest } from './batch-test.ts'
import { climatology } from './climatology.ts'
import { flatLine } from './flat-line.ts'
import { grossRange } from './gross-range.ts'
import { neighbour } from './neighbour.ts'
import { rateOfChange } from './rate-of-change.ts'
import { spike } from './spike.ts'
import { timeGap } from './time-gap.ts'

export const batchTests: readonly BatchTest[] = [
  timeGap,
  grossRange,
  climatology,
  spike,
  rateOfChange,
  flatLine,
  attenuatedSignal,
  neighbour,
  aggregate,
]
