/**
 * Names of series and their numbers, in memory both ways. A number is never given to another series
 * while anything of the first is left in the file.
 */

import type { SeriesKey } from '../../../domain/reading.ts'

export interface SeriesTable {
  /** Undefined when the series is not known. */
  idOf(device: string, property: string): number | undefined
  keyOf(id: number): SeriesKey | undefined
  add(id: number, device: string, property: string): void
  remove(id: number): void
  /** The largest number given so far, 0 when there is none. */
  readonly last: number
  /** In the order of their numbers. */
  keys(): SeriesKey[]
  clear(): void
}

export function createSeriesTable(): SeriesTable {
  const ids = new Map<string, Map<string, number>>()
  let keys: (SeriesKey | undefined)[] = []
  // Readings come device by device, so the properties of the last one are kept at hand.
  let lastDevice = ''
  let lastProperties = new Map<string, number>()

  return {
    idOf(device, property) {
      if (device !== lastDevice) {
        const properties = ids.get(device)
        if (properties === undefined) return undefined
        lastDevice = device
        lastProperties = properties
      }
      return lastProperties.get(property)
    },
    keyOf: (id) => keys[id],
    add(id, device, property) {
      let properties = ids.get(device)
      if (properties === undefined) {
        properties = new Map()
        ids.set(device, properties)
        if (device === lastDevice) lastProperties = properties
      }
      properties.set(property, id)
      // Filled up to here, the array stays dense and quick.
      while (keys.length < id) keys.push(undefined)
      keys[id] = { device, property }
    },
    remove(id) {
      const key = keys[id]
      if (key === undefined) return
      keys[id] = undefined
      const properties = ids.get(key.device)
      properties?.delete(key.property)
      if (properties?.size === 0) ids.delete(key.device)
    },
    get last() {
      return Math.max(0, keys.length - 1)
    },
    keys: () => keys.filter((key) => key !== undefined),
    clear() {
      ids.clear()
      keys = []
      lastDevice = ''
      lastProperties = new Map()
    },
  }
}
