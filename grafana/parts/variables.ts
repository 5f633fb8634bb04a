/**
 * What can be chosen at the top of a board. Lists come from `site_state` and `device_state`, because their tags name
 * what is there now; the readings would also name what is long gone.
 */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  CustomVariableBuilder,
  QueryVariableBuilder,
  VariableHide,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import type { Site } from '../../domain/site.ts'
import { dataSource } from './influxql.ts'
import { both } from './text.ts'

type Kind = Site['kind']

/** A condition on the tag `kind`; measurements of readings do not have it. */
export function ofKind(kinds: readonly Kind[]): string {
  return `"kind" =~ /^(${kinds.join('|')})$/`
}

export const district: Builder<VariableModel> = chosen(
  'district',
  both('区县', 'District'),
  'SHOW TAG VALUES FROM "site_state" WITH KEY = "district"',
).allValue('.*')

/**
 * Sites of these kinds. "All" is spelt out as a list, so that a property which several kinds measure (a water level,
 * a pH) is shown of these kinds only; where a property belongs to one kind alone, give `any`.
 */
export function site(kinds: readonly Kind[], any: 'any' | 'listed'): Builder<VariableModel> {
  const builder = chosen('site', both('站点', 'Site'), sitesOf(kinds))
  return any === 'any' ? builder.allValue('.*') : builder
}

/** All sites of these kinds in the districts chosen, for the queries only: nobody sees or chooses them. */
export function hidden(name: string, kinds: readonly Kind[]): Builder<VariableModel> {
  return chosen(name, name, sitesOf(kinds)).hide(VariableHide.HideVariable)
}

function sitesOf(kinds: readonly Kind[]): string {
  return `SHOW TAG VALUES FROM "site_state" WITH KEY = "site" WHERE ${ofKind(kinds)} AND "district" =~ /^$district$/`
}

export const anySite: Builder<VariableModel> = chosen(
  'site',
  both('站点', 'Site'),
  'SHOW TAG VALUES FROM "site_state" WITH KEY = "site" WHERE "district" =~ /^$district$/',
).allValue('.*')

export const device: Builder<VariableModel> = chosen(
  'device',
  both('设备', 'Device'),
  'SHOW TAG VALUES FROM "device_state" WITH KEY = "device" WHERE "district" =~ /^$district$/ AND "site" =~ /^$site$/',
).allValue('.*')

/** Of sentences and categories that are stored in both languages; titles are always in both. */
export const language: Builder<VariableModel> = new CustomVariableBuilder('lang')
  .label(both('语言', 'Language'))
  .values('中文 : zh, English : en')
  .options([
    { selected: true, text: '中文', value: 'zh' },
    { selected: false, text: 'English', value: 'en' },
  ])
  .current({ selected: true, text: '中文', value: 'zh' })

function chosen(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(dataSource)
    .query({ query, refId: `variable-${name}` })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc)
    .multi(true)
    .includeAll(true)
    .current({ selected: true, text: ['All'], value: ['$__all'] })
}
