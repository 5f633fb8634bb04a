/**
 * The registry's view of a place: its name in two languages, its kind, and the levels that matter there
 * (warning and guarantee stage, flood limit of a reservoir, depth at which a road is closed, discharge limits).
 */

import type { Site } from '../domain/site.ts'
import type { BothLanguages } from '../domain/text.ts'
import type { CityDevice } from './device.ts'
import { type DeviceModel, modelPlans } from './inventory.ts'
import { reservoirLevels } from './models/reservoir.ts'
import { riverLevels } from './models/river.ts'
import { isUnderpass } from './models/street.ts'
import { between, keyOf, mix, rounded, unit } from './noise.ts'
import { districtOf, locationOf } from './places.ts'

export function siteAt(device: CityDevice, order: { cityKey: number; siteIndex: number }): Site {
  const { kind } = modelPlans[device.model]
  return {
    id: device.site,
    name: titled(device, localName(mix(order.cityKey, keyOf(device.model)), order.siteIndex)),
    kind,
    location: locationOf(device.place),
    district: districtOf(device.place).code,
    basin: 'Lan river 澜河',
    attributes: { simulated: 'yes', ...attributesOf(device) },
  }
}

const beginnings = [
  ['Qing', '青'],
  ['Bai', '白'],
  ['Shi', '石'],
  ['Yun', '云'],
  ['Liu', '柳'],
  ['Tao', '桃'],
  ['Song', '松'],
  ['He', '荷'],
  ['Lu', '鹭'],
  ['Feng', '枫'],
  ['Mei', '梅'],
  ['Zhu', '竹'],
  ['Long', '龙'],
  ['Jin', '金'],
  ['Hong', '虹'],
  ['Yu', '渔'],
] as const
const endings = [
  ['qiao', '桥'],
  ['kou', '口'],
  ['wan', '湾'],
  ['pu', '浦'],
  ['tan', '滩'],
  ['du', '渡'],
  ['tang', '塘'],
  ['ping', '坪'],
] as const
const nameCount = beginnings.length * endings.length

/** Distinct within a kind of site: 37 shares no factor with the count, and further rounds are numbered. */
function localName(key: number, siteIndex: number): BothLanguages {
  const pick = (siteIndex * 37 + (key % nameCount)) % nameCount
  const [headEn, headZh] = beginnings[pick % beginnings.length] ?? beginnings[0]
  const [tailEn, tailZh] = endings[Math.floor(pick / beginnings.length)] ?? endings[0]
  const round = Math.floor(siteIndex / nameCount)
  return round === 0
    ? { en: headEn + tailEn, zh: headZh + tailZh }
    : { en: `${headEn}${tailEn} ${round + 1}`, zh: `${headZh}${tailZh}${round + 1}号` }
}

const titles: Readonly<Record<DeviceModel, readonly [en: string, zh: string]>> = {
  air: ['@ Air Station', '@空气站'],
  river: ['Lan River at @', '澜河@水文站'],
  reservoir: ['@ Reservoir', '@水库'],
  rain: ['@ Rain Gauge', '@雨量站'],
  street: ['@ Road', '@路'],
  'surface-water': ['Lan River, @ Section', '澜河@断面'],
  plant: ['@ Waterworks', '@水厂'],
  outfall: ['@ Outfall', '@排污口'],
  soil: ['@ Soil Station', '@墒情站'],
  meter: ['@ Quarter', '@小区'],
}

function titled(device: CityDevice, local: BothLanguages): BothLanguages {
  const [en, zh] =
    device.model === 'street' && isUnderpass(device)
      ? ['@ Road Underpass', '@路下穿通道']
      : titles[device.model]
  return { en: en.replace('@', () => local.en), zh: zh.replace('@', () => local.zh) }
}

function attributesOf(device: CityDevice): Record<string, string | number> {
  const { key } = device
  switch (device.model) {
    case 'river':
      return { ...riverLevels(device), datum: '1985 National Height Datum 1985国家高程基准' }
    case 'reservoir':
      return { ...reservoirLevels(device), datum: '1985 National Height Datum 1985国家高程基准' }
    case 'street':
      return { underpass: isUnderpass(device) ? 'yes' : 'no', wheelHubDepth: 0.27 }
    case 'surface-water': {
      const targetLevel = unit(key, 50) < 0.5 ? 2 : 3
      const targetClass = 'I'.repeat(targetLevel)
      return { targetClass, targetLevel, standard: 'GB 3838-2002' }
    }
    case 'outfall':
      return { codLimit: 50, nh3nLimit: 5, standard: 'GB 18918-2002 1A' }
    case 'plant':
      return { capacityM3PerDay: rounded(between(key, 50, [80_000, 200_000]), -3) }
    case 'meter':
      return { households: Math.round(between(key, 50, [80, 400])) }
    case 'air':
    case 'rain':
    case 'soil':
      return {}
  }
}
