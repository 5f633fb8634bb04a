/** Queries that several boards ask. */

import type { AlertLevel } from '../../domain/rule.ts'
import type { SiteIndexName } from '../../domain/standards/site/coverage.ts'
import { type Ask, inDistrict, inner, inScope, newest, plainName, select } from './influxql.ts'
import { levelCode } from './levels.ts'

/** How long ago the newest point of something written each minute may be: "now". */
export const nowWindow = '2m'
/** Hours end, are settled and computed: the newest full one began at most so long ago. */
export const hourWindow = '3h'

/** A point for each alert that is open; one that is over gets a last one of level 0. */
export const openAlert = '"rule", "site", "district", "device", "property"'

/**
 * A count that is 0 while Bellwether is alive and nothing is counted, and no value at all while it is not: silence must
 * never read as "all is well". Needs a table and the calculation `sum`, because each source has a row of its own.
 */
export function counted(label: string, query: string): Ask {
  const alive = inner({ what: 'last("received") * 0 AS "n"', from: 'bellwether' })
  return {
    table: true,
    text: select({ what: `sum("n") AS "${label}"`, from: `${alive}, ${query}` }),
  }
}

/** Open alerts of a level, in the districts and sites chosen. */
export function openAlerts(level: AlertLevel, label: string, scope: string): Ask {
  const open = inner({
    what: newest('level_code'),
    from: 'alert_open',
    where: [scope],
    by: openAlert,
  })
  return counted(
    label,
    inner({
      what: 'count("level_code") AS "n"',
      from: open,
      where: [`"level_code" = ${levelCode(level)}`],
    }),
  )
}

/** Open alerts with these fields and their tags, a row each. */
export function openAlertRows(fields: readonly string[], scope: string): Ask {
  const each = inner({
    what: newest('level_code', fields),
    from: 'alert_open',
    where: [scope],
    by: openAlert,
  })
  const shown = ['level_code', ...fields].map((field) => `"${plainName(field)}"`)
  return {
    table: true,
    text: select({
      what: shown.join(', '),
      from: each,
      where: ['"level_code" > 0'],
      by: openAlert,
    }),
  }
}

/** Sites whose newest state meets the condition. */
export function sitesThat(
  label: string,
  { field, is, where }: { field: string; is: string; where: readonly string[] },
): Ask {
  const states = inner({ what: newest(field), from: 'site_state', where, by: '"site"' })
  return counted(label, inner({ what: `count("${field}") AS "n"`, from: states, where: [is] }))
}

export function ofIndex(index: SiteIndexName): string {
  return `"index" = '${index}'`
}

/** The largest of the newest values of an index over the sites of the districts chosen. */
export function worstIndex(label: string, index: SiteIndexName, field: 'value' | 'level'): Ask {
  const each = inner({
    what: newest(field),
    from: 'site_index',
    where: [ofIndex(index), inDistrict],
    by: '"site"',
  })
  return { table: true, text: select({ what: `max("${field}") AS "${label}"`, from: each }) }
}

/** Changes of alerts by which they became worse, in each window of time; one series for each level. */
export function worsened(level: AlertLevel, alias: string, becameWorse: string): Ask {
  return {
    text: select({
      what: 'count("level_code")',
      from: 'alert_event',
      where: [inScope, becameWorse, `"level_code" = ${levelCode(level)}`],
      by: 'time($__interval) fill(none)',
    }),
    alias,
  }
}

/** Names and places of sites, to stand beside their readings in a table or on a map. */
export function namesOf(kinds: string, scope: string, others: readonly string[] = []): Ask {
  return {
    table: true,
    text: select({
      what: newest('level_code', ['name', ...others]),
      from: 'site_state',
      where: [kinds, scope],
      by: '"site"',
    }),
  }
}

/** Sites at which an index that only says "meets" (1) or "does not" (2) says that it does not. */
export function sitesThatIndex(label: string, where: readonly string[]): Ask {
  const each = inner({ what: newest('level'), from: 'site_index', where, by: '"site"' })
  return counted(
    label,
    inner({ what: 'count("level") AS "n"', from: each, where: ['"level" > 1'] }),
  )
}
