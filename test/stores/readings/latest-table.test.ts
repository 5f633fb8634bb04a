/** What is newest where a clock is ahead: nothing that is said after it waits until that time has come. */

import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLatestTable, type LatestTable } from '../../../stores/readings/latest-table.ts'
import { type CityApi, noon, openCityApi, reading } from '../../api/city-api.ts'

let city: CityApi
let table: LatestTable
beforeEach(async () => {
  city = await openCityApi()
  table = createLatestTable({ ...city.parts, readings: city.parts.readings })
  await table.refresh()
})
afterEach(async () => {
  table.stop()
  await city.close()
})

const said = (ahead: number, receivedAfter: number, value: number) =>
  reading({
    ...{ device: 'd-7', property: 'water_level', value },
    observedAt: noon + (receivedAfter + ahead) * 1_000,
    receivedAt: noon + receivedAfter * 1_000,
  })

/** By one that reads the store anew. */
async function newest(): Promise<number | null | undefined> {
  const fresh = createLatestTable({ ...city.parts, readings: city.parts.readings })
  await fresh.refresh()
  const found = fresh.of('d-7')?.get('water_level')?.value
  fresh.stop()
  return found
}

/** By a table that was there before. */
async function followed(): Promise<number | null | undefined> {
  await table.refresh()
  return table.of('d-7')?.get('water_level')?.value
}

test('a time ahead of its receipt counts as its receipt', async () => {
  await city.store([said(0, 0, 3.1)])
  await city.store([said(170, 10, 3.7)])
  expect([await followed(), await newest()]).toEqual([3.7, 3.7])
  await city.store([said(0, 20, 4.4)])
  expect([await followed(), await newest()]).toEqual([4.4, 4.4])
  await city.store([said(0, 5, 2.2)])
  expect([await followed(), await newest()]).toEqual([4.4, 4.4])
})

test('of several that were ahead in one message the one that says it is later counts', async () => {
  await city.store([said(60, 0, 6), said(45, 0, 5), said(30, 0, 4)])
  expect([await followed(), await newest()]).toEqual([6, 6])
})
