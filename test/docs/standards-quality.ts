/** The part of docs/standards.md on quality control: flags, tests and what each property is tested with. */

import { propertyOf } from '../../domain/catalogue.ts'
import { type QualityTest, qualityTests } from '../../domain/quality.ts'
import { qualityDefaults } from '../../domain/quality-defaults.ts'
import type { TestSettings } from '../../domain/quality-plan.ts'
import { reasonOf } from '../../domain/quality-reasons.ts'
import { code, list, paragraphs, table } from './markdown.ts'

export function qualitySection(): string {
  return paragraphs([
    'Every reading gets a flag (IOOS QARTOD) and keeps its value as received. Rules, averages and official figures use flags 1 and 2.',
    table(
      ['flag', 'means'],
      [
        [1, 'good: every test that was evaluated passed'],
        [2, 'not evaluated: no test could be run'],
        [3, 'suspect: at least one test doubts it'],
        [4, 'fail: at least one test is sure'],
        [9, 'missing: the device said "measured, no value"'],
      ],
    ),
    'The flag is the worst outcome of these tests: 4 before 3 before 1 before 2.',
    table(
      ['test', 'how', 'what it says'],
      qualityTests.map((test) => {
        const { en, zh } = reasonOf(test, 3)
        return [code(test), how[test], `${en} ${zh}`]
      }),
    ),
    list([
      'Thresholds belong to properties, see below; a quality plan (`/api/v1/quality-plans`) replaces single tests of them for the kinds, districts, sites or devices it names.',
      '`bellwether quality reevaluate` judges stored readings again after plans were changed.',
      '`POST /api/v1/quality/{test}` runs one test on values that you give, with the results of `ioos_qc` (confidence A: its code was read and every shared case checked).',
    ]),
    '### Thresholds of each property',
    `All are our own choice (confidence C): no standard in force sets them. Two numbers are suspect / fail. Every property also
has the gross range of the catalogue (\`GET /api/v1/properties\`): a value outside of it is refused before any test.
[Quality on recorded data](quality.md) shows what they find, and how often they are wrong.`,
    table(['property', 'unit', 'tests', 'why'], [...qualityDefaults].map(defaultRow)),
  ])
}

const how: Readonly<Record<QualityTest, string>> = {
  gross_range:
    'QARTOD test 4: outside the fail span 4, outside the suspect span 3; ends belong to the span; 3 also for more than fits into the interval of an amount, and for what looks like another unit',
  spike:
    'QARTOD test 6: distance from the mean of both neighbours in time, strictly beyond the threshold; known once the next reading is there',
  rate_of_change: 'QARTOD test 7: change per time against the reading before, strictly beyond',
  flat_line: 'QARTOD test 8: all readings for so long within less than the tolerance',
  attenuated_signal: 'QARTOD test 10: largest − smallest over the period, strictly below',
  climatology: 'QARTOD test 5: outside the span of the month',
  time_gap:
    'QARTOD test 1: no value before it for longer than the threshold; tells, and does not lower the flag. 4: so long that it cannot be judged yet, and a value that would be good is 2',
  neighbour: 'QARTOD test 11: distance from the median of sites nearby',
  sentinel: 'ours: a run of a value that instruments use for "nothing" (999.9, −999, −888 …)',
  clock: 'ours: estimated offset of the device clock; tells, and does not lower the flag',
}

function defaultRow([property, { tests, why }]: [
  string,
  { tests: TestSettings; why: string },
]): string[] {
  return [code(property), propertyOf(property)?.unit ?? '', testsText(tests), why]
}

function testsText(tests: TestSettings): string {
  const { gross_range, spike, rate_of_change, flat_line, attenuated_signal, neighbour } = tests
  const { interval_amount, other_unit } = tests
  return [
    gross_range && `range ${both(gross_range, spanText)}`,
    interval_amount &&
      `in its interval ${interval_amount.suspect} × hours^${interval_amount.exponent}`,
    other_unit && `other unit: broken numbers below ${other_unit.below}`,
    spike && `spike ${both(spike, String)}`,
    rate_of_change && `rate ${both(rate_of_change, String)} per ${rate_of_change.per}`,
    flat_line && `flat ${both(flat_line, String)}${exceptText(flat_line)}`,
    attenuated_signal &&
      `attenuated ${both(attenuated_signal, String)} over ${attenuated_signal.over}`,
    tests.climatology && 'climatology',
    tests.time_gap && `gap ${tests.time_gap.suspect}`,
    neighbour &&
      `neighbours: ${neighbour.suspect} from the median of ${neighbour.sites} or more within ${neighbour.withinKm} km`,
  ]
    .filter((text) => typeof text === 'string')
    .join('; ')
}

function exceptText({ tolerance, except }: NonNullable<TestSettings['flat_line']>): string {
  const within = tolerance > 1e-3 ? ` within ${tolerance}` : ''
  return except === undefined ? within : `${within}, except ${spanText(except)}`
}

function spanText([low, high]: [number, number]): string {
  return `${low} to ${high}`
}

/** Suspect and fail, whichever there are. */
function both<T>(
  { suspect, fail }: { suspect?: T | undefined; fail?: T | undefined },
  show: (bound: T) => string,
): string {
  if (fail === undefined) return suspect === undefined ? '' : show(suspect)
  return `${suspect === undefined ? '–' : show(suspect)} / ${show(fail)}`
}
