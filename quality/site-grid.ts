/** Sites by where they lie, so that those nearby are found without looking at all. */

export interface Placed {
  site: string
  /** Degrees, WGS 84. */
  location: readonly [number, number]
}

export interface SiteGrid<Item extends Placed> {
  /** The nearest first, at most `limit`, without the site itself. */
  near(of: Placed, withinKm: number, limit: number): readonly Item[]
}

const cellDegrees = 0.1
const kmPerDegree = 111.2
/** Longitudes shrink towards the poles; beyond this all are looked at. */
const leastCosine = 0.05

export function createSiteGrid<Item extends Placed>(items: readonly Item[]): SiteGrid<Item> {
  const cells = new Map<string, Item[]>()
  for (const item of items) {
    const [lon, lat] = item.location
    const key = keyOf(cellOf(lon), cellOf(lat))
    const cell = cells.get(key)
    if (cell === undefined) cells.set(key, [item])
    else cell.push(item)
  }

  function* candidates({ location: [lon, lat] }: Placed, withinKm: number): Generator<Item> {
    const up = Math.ceil(withinKm / kmPerDegree / cellDegrees)
    const cosine = Math.max(leastCosine, Math.cos((lat * Math.PI) / 180))
    const side = Math.ceil(up / cosine) + 1
    if ((2 * up + 1) * (2 * side + 1) > items.length) return yield* items
    for (let y = cellOf(lat) - up; y <= cellOf(lat) + up; y++) {
      for (let x = cellOf(lon) - side; x <= cellOf(lon) + side; x++) {
        yield* cells.get(keyOf(x, y)) ?? []
      }
    }
  }

  return {
    near(of, withinKm, limit) {
      const found: { item: Item; km: number }[] = []
      for (const item of candidates(of, withinKm)) {
        if (item.site === of.site) continue
        const km = distanceKm(of.location, item.location)
        if (km <= withinKm) found.push({ item, km })
      }
      return found
        .sort((a, b) => a.km - b.km)
        .slice(0, limit)
        .map(({ item }) => item)
    },
  }
}

function cellOf(degrees: number): number {
  return Math.floor(degrees / cellDegrees)
}

function keyOf(x: number, y: number): string {
  return `${x} ${y}`
}

/** Good to a percent over the distances at which sites are neighbours. */
function distanceKm(a: readonly [number, number], b: readonly [number, number]): number {
  const middle = (((a[1] + b[1]) / 2) * Math.PI) / 180
  const degrees = Math.abs(a[0] - b[0])
  const east = Math.min(degrees, 360 - degrees) * Math.cos(middle)
  return Math.hypot(east, a[1] - b[1]) * kmPerDegree
}
