/**
 * Where things stand: the Lan river runs from the hills in the west through the town to the plain in the east.
 * The coordinates lie in the middle Yangtze plain so that a map shows something; the city itself is invented,
 * and so are its district codes (GB/T 2260 has no province 99).
 */

import type { BothLanguages } from '../domain/text.ts'
import { between, rounded } from './noise.ts'

/** Kilometres from the city's centre. */
export interface Place {
  eastKm: number
  northKm: number
}

/** The river enters the map at −24 km east and leaves it at 24. */
export const riverEndKm = 24

/** The river's bends. */
export function riverNorthKm(eastKm: number): number {
  return 2.5 * Math.sin(eastKm / 6)
}

export function placeAt(
  lies: 'river' | 'hills' | 'town',
  key: number,
  order: { index: number; count: number },
): Place {
  if (lies === 'river') {
    const eastKm = riverEndKm * (((2 * order.index + 1) / order.count) * 0.92 - 0.92)
    return { eastKm, northKm: riverNorthKm(eastKm) + between(key, 1, [-0.1, 0.1]) }
  }
  if (lies === 'hills') {
    return { eastKm: between(key, 1, [-26, -14]), northKm: between(key, 2, [-7, 7]) }
  }
  return { eastKm: between(key, 1, [-11, 11]), northKm: between(key, 2, [-7, 7]) }
}

const centre = { longitude: 112.86, latitude: 29.47 }
const kmPerDegreeLatitude = 111.2
const kmPerDegreeLongitude = 96.8

/** [longitude, latitude] in degrees, to about a metre. */
export function locationOf(place: Place): [number, number] {
  return [
    rounded(centre.longitude + place.eastKm / kmPerDegreeLongitude, 5),
    rounded(centre.latitude + place.northKm / kmPerDegreeLatitude, 5),
  ]
}

export interface District {
  code: string
  name: BothLanguages
}

const districts = {
  hills: { code: '990105', name: { en: 'Xiling County', zh: '西岭县' } },
  northWest: { code: '990102', name: { en: 'Beipu District', zh: '北浦区' } },
  southWest: { code: '990103', name: { en: 'Nanting District', zh: '南汀区' } },
  northEast: { code: '990104', name: { en: 'Heyang District', zh: '荷阳区' } },
  southEast: { code: '990106', name: { en: 'Dongtan New Area', zh: '东滩新区' } },
} as const satisfies Record<string, District>

export const cityDistricts: readonly string[] = Object.values(districts).map(({ code }) => code)

export function districtOf({ eastKm, northKm }: Place): District {
  if (eastKm < -12) return districts.hills
  const north = northKm >= riverNorthKm(eastKm)
  if (eastKm < 0) return north ? districts.northWest : districts.southWest
  return north ? districts.northEast : districts.southEast
}
