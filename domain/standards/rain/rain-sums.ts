/** The values that indices of rain take: sums over periods such as `24h`. */

import type { Indicator } from '../definition.ts'

export function rainSums(periods: readonly string[]): Indicator[] {
  return periods.map((period) => ({
    code: period,
    name: { en: `Rain of ${period}`, zh: `${period.slice(0, -1)}小时降雨量` },
    unit: 'mm',
    property: 'rainfall',
    averaging: { en: `sum of ${period}`, zh: `${period.slice(0, -1)}小时累计` },
  }))
}
