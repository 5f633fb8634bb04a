/**
 * Device and property → row of the series. Messages name one device for several readings, in the same order of keys each
 * time, so most readings are found where the one before was, without a search.
 */

export interface KnownDevice {
  id: string
  /** Its row in the table of clocks. */
  clock: number
  /** Property codes and, at the same places, rows. */
  codes: readonly string[]
  rows: readonly number[]
  /** Where the last reading was found. */
  cursor: number
}

export const unknownRow = -1

export function createDeviceBook() {
  const devices = new Map<string, KnownDevice>()
  let last: KnownDevice | undefined
  let sweep: IterableIterator<KnownDevice> = devices.values()

  return {
    find(id: string): KnownDevice | undefined {
      if (last !== undefined && last.id === id) return last
      const device = devices.get(id)
      if (device !== undefined) last = device
      return device
    },
    add(id: string, clock: number): KnownDevice {
      const device: KnownDevice = { id, clock, codes: [], rows: [], cursor: 0 }
      devices.set(id, device)
      return device
    },
    remove(id: string): void {
      devices.delete(id)
      last = undefined
    },
    /** The next few devices in turn, round and round. */
    *some(count: number): Generator<KnownDevice> {
      for (let i = 0; i < Math.min(count, devices.size); i++) {
        let next = sweep.next()
        if (next.done) {
          sweep = devices.values()
          next = sweep.next()
        }
        if (!next.done) yield next.value
      }
    },
  }
}

export function rowOf(device: KnownDevice, property: string): number {
  const { codes, cursor } = device
  let place = cursor + 1
  if (codes[place] !== property) place = codes[0] === property ? 0 : codes.indexOf(property)
  if (place < 0) return unknownRow
  device.cursor = place
  return device.rows[place] ?? unknownRow
}

/** Arrays of exactly this length: growing ones would keep room for more. */
export function addSeries(device: KnownDevice, property: string, row: number): void {
  device.codes = device.codes.concat(property)
  device.rows = device.rows.concat(row)
}
