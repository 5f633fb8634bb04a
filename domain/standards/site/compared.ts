/** The number of an index that the bounds of a rule are compared with. */

import type { IndexAnswer } from '../definition.ts'

/**
 * Air indices: the index (of the European one the band, 1…6). `gb5749`: how many items are beyond their limits. The
 * others: the level, which is 1 (best) … 6 for `gb3838` and 1…7 for `rain-grade`, and 0 (none), 1 (blue) … 4 (red) for
 * signals. Null when the index cannot be given.
 */
export function comparedValue({ index, value, level, details }: IndexAnswer): number | null {
  switch (index) {
    case 'cn-aqi-daily':
    case 'cn-aqi-hourly':
    case 'us-aqi':
    case 'us-nowcast':
    case 'eu-aqi':
      return typeof value === 'number' ? value : null
    case 'gb5749':
      return value !== null && typeof details.itemsBeyond === 'number' ? details.itemsBeyond : null
    case 'gb3838':
    case 'rain-grade':
    case 'rainstorm-signal':
    case 'flood-size':
    case 'flood-signal':
    case 'low-water-signal':
    case 'drought-signal':
      return level
  }
}
