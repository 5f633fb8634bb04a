/**
 * Series by name and by number, and what each needs when its readings are written: its device, the keys of its
 * fields, and its row. A row is what the properties of one domain share at one device: one line per moment.
 */

import type { SeriesKey } from '../../../../domain/reading.ts'
import { fieldSuffixes, measurementOf } from '../layout.ts'
import { escapeKey } from '../write/line-protocol.ts'

export interface PropertyKeys {
  code: string
  measurement: string
  /** Field keys with their `=`, escaped. */
  value: Uint8Array
  flag: Uint8Array
  tests: Uint8Array
  received: Uint8Array
}

export interface Series extends SeriesKey {
  id: number
  keys: PropertyKeys
  /** Number of the row. */
  row: number
}

export interface SeriesRegister {
  find(device: string, property: string): Series | undefined
  get(id: number): Series | undefined
  add(id: number, device: string, property: string): Series
  /** The largest number given so far, 0 when there is none. */
  readonly last: number
  /** Numbers of the series of a device. */
  seriesOfDevice(device: string): number[]
  /** Numbers of the series of a row. */
  seriesOfRow(row: number): readonly number[]
  clear(): void
}

interface Device {
  series: Map<string, Series>
  /** By measurement. */
  rows: Map<string, number>
}

export function createSeriesRegister(): SeriesRegister {
  const devices = new Map<string, Device>()
  const properties = new Map<string, PropertyKeys>()
  let all: (Series | undefined)[] = []
  let rows: number[][] = []
  // Readings come device by device, so the last one is kept at hand.
  let lastName = ''
  let lastDevice: Device | undefined

  function deviceOf(name: string): Device | undefined {
    if (name === lastName && lastDevice !== undefined) return lastDevice
    lastName = name
    lastDevice = devices.get(name)
    return lastDevice
  }

  function keysOf(code: string): PropertyKeys {
    const known = properties.get(code)
    if (known !== undefined) return known
    const key = escapeKey(code)
    const keys: PropertyKeys = {
      code,
      measurement: measurementOf(code),
      value: Buffer.from(`${key}=`),
      flag: Buffer.from(`${key}${fieldSuffixes.flag}=`),
      tests: Buffer.from(`${key}${fieldSuffixes.tests}=`),
      received: Buffer.from(`${key}${fieldSuffixes.received}=`),
    }
    properties.set(code, keys)
    return keys
  }

  return {
    find: (device, property) => deviceOf(device)?.series.get(property),
    get: (id) => all[id],
    add(id, device, property) {
      let known = deviceOf(device)
      if (known === undefined) {
        known = { series: new Map(), rows: new Map() }
        devices.set(device, known)
        lastDevice = known
      }
      const keys = keysOf(property)
      let row = known.rows.get(keys.measurement)
      if (row === undefined) {
        row = rows.length
        rows.push([])
        known.rows.set(keys.measurement, row)
      }
      rows[row]?.push(id)
      const series: Series = { id, device, property, keys, row }
      known.series.set(property, series)
      // Filled up to here, the array stays dense and quick.
      while (all.length < id) all.push(undefined)
      all[id] = series
      return series
    },
    get last() {
      return Math.max(0, all.length - 1)
    },
    seriesOfDevice(name) {
      return [...(deviceOf(name)?.series.values() ?? [])].map(({ id }) => id)
    },
    seriesOfRow: (row) => rows[row] ?? [],
    clear() {
      devices.clear()
      all = []
      rows = []
      lastName = ''
      lastDevice = undefined
    },
  }
}
