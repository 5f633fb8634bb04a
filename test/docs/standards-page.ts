/** Writes docs/standards.md from the definitions: `npm run docs`. A test fails when the page is out of date. */

import { drySoil, lowWater } from '../../domain/standards/flood/drought.ts'
import { tableOf } from '../../domain/standards/flood/starting-bounds.ts'
import { streetDepth } from '../../domain/standards/flood/street.ts'
import { indexDefinitions } from '../../domain/standards/indices.ts'
import { starterGroups } from '../../domain/starter-rules.ts'
import { list, paragraphs } from './markdown.ts'
import { createTableShower, indexOverview, indexSection } from './standards-indices.ts'
import { averages, days, indicesOfSites } from './standards-places.ts'
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
    '## Indices of a site',
    indicesOfSites,
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
    'Indices of a site',
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

[Beijing, December 2015](beijing-aqi.md) shows what the tables make of a recorded smog, under both Chinese editions.

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
\`rainstorm-signal\`, \`flood-signal\`, \`low-water-signal\` and \`drought-signal\` 0 (none), 1 blue, 2 yellow, 3 orange, 4 red; of \`gb5749\` how many items are beyond
their limits. Air quality indices are judged when their hour or day is over, all others with each reading.
What was observed of an index stands: a reading that comes in a later message than its hour, is corrected, or is flagged away afterwards changes the hours and days that are still to be judged, and no alert of those before,
unlike in rules on values and windows. \`GET /api/v1/sites/{id}/indices\` has the figure with it: look there after an outage of the air stations of a site.`
