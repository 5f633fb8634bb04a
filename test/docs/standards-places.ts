/** The parts of docs/standards.md on places and times: indices of a site, official averages, days. */

import { dayNeeds, ozoneMax8h } from '../../domain/standards/averages/daily.ts'
import { dayLong, eightHours } from '../../domain/standards/averages/moving-mean.ts'
import { waterHoursLeast } from '../../domain/standards/averages/official.ts'
import { statisticOf } from '../../domain/standards/averages/station.ts'
import { list, paragraphs, table } from './markdown.ts'

export const indicesOfSites = `\`GET /api/v1/sites/{id}/indices?from=&to=\` computes the indices of a site from its stored readings: \`cn-aqi-daily\`,
\`us-aqi\` and \`gb3838\` of natural days, the others of clock hours. What the standards ask about the place stands in the
attributes of the site; without them the index does what the last column says.

${table(
  ['attribute', 'for', 'meaning', 'without it'],
  [
    ['`timeZone`', 'all', 'such as `Asia/Shanghai`', 'the zone of its location'],
    ['`targetClass`', '`gb3838`', 'I … V, the class it must reach', 'multiples are over class III'],
    [
      '`targetLevel`',
      'rules on `gb3838-class`',
      'the same as a number, 1 … 5',
      'such a bound does not exist',
    ],
    ['`waterBody`', '`gb3838`', '`river` or `lake`', 'a reservoir is a lake, all else a river'],
    [
      '`supplyPoint`',
      '`gb5749`',
      '`plant` or `network`',
      'a water plant is the plant, all else the network',
    ],
    [
      '`disinfectant`',
      '`gb5749`',
      'the one in use',
      'one of those measured must reach its residual',
    ],
    [
      '`warningLevel`, `guaranteeLevel`, `historicMaximum`',
      '`flood-signal`',
      'figures of the gauge, m above the datum of its readings',
      'that level raises no signal',
    ],
    ['`nearWarning`', '`flood-signal`', 'how far below the warning level is near it, m', '0.5'],
    [
      '`warningFlow`, `guaranteeFlow`, `historicMaximumFlow`, `nearWarningFlow`',
      '`flood-signal`',
      'the same of the flow, m3/s',
      'that flow raises no signal',
    ],
    [
      '`droughtLevel`, `seasonMinimum`, `historicMinimum`, `nearDrought`',
      '`low-water-signal`',
      'figures of the gauge, m; how far above the drought level is near it',
      'that level raises no signal; 0.3',
    ],
    [
      '`droughtFlow`, `seasonMinimumFlow`, `historicMinimumFlow`, `nearDroughtFlow`',
      '`low-water-signal`',
      'the same of the flow, m3/s',
      'that flow raises no signal',
    ],
    ['`fieldCapacity`', '`drought-signal`', 'of the soil, % by volume', '30, named in the answer'],
    [
      '`floodLimitLevel`, `floodSeason`',
      '`flood-signal`',
      'of a reservoir; the season such as `06-01/09-30`',
      'not reported; all year',
    ],
  ],
)}

Our choices where the texts are silent:

${list([
  'A pollutant that the station has never measured counts as not monitored by plan (HJ 633-2026 5.3.2; its condition on three years is not checked); one that is missing now is missing.',
  'Gases of the US index are converted from mass to share of the air at 25 °C and 1013.25 hPa. Its days need 18 of 24 hours, or 13 of 17 means of 8 h; those of CO lie wholly in the day.',
  'Days of `us-aqi` are of local standard time all year: in summer they begin at 01:00 of the clocks. The means of 8 h of ozone are the 17 that begin at 07:00 … 23:00 (40 CFR 50 appendix U 3), so where ozone is measured a day is known 7 h after its end, and a rule observes it then.',
  '`gb3838` of a day is made from means of at least 4 hours with readings, since automatic stations measure every 4 hours; of a shorter time the answer is marked as instant.',
  '`rainstorm-signal`: the rain counts as going on when some fell in the last hour.',
  'An hour or day in which the site said nothing has no index.',
])}`

export const days = `An official day is a civil day of the place where it is measured, and a day there need not have 24 hours.

${list([
  'The time zone of a site is its attribute `timeZone` (IANA name, such as `Asia/Shanghai`), else the one of its location, else the setting `BELLWETHER_TIME_ZONE`. All of China keeps Beijing time.',
  'Natural day: from 00:00. Means of air and water, and `every=1d` of `GET /readings`, are of natural days.',
  'Hydrological day: from 08:00 to 08:00, for rain and rivers (SL 651).',
  'A clock hour begins when clocks of the place show a full hour. A day of the change to summer time has 23 hours, the one back 25; a mean of the day still needs as many valid hours as any other.',
  'Windows of `GET /readings` begin as the clocks and the calendar of the site say: parts of a day that divide it (`every=5m`, `1h`, `6h`), `1d`, `7d` or `1w` from Monday, `1mo`, `1y`; `24h` is 24 hours of UTC, and `day=utc` makes all of them UTC.',
  'A day begins when clocks first show its midnight; where they are turned past it, when they are turned.',
])}`

export function averages(): string {
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
      'A reading of `rainfall` is what fell in the interval that ends at its time, so the hour to 08:00 holds the reading of 08:00. A gauge that sends only the counter `rain_total` is judged by what it grew by, through restarts; of one that sends both the larger sum counts.',
      `\`GET /api/v1/readings?fn=official&every=1d\` (\`1h\`, \`8h\`) gives these figures of each instrument: \`value\`, \`valid\`, \`reason\` when it is not, \`completeness\` (hours that count of those of the period), \`statistic\`, \`standard\`, and beside them \`plainMean\`, which is the mean of whatever came in and official for nothing. 1 h: air pollutants, rain (its sum). 8 h: ozone. 1 d: air pollutants, of ozone the daily maximum of 8 h; rain from 08:00 to 08:00 with all 24 hours measured; surface water from ${waterHoursLeast} hours. Whole periods are judged also where the time asked for cuts them; one that has not ended is not valid yet.`,
      'Late readings change the hours they belong to; figures are made anew when asked for, so nothing stays as it was before they came.',
    ]),
  ])
}

const levelProperties = ['water_level', 'tide_level', 'water_depth', 'flow']
  .filter((property) => statisticOf(property) === 'max')
  .map((property) => `\`${property}\``)
  .join(', ')
