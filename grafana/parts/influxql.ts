/**
 * Queries of the boards. InfluxQL, because it is the one language that InfluxDB 1, 2 and 3 share; the SDK has no
 * builder for it. Every query is bounded by the time range of the board and, where tags allow, by its variables.
 */

import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'

/** The uid is part of every board and of `provisioning/datasources/`: it never changes. */
export const dataSource = { type: 'influxdb', uid: 'bellwether' } as const

export interface Ask {
  text: string
  /** Name of each series, such as `$tag_site` or `$col`. Only without `table`. */
  alias?: string
  /** One frame (time, tags, fields) in place of a frame for each series. */
  table?: boolean
}

interface Select {
  what: string
  /** A measurement, or queries in parentheses as `inner` makes them. */
  from: string
  where?: readonly string[]
  /** What stands behind GROUP BY, `fill()` included. */
  by?: string
}

/** A query of its own: bounded by the time range. */
export function select({ where = [], ...rest }: Select): string {
  return text({ ...rest, where: ['$timeFilter', ...where] })
}

/** A query inside of another one, whose time range holds for it as well. */
export function inner(query: Select): string {
  return `(${text(query)})`
}

/** A query over others that are bounded themselves. */
export function over(query: Select): string {
  return text(query)
}

function text({ what, from, where = [], by }: Select): string {
  const source = from.startsWith('(') ? from : `"${from}"`
  const conditions = where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`
  return `SELECT ${what} FROM ${source}${conditions}${by === undefined ? '' : ` GROUP BY ${by}`}`
}

/** Districts and sites chosen at the top of the board; multiple choices only work as a regular expression. */
export const inDistrict = '"district" =~ /^$district$/'
const atSite = '"site" =~ /^$site$/'
export const inScope = `${inDistrict} AND ${atSite}`

/** Values that passed their quality tests or were not tested; suspect and failed ones are no fact to act on. */
export function sound(property: string): string {
  return `"${property}_q" < 3`
}

/** Of hours summed up those with readings that passed; where none does any more, older figures stand beside a count of 0. */
export function counted(property: string): string {
  return `"${property}_count" > 0`
}

/**
 * The newest point of each group with the other fields of the same point, at its own time. A field that is stored in
 * both languages, such as `text`, is named with `$lang` and answered under its plain name.
 */
export function newest(field: string, others: readonly string[] = []): string {
  return [`last("${field}") AS "${field}"`, ...others.map(named)].join(', ')
}

function named(field: string): string {
  const plain = plainName(field)
  return plain === field ? `"${field}"` : `"${field}" AS "${plain}"`
}

/** The name under which a field is answered. */
export function plainName(field: string): string {
  return field.endsWith('_$lang') ? field.slice(0, -'_$lang'.length) : field
}

/** @param refId one letter, distinct within its panel */
export function target(
  { text: query, alias, table = false }: Ask,
  refId: string,
): Builder<Dataquery> {
  const built = {
    datasource: dataSource,
    query,
    rawQuery: true,
    refId,
    resultFormat: table ? 'table' : 'time_series',
    ...(alias === undefined ? {} : { alias }),
  }
  return { build: () => marked(built) }
}

/** The SDK tells queries from other objects by a method that never reaches the JSON. */
export function marked<T extends object>(query: T): T & Dataquery {
  return Object.defineProperty(query, '_implementsDataqueryVariant', {
    value: () => undefined,
    enumerable: false,
  }) as T & Dataquery
}
