/**
 * What attributes of a site must be so that rules and indices can use them: a level that is text raises no alarm, and
 * nobody is told. Other attributes are free.
 */

import { isTimeZone } from './calendar.ts'
import type { Rule } from './rule.ts'
import type { Site } from './site.ts'
import { floodSeasonForm, hydroFigures } from './standards/site/hydro-request.ts'
import { starterGroups } from './starter-rules.ts'

const starterNumbers = boundAttributes(
  starterGroups.flatMap(({ rules }) => rules.map((r) => r.rule)),
)

/** Names of the attributes that are compared with readings, by the rules given or by what is built in. */
export function numberAttributes(rules: readonly Rule[]): ReadonlySet<string> {
  return new Set([...hydroFigures, ...starterNumbers, ...boundAttributes(rules)])
}

function boundAttributes(rules: readonly Rule[]): string[] {
  return rules.flatMap(({ levels }) =>
    Object.values(levels).flatMap((bound) => (typeof bound === 'object' ? [bound.attribute] : [])),
  )
}

/** Why the attribute cannot be used as what it is, or null. */
export function attributeReason(
  name: string,
  value: number | string,
  numbers: ReadonlySet<string>,
): string | null {
  if (numbers.has(name) && typeof value !== 'number') {
    return `is ${JSON.stringify(value)}, but readings are compared with it: give a plain number such as 9.3, without a unit`
  }
  if (name === 'timeZone' && !(typeof value === 'string' && isTimeZone(value))) {
    return `${JSON.stringify(value)} is not a time zone: give its IANA name, such as "Asia/Shanghai"`
  }
  if (name === 'floodSeason' && !(typeof value === 'string' && floodSeasonForm.test(value))) {
    return `is ${JSON.stringify(value)}; it must be month and day of its beginning and end, such as "06-01/09-30"`
  }
  return null
}

/** The first attribute of `after`, new or other than in `before`, that cannot be used, with the reason. */
export function unusableAttribute(
  before: Pick<Site, 'attributes'> | undefined,
  after: Pick<Site, 'attributes'>,
  numbers: ReadonlySet<string>,
): { name: string; reason: string } | null {
  for (const [name, value] of Object.entries(after.attributes)) {
    if (before?.attributes[name] === value) continue
    const reason = attributeReason(name, value, numbers)
    if (reason !== null) return { name, reason }
  }
  return null
}
