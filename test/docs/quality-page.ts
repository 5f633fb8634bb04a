/**
 * Writes docs/quality.md: how the tests work on the stream, and what they found in recorded data. The figures come from
 * `quality-evaluation.ts`, whose recordings are not part of the project.
 */

import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { code, list, paragraphs, table } from './markdown.ts'

const counts = z.record(z.string(), z.object({ suspect: z.number(), fail: z.number() }))

const figuresSchema = z.array(
  z.object({
    title: z.string(),
    samples: z.number(),
    refused: z.number(),
    tests: counts,
    faults: z.record(
      z.string(),
      z.object({ samples: z.number(), found: z.number(), by: z.array(z.string()) }),
    ),
    clean: z.number(),
    falseAlarms: z.number(),
    falseAlarmsByTest: counts,
    falseAlarmsBySeries: z.record(z.string(), z.number()),
    eventSamples: z.number(),
    eventAlarms: z.number(),
    eventFails: z.number(),
  }),
)
type Figures = z.infer<typeof figuresSchema>

export function qualityPage(): string {
  const file = new URL('quality-figures.json', import.meta.url)
  const figures = figuresSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  return `${paragraphs([
    '# Quality control',
    '<!-- Made by `npm run docs`; figures by test/docs/quality-evaluation.ts. Do not edit. -->',
    'Every reading is tested as it comes, keeps its value as received, and gets the worst outcome of its tests as its flag. Thresholds and their reasons are in [standards.md](standards.md); a quality plan (`/api/v1/quality-plans`) replaces them for a place. `BELLWETHER_QUALITY_CONTROL=false` switches the tests off.',
    '## How the tests work on a stream',
    list(tests),
    '## What comes again, late, or after a restart',
    list(order),
    '## What it costs',
    '0.25 to 0.4 µs of CPU per reading, and 350 bytes per series with what it takes to find one (`npx tsx --expose-gc test/bench/quality.ts`, 40,000 series, four to a device). After a start some 35 µs per series go into reading the last few readings.',
    '## What was found in recorded data',
    'Defaults unless said otherwise. A false alarm is a sample with flag 3 or 4 that is not part of a known fault. "Refused" readings are outside of the plausible range of the catalogue and are never stored.',
    table(
      ['recording', 'samples', 'refused', 'false alarms', 'per 1,000', 'in real events'],
      figures.map(overviewRow),
    ),
    'Faults, by the samples that are part of them:',
    table(['recording', 'fault', 'samples', 'found', 'by'], figures.flatMap(faultRows)),
    '## What follows from it',
    list(findings),
  ])}\n`
}

function overviewRow(figures: Figures[number]): (string | number)[] {
  const { title, samples, refused, clean, falseAlarms, eventSamples, eventAlarms } = figures
  const events = eventSamples === 0 ? 'none listed' : `${eventAlarms} of ${eventSamples}`
  const rate = ((falseAlarms / clean) * 1_000).toFixed(2)
  const which = [...Object.keys(figures.falseAlarmsBySeries)].map((column) => ` (${column})`)
  return [title, samples, refused, `${falseAlarms}${which.join('')}`, rate, events]
}

function faultRows({ title, faults }: Figures[number]): (string | number)[][] {
  const [short = ''] = title.split(', ')
  return Object.entries(faults).map(([what, { samples, found, by }]) => [
    short,
    what,
    samples,
    found,
    by.map(code).join(', '),
  ])
}

const tests = [
  '**Gross range, climatology, rate of change, time gap** are judged at once. Months of the climatology are those of UTC. A change within less than the time of a rate counts as if it had taken that time, and the way back from an outlier is no second fault.',
  '**Spike** needs the next reading: a reading is stored first and revised when its neighbour shows that it was a spike. A passed spike test is not written back, because that would write each reading twice; so the stored outcome of good readings is 2, "not evaluated". QARTOD flags the readings beside a spike too; here a reading must stand out on its own, by at least half the threshold from each neighbour. The next reading must come within a gap (of the plan, or three times the interval of the device, at least four usual intervals); the one before may be as old as it will.',
  '**Flat line** keeps a run instead of a window. It never flags where the window of QARTOD would not; it may flag later, because a run begins anew with the last two readings when the tolerance is left. It must hold as many readings as a window has, so a few equal values far apart are no flat line.',
  '**Attenuated signal** looks at the period in eight parts and the one that fills. No property has it by default; its period must fill again after a start when the store cannot give it.',
  '**Sentinel**: a number that instruments are known to send (999.9, −999, −200 …) that comes by a jump of half the spike threshold, or any number that comes by a jump beyond the fail threshold and is then repeated exactly, from the fourth time on. Without thresholds the jump must be ten times the last value. Numbers outside of the plausible range are refused before.',
  '**No value** is one thing, said by null, by a sentinel, by a refused number or by nothing: it leaves no trace, and the next value is judged against the last that was measured, live, late, after a restart and in a second look alike. When that is longer ago than three hours, four usual intervals and the gap of plan or device, the value gets flag 2 and `time_gap` 4 until the next reading shows whether it stands alone; only properties with a spike or rate test have this. Rules and official figures count flag 2 as they count 1, so a flood after a gap is told; completeness says how much of the time around such a gap was measured. A value that stays alone stays 2.',
  '**Amounts of an interval** (rain): suspect when more than ever fell in so long (422 mm × hours^0.475), where the interval is the time since the value before or how often the device is expected to report, if longer. The first amount of a series is judged when the second comes. **Batteries**: broken numbers below 15 are volts or a share of one, and suspect, unless the profile declares the unit or a scale. Both are told as `gross_range`.',
  '**Neighbour**: the median of the newest good values of the 16 nearest sites within the distance; it knows what the process has seen, and alerts reads only devices that a rule watches. Only temperature has it by default: a fire beside one air station is exactly what people want to be told of.',
  '**Clock**: observed more than a minute after it was received is marked at once. A lag of 4 hours or more that stays the same within 5 minutes over an hour and 12 messages is a wrong clock, such as local time sent as UTC; what is merely late is not. Like the time gap it tells (`tests=true`, `bellwether_quality_flags_total`) and does not lower the flag of a reading: a flood reported with a wrong time is still a flood. The estimate itself is not shown.',
]

const order = [
  'A reading that is sent again gets exactly the flag it had, if it is among the last 16 of its series (or of its backlog); otherwise it is judged anew as late.',
  'Readings older than the newest of their series are judged along a track of their own, so a backlog that comes in order is tested like live data. A reading that is older than that track begins it anew and is judged by itself. At most 20,000 series have such a track at a time.',
  'After a start the last readings of a series are read from the store, a quarter of an hour, then 4 hours, then 64, until there are two values. What was a flat line or a sentinel then is one after it; a flat line that had not yet been told begins anew. A backlog goes on where it was as far as it lies in that time; of its readings received within one millisecond the order is not known any more, so the first of them may be judged by itself.',
]

const findings = [
  'Floods, storms, smog, a dust storm and a burst-like night raise no flag at all. That was the first aim: rules use flags 1 and 2 only, so a false alarm of a test keeps a true alert back. The rates flatter the tests: the thresholds were chosen with these recordings in view. They were set to several times the largest step or peak of the recorded real events; only the pH spike threshold was lowered after a first run (1 to 0.7), and the humidity bound from 1 to 0.5 %.',
  'Single absurd values are found: the turbidity spikes of Pringle Creek, the false 2,956 ug/m3 of Senegal. The 809 before it is not: it is half of a step up, and such a step may be real.',
  'Slow faults are not found by defaults: pH that drifts for two weeks, a zero offset within 1 NTU, two channels that drift apart by 5 ug/m3. A plan for the site finds the first two; what it raises falsely there is the begin of the same drift, before the list calls it a fault. For channels that drift apart a neighbour test between devices of one site would be needed.',
  'pH flagged by the authors of the Pringle Creek data: 10 of 258, the single peaks. The rest look like good values.',
  'The 5 doubtful humidities of Senegal (below 0.5 % in a warm housing) are counted as false alarms although the sensor may well be wrong.',
  'The −200 of the Italian data is outside of every plausible range, so it is refused and kept in quarantine. The same as 999.9 fails by the sentinel test; for NOx, which reaches 1,479 there, a tenth is missed because 999.9 is then no jump.',
  'The analyser that stands at its ceiling for one hour (CO 10 mg/m3) is not flagged: its air was at least that bad.',
]
