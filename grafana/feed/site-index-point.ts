/**
 * The index of a site in one hour or on one day as a point. All numbers, so that boards can compare them: classes of
 * GB 3838 are 1 (I) to 6 (worse than V), signals 1 (blue) to 4 (red), items of drinking water 1 (within) or 2 (beyond).
 */

import type { Day } from '../../domain/calendar.ts'
import { alertLevels } from '../../domain/rule.ts'
import type { Site } from '../../domain/site.ts'
import type { IndexAnswer } from '../../domain/standards/definition.ts'
import { comparedValue } from '../../domain/standards/site/compared.ts'
import { surfaceClasses } from '../../domain/standards/water/surface-class.ts'
import type { BoardPoint } from '../../stores/readings/board-points.ts'

/** Texts are written even when they are empty: a point that is written again must not keep those of before. */
export function siteIndexPoint(site: Site, answer: IndexAnswer, period: Day): BoardPoint {
  const { index, edition, level, primary, category, sub } = answer
  return {
    measurement: 'site_index',
    tags: { site: site.id, district: site.district, index, edition },
    fields: {
      value: comparedValue(answer),
      level,
      primary: primary.join(', '),
      category_en: category?.en ?? '',
      category_zh: category?.zh ?? '',
      ...Object.fromEntries(
        Object.entries(sub).map(([indicator, value]) => [`sub_${indicator}`, numberOf(value)]),
      ),
    },
    at: period.from,
  }
}

const numbers: ReadonlyMap<string, number> = new Map([
  ...surfaceClasses.map((name, i): [string, number] => [name, i + 1]),
  ...alertLevels.map((name, i): [string, number] => [name, i + 1]),
  ['meets', 1],
  ['above', 2],
  ['below', 2],
  ['exceeds', 2],
])

/** Null for what has no order, such as names of grades of rain; `level` tells those. */
function numberOf(value: number | string | null): number | null {
  return typeof value === 'string' ? (numbers.get(value) ?? null) : value
}
