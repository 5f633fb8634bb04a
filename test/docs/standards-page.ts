/** Writes docs/standards.md from the definitions: `npm run docs`. A test fails when the page is out of date. */

import { dayNeeds, ozoneMax8h } from '../../domain/standards/averages/daily.ts'
import { dayLong, eightHours } from '../../domain/standards/averages/moving-mean.ts'
import { statisticOf } from '../../domain/standards/averages/station.ts'
import { drySoil, lowWater } from '../../domain/standards/flood/drought.ts'
import { tableOf } from '../../domain/standards/flood/starting-bounds.ts'
import { streetDepth } from '../../domain/standards/flood/street.ts'
import { indexDefinitions } from '../../domain/standards/indices.ts'
import { starterGroups } from '../../domain/starter-rules.ts'
import { list, paragraphs, table } from './markdown.ts'
import { createTableShower, indexOverview, indexSection } from './standards-indices.ts'
import { qualitySection } from './standards-quality.ts'
import { groupSection } from './standards-rules.ts'

const definitions = [...indexDefinitions.values()]

export function standardsPage(): string {
  const tables = createTableShower()
  const bounds = [streetDepth, lowWater, drySoil].map((one) =>
    tables.show(tableOf(one), '[Bounds to start from](#bounds-to-start-from)'),
  )
  return `${paragraphs([
    introduction,
    contents,
    '## Indices',
    aboutIndices,
    indexOverview(definitions),
    ...definitions.map((definition) => indexSection(definition, tables)),
    '## Official averages',
    averages(),
    '## Days and hours',
    days,
    '## Quality of readings',
    qualitySection(),
    '## Bounds to start from',
    aboutBounds,
    ...bounds,
    '## Rules to start from',
    aboutRules,
    ...starterGroups.map(groupSection),
  ])}\n`
}

const contents = list(
  [
    'Indices',
    'Official averages',
    'Days and hours',
    'Quality of readings',
    'Bounds to start from',
    'Rules to start from',
  ].map((heading) => `[${heading}](#${heading.toLowerCase().replaceAll(' ', '-')})`),
)

const introduction = `# Standards

Generated from \`domain/standards/\` and \`domain/starter-rules/\` by \`npm run docs\`; do not edit.

Every number that Bellwether judges by stands on this page, with the edition and clause it comes from. The same tables
are at \`GET /api/v1/indices\`, and \`POST /api/v1/indices/{index}\` computes with them, so anyone can check a figure:

\`\`\`sh
curl -H "$AUTH" -H "$JSON" $API/indices/cn-aqi-daily -d '{"edition": "HJ 633-2026", "values": {"pm25_24h": "75"}}'
\`\`\`

How sure we are of a number is said by a letter, for each table and, where one number differs, in its notes:

| mark | means |
|---|---|
| A | the official document was read and checked against at least one independent source |
| B | two or more independent secondary sources agree |
| C | one source, or general knowledge: check it before people rely on it |
| D | open, contradictory, or local practice: it is there to be edited |`

const aboutIndices = `An index has editions with the dates in which they are in force. A request that names none is computed with the one
in force today, an index of a site over time with the one in force on each day; \`edition\` computes any day under any
edition. Arithmetic is exact (decimal, not binary), so that rounding up never makes 56 out of 55.`

const days = `An official day is a civil day of the place where it is measured, and a day there need not have 24 hours.

${list([
  'The time zone of a site is its attribute `timeZone` (IANA name, such as `Asia/Shanghai`), else the one of its location, else the setting `BELLWETHER_TIME_ZONE`. All of China keeps Beijing time.',
  'Natural day: from 00:00. Means of air and water, and `every=1d` of `GET /readings`, are of natural days.',
  'Hydrological day: from 08:00 to 08:00, for rain and rivers (SL 651).',
  'A clock hour begins when clocks of the place show a full hour. A day of the change to summer time has 23 hours, the one back 25; a mean of the day still needs as many valid hours as any other.',
  'Windows shorter than a day (`every=5m`, `1h`) are multiples in UTC.',
])}`

const aboutBounds = `Where no standard gives a number for every place, or the number belongs to a site. They are defaults: edit the rules
made from them, or give the sites their attributes.`

const aboutRules = `\`bellwether rules install\` puts these into the registry, \`--only air,street\` some groups of them; what is there already is
left alone unless \`--replace\` is given. Then they are rules like any other: \`PATCH /api/v1/rules/starter-street-depth\`
with \`{"levels": {"orange": 0.3, "red": 0.5}}\` gives one other levels, \`bellwether rules remove ID\` takes one away.

An alert is raised when the signal has stood at or beyond a bound for the time of *raised after*, and is resolved when it
has stood inside the lowest bound by *margin* for *cleared after*. A bound such as \`warningLevel − 0.5\` is the site's
attribute minus 0.5; at a site without the attribute that level does not exist. Only readings of quality 1 and 2 count.

A rule on an index (\`"signal": {"type": "index", "index": "cn-aqi-hourly"}\`) watches a site as a whole and compares the
value of an air quality index; of \`gb3838-class\` 1 (class I) to 6 (worse than V); of \`rain-grade\` the level; of
\`rainstorm-signal\` and \`flood-signal\` 0 (none), 1 blue, 2 yellow, 3 orange, 4 red; of \`gb5749\` how many items are beyond
their limits.`

function averages(): string {
  return paragraphs([
    `Means, maxima and sums as the standards want them, from readings of quality 1 and 2 only. They are made of clock hours,
and an hour counts when its readings stand for at least 45 of its 60 minutes.`,
    table(
      ['figure', 'needs', 'source'],
      [
        [
          'hourly mean',
          '45 minutes (completeness 0.75)',
          'GB 3095-2012 and GB 3095-2026, table 4 (A)',
        ],
        [
          'moving mean of 8 h',
          `${eightHours.needs} of ${eightHours.hours} hourly means`,
          'GB 3095, table 4 (A)',
        ],
        [
          'moving mean of 24 h',
          `${dayLong.needs} of ${dayLong.hours} hourly means`,
          'real-time report of HJ 633-2012 (A); needs as the daily mean',
        ],
        ['daily mean', `${dayNeeds} hourly means of the natural day`, 'GB 3095, table 4 (A)'],
        ['daily maximum of 1 h', `${dayNeeds} hourly means`, 'our choice: the texts are silent'],
        [
          'daily maximum of 8 h, ozone',
          `${ozoneMax8h.needs} of the 17 moving means that end from 08:00 to 24:00; with fewer it counts when above ${ozoneMax8h.limit} ug/m3`,
          'HJ 663-2013 (B)',
        ],
        [
          'sum of rain',
          'any reading',
          'our choice: a warning must not wait for a gauge that was silent',
        ],
      ],
    ),
    list([
      'Completeness of an hour is readings × interval / 60 min, at most 1. The interval is what the device is registered with (`expectedInterval`), or learned from the fullest of the hours looked at.',
      `The figure of an hour is the mean; for rain the sum; for ${levelProperties} the largest value.`,
      'Several devices of one site become one: the mean of those whose hour is valid; for rain and levels the largest, because a clogged gauge shows too little and a flood is judged by its worst point.',
      'A reading of `rainfall` is what fell in the interval that ends at its time, so the hour to 08:00 holds the reading of 08:00.',
      'Late readings change the hours they belong to; figures are made anew when asked for, so nothing stays as it was before they came.',
    ]),
  ])
}

const levelProperties = ['water_level', 'tide_level', 'water_depth']
  .filter((property) => statisticOf(property) === 'max')
  .map((property) => `\`${property}\``)
  .join(', ')
