/**
 * Rain of the gauges, whichever way they tell it: the amount of each interval (`rainfall`), or a counter (`rain_total`) by
 * what it grew by. Of a gauge that sends both the larger sum counts. What a counter says first after a restart is not
 * known as an increase here; the API counts it.
 */

import { inDistrict, inner, sound } from './influxql.ts'

export interface RainAsk {
  /** Of the windows of time, as in `time(…)`. */
  time: string
  fill: 'none' | '0'
}

/** Field `mm` of each device and site in each window, a row for each way of telling it. */
export function rainSums({ time, fill }: RainAsk): readonly [amounts: string, counters: string] {
  const by = `time(${time}), "device", "site" fill(${fill})`
  const amounts = inner({
    what: 'sum("rainfall") AS "mm"',
    from: 'hydro',
    where: ['$timeFilter', inDistrict, sound('rainfall')],
    by,
  })
  const increments = inner({
    what: 'non_negative_difference("rain_total") AS "increment"',
    from: 'hydro',
    where: [inDistrict, sound('rain_total')],
    by: '"device", "site"',
  })
  const counters = {
    what: 'sum("increment") AS "mm"',
    from: increments,
    where: ['$timeFilter'],
    by,
  }
  return [amounts, inner(counters)]
}

/**
 * The same of the last window before the end of the time range, (end − length, end]: windows end a nanosecond after
 * that end, and those that are silent are 0. The range must be longer, for the reading before the window tells how
 * much a counter grew by in it. Take it with `over`: with a time range outside of them as well, InfluxDB 1 answers
 * nothing for windows that are filled in.
 */
export function lastRain(length: '1h' | '24h'): string {
  // Grafana writes milliseconds since 1970 here.
  const sums = rainSums({ time: `${length}, \${__to}000001ns`, fill: '0' })
  const last = (from: string) => inner({ what: 'last("mm") AS "mm"', from, by: '"device", "site"' })
  return sums.map(last).join(', ')
}
