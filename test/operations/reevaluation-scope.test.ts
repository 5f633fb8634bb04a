import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { qualityPlanSchema } from '../../domain/quality-plan.ts'
import { scopeOf } from '../../operations/reevaluation-scope.ts'
import { openTown } from '../fixtures/registry.ts'

const hourMs = 3_600_000

/** One device `d-…` a site, and a plan for wind speed with these tests. */
async function scope(places: Readonly<Record<string, readonly [number, number]>>, tests: object) {
  const dir = mkdtempSync(join(tmpdir(), 'bellwether-scope-'))
  const ids = Object.keys(places)
  const { registry, view, close } = await openTown(join(dir, 'registry.db'), {
    sites: ids.map((id) => ({ id, location: places[id] })),
    devices: ids.map((id) => ({ id: `d-${id}`, site: id })),
  })
  onTestFinished(async () => {
    await close()
    rmSync(dir, { recursive: true, force: true })
  })
  const plan = { id: 'p', property: 'wind_speed', tests: { flat_line: null, ...tests } }
  await registry.insert('quality-plan', qualityPlanSchema.parse(plan))
  await view.refresh()
  const series = ids.flatMap((id) =>
    ['wind_speed', 'pressure'].map((property) => ({ device: `d-${id}`, property })),
  )
  const first = { device: `d-${ids[0]}`, property: 'wind_speed' }
  const found = scopeOf(view, series, first)
  expect(found.chosen).toEqual([first])
  return { ...found, needed: found.needed.map(({ device }) => device) }
}

const near = (withinKm: number) => ({
  neighbour: { withinKm, sites: 2, age: '1h', suspect: 5 },
})

test.each([
  ['around the corner', [120, 30], [120.1, 30.1], [121.5, 30]],
  ['across the antimeridian', [179.95, -17], [-179.95, -17], [178, -17]],
  ['near the pole', [0, 89.9], [170, 89.95], [0, 88]],
] as const)(
  'neighbours %s are read with a device that is compared with them',
  async (_where, at, by, far) => {
    const { needed } = await scope({ at, by, far }, near(30))
    expect(needed).toEqual(['d-at', 'd-by'])
  },
)

test('no others are read where there is no neighbour test', async () => {
  expect((await scope({ at: [1, 1], by: [1, 1] }, {})).needed).toEqual(['d-at'])
})

test('the past is read as far back as a threshold looks, and a day at least', async () => {
  const place = { at: [1, 1] } as const
  expect((await scope(place, {})).memoryMs).toBe(24 * hourMs)
  const flat = { flat_line: { suspect: '2d', fail: '72h', tolerance: 1 } }
  expect((await scope(place, flat)).memoryMs).toBe(72 * hourMs)
  const weak = { attenuated_signal: { over: '30d', fail: 1 } }
  expect((await scope(place, weak)).memoryMs).toBe(720 * hourMs)
})
