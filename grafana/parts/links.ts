/** Ways from board to board. They keep the time range, the district and the language, and never name a host. */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  type DashboardLink,
  DashboardLinkBuilder,
  DashboardLinkType,
} from '@grafana/grafana-foundation-sdk/dashboard'

/** Boards by their uid, with what the bar at the top calls them. */
export const boardTitles = {
  'bw-city': { zh: '城市', en: 'City' },
  'bw-air': { zh: '空气', en: 'Air' },
  'bw-rivers': { zh: '水雨情', en: 'Rivers and rain' },
  'bw-streets': { zh: '积水排水', en: 'Streets and drains' },
  'bw-water': { zh: '水质', en: 'Water quality' },
  'bw-drinking': { zh: '供水水质', en: 'Drinking water' },
  'bw-utilities': { zh: '水务', en: 'Utilities' },
  'bw-alerts': { zh: '告警', en: 'Alerts' },
  'bw-devices': { zh: '设备', en: 'Devices' },
  'bw-bellwether': { zh: '平台', en: 'Bellwether' },
} as const
export type BoardUid = keyof typeof boardTitles

/** Variables of the board one comes from, as Grafana writes them into an address. */
const kept = ['district', 'lang'].map((name) => `\${${name}:queryparam}`).join('&')

/** In tables and on maps: the board for the site of the row or marker. */
export function siteUrl(uid: BoardUid): string {
  return `${boardUrl(uid)}&var-site=\${__data.fields.site}`
}

export function deviceUrl(): string {
  return `${boardUrl('bw-devices')}&var-device=\${__data.fields.device}`
}

/** From a figure that is about no single site. */
export function boardUrl(uid: BoardUid): string {
  return `/d/${uid}?\${__url_time_range}&${kept}`
}

/** The board on Bellwether itself knows no districts. */
export const platformUrl = `/d/bw-bellwether?\${__url_time_range}`

function link(title: string, url: string): DashboardLinkBuilder {
  return new DashboardLinkBuilder(title).type(DashboardLinkType.Link).url(url)
}

/** The bar of all other boards. Its links add the time range themselves. */
export function boardLinks(from: BoardUid): Builder<DashboardLink>[] {
  return (Object.keys(boardTitles) as BoardUid[])
    .filter((uid) => uid !== from)
    .map((uid) =>
      link(`${boardTitles[uid].zh} ${boardTitles[uid].en}`, `/d/${uid}?${kept}`).keepTime(true),
    )
}
