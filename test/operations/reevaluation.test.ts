/** A second look at stored readings with the real tests, on a store that was filled as ingest fills it. */

import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { qualityPlanSchema } from '../../domain/quality-plan.ts'
import type { Reading, SeriesKey } from '../../domain/reading.ts'
import { createQualityControl } from '../../quality/quality-control.ts'
import { type ReevaluationParts, reevaluate } from '../../operations/reevaluation.ts'
import { openReadingsWriter } from '../../stores/readings/sqlite.ts'
import { openTown } from '../fixtures/registry.ts'
import { tempStore } from './temp-store.ts'

const start = Date.parse('2026-03-01T00:00:00Z')
const minuteMs = 60_000
const dayMs = 86_400_000

function reading(device: string, minute: number, value: number | null, property = 'temperature') {
  const observedAt = start + minute * minuteMs
  const quality = value === null ? 9 : 1
  const made: Reading = {
    device,
    property,
    observedAt,
    receivedAt: observedAt + 40,
    value,
    quality,
  }
  return made
}

type Write = NonNullable<ReevaluationParts['write']>

/** Three streets close to each other and one far away. */
const town = {
  sites: [
    { id: 's-a', kind: 'street', location: [118.7, 32] },
    { id: 's-b', kind: 'street', location: [118.71, 32] },
    { id: 's-c', kind: 'street', location: [118.7, 32.01] },
    { id: 's-far', kind: 'street', location: [10, 50] },
  ],
  devices: [
    { id: 'a', site: 's-a' },
    { id: 'b', site: 's-b' },
    { id: 'c', site: 's-c' },
    { id: 'far', site: 's-far' },
  ],
}

async function cityWith(readings: readonly Reading[]) {
  const { dir, path, reader } = tempStore()
  const { registry, view, close } = await openTown(join(dir, 'registry.db'), town)
  const writer = openReadingsWriter({ path, keepDays: 0 })
  onTestFinished(async () => {
    await writer.close()
    await close()
  })
  const control = createQualityControl({ registry: view, past: reader, enabled: true })
  const inOrder = [...readings].sort((x, y) => x.observedAt - y.observedAt)
  for (let i = 0; i < inOrder.length; i += 7) {
    const some = inOrder.slice(i, i + 7)
    await control.prepare(some)
    const { readings: judged, revised } = control.check(some)
    await writer.write(judged, { seq: i + 1, quarantined: 0, revised })
  }
  return {
    writer,
    /** `device` stands at `site` from then on. */
    async move(device: string, site: string, minute: number) {
      const from = start + minute * minuteMs
      await registry.place({ device, site, from, until: null })
      await view.refresh()
    },
    async plan(plan: object) {
      await registry.insert('quality-plan', qualityPlanSchema.parse(plan))
      await view.refresh()
    },
    look(more: object = {}, write: Write | null = async (batch) => writer.revise(batch)) {
      return reevaluate(
        {
          view,
          reader,
          quality: (past, placed) =>
            createQualityControl({ registry: placed, past, enabled: true }),
          write,
        },
        { from: start - dayMs, to: start + 30 * dayMs, ...more },
      )
    },
    async stored(series: SeriesKey = { device: 'a', property: 'temperature' }) {
      const found: Reading[] = []
      const query = { series: [series], from: 0, to: start + 400 * dayMs }
      for await (const page of reader.range(query)) found.push(...page)
      return found
    },
  }
}

/** A calm day with a spike at noon, a missing value, and a stuck sensor in the evening. */
function day(device: string, offset = 0): Reading[] {
  return Array.from({ length: 288 }, (_, i) => {
    const calm = 10 + offset + 4 * Math.sin((i * 2 * Math.PI) / 288) + 0.1 * (i % 3)
    const value = i === 144 ? 55 : i === 20 ? null : i > 240 ? 12 : Math.round(calm * 10) / 10
    return reading(device, 5 * i, value)
  })
}

const hot = { id: 'p', property: 'temperature', tests: { gross_range: { suspect: [-5, 12.5] } } }
const flags = (readings: readonly Reading[]) => readings.map(({ quality }) => quality)

describe('a second look', () => {
  test('changes nothing while no plan has changed', async () => {
    const city = await cityWith([...day('a'), ...day('b'), ...day('far', 9)])
    const before = await city.stored()
    expect(await city.look()).toEqual({
      series: 3,
      looked: 864,
      changed: 0,
      written: 0,
      byTest: new Map(),
    })
    expect(await city.stored()).toEqual(before)
  })

  test('writes the flags of a new plan, and nothing else, and nothing the second time', async () => {
    const city = await cityWith([...day('a'), ...day('far')])
    const before = await city.stored()
    await city.plan({ ...hot, where: { site: ['s-a'] } })
    const far = { device: 'far', property: 'temperature' }
    const elsewhere = await city.stored(far)
    const done = await city.look()
    expect(done).toMatchObject({ series: 2, looked: 576, written: done.changed })
    const after = await city.stored()
    const outside = before.map(({ value }) => value !== null && value > 12.5)
    const count = outside.filter(Boolean).length
    expect(count).toBeGreaterThan(50)
    expect([...done.byTest]).toEqual([['gross_range', count]])
    expect(after.map(({ quality }) => quality >= 3 && quality <= 4)).toEqual(
      before.map(({ quality }, i) => outside[i] || (quality >= 3 && quality <= 4)),
    )
    const raw = ({ quality: _quality, tests: _tests, ...rest }: Reading) => rest
    expect(after.map(raw)).toEqual(before.map(raw))
    expect(await city.stored(far)).toEqual(elsewhere)
    expect(await city.look()).toMatchObject({ changed: 0, written: 0 })
  })

  test('only says what would change when it may not write', async () => {
    const city = await cityWith(day('a'))
    const before = await city.stored()
    await city.plan(hot)
    expect(await city.look({}, null)).toMatchObject({ looked: 288, changed: 85, written: 0 })
    expect(await city.stored()).toEqual(before)
  })

  test('keeps to its period, and judges what is in it by what is around it', async () => {
    const city = await cityWith(day('a'))
    const whole = await city.stored()
    await city.plan({ ...hot, tests: { gross_range: { suspect: [-5, 50] } } })
    const [from, to] = [start + 12 * 3_600_000, start + 12 * 3_600_000 + 5 * minuteMs]
    const done = await city.look({ from, to })
    // The spike of noon alone: known as one by readings that are outside of the period.
    expect(done).toMatchObject({ looked: 1, changed: 1 })
    expect([...done.byTest]).toEqual([['gross_range', 1]])
    expect(flags(await city.stored())).toEqual(flags(whole))
  })

  test.each([
    [{ device: 'b' }, ['b']],
    [{ site: 's-far' }, ['far']],
    [{ property: 'temperature' }, ['a', 'b', 'far']],
    [{ property: 'humidity' }, []],
    [{ device: 'b', site: 's-far' }, []],
  ])('of %j looks at no other readings', async (choice, devices) => {
    const city = await cityWith([...day('a'), ...day('b'), ...day('far')])
    const all = () =>
      Promise.all(
        ['a', 'b', 'far'].map((device) => city.stored({ device, property: 'temperature' })),
      )
    const before = await all()
    await city.plan(hot)
    expect(await city.look(choice)).toMatchObject({
      series: devices.length,
      looked: 288 * devices.length,
    })
    const after = await all()
    const touched = after.flatMap((readings, i) =>
      readings.some(({ tests }, n) => tests !== before[i]?.[n]?.tests) ? [readings[0]?.device] : [],
    )
    expect(touched).toEqual(devices)
  })

  test('leaves a reading that was replaced meanwhile to whoever replaced it', async () => {
    const city = await cityWith(day('a'))
    await city.plan(hot)
    const newer = { ...reading('a', 300, 11.5), receivedAt: start + dayMs }
    const done = await city.look({}, async (batch) => {
      await city.writer.write([newer])
      return city.writer.revise(batch)
    })
    expect(done.written).toBe(done.changed - 1)
    expect((await city.stored()).find(({ observedAt }) => observedAt === newer.observedAt)).toEqual(
      newer,
    )
  })

  test('leaves readings of devices alone that are no longer registered', async () => {
    const city = await cityWith([...day('a'), ...day('gone')])
    await city.plan(hot)
    expect(await city.look()).toMatchObject({ series: 1, looked: 288 })
  })

  test('of one device knows the neighbours that a look at all knows', async () => {
    const others = ['b', 'c'].flatMap((id) => day(id))
    const wrong = day('a').map((one) =>
      one.value === null ? one : { ...one, value: one.value + 8 },
    )
    const neighbour = { withinKm: 5, sites: 2, age: '30m', suspect: 5, ratio: 0.1 }
    const plan = { id: 'n', property: 'temperature', tests: { neighbour } }
    const [all, one] = [
      await cityWith([...wrong, ...others]),
      await cityWith([...wrong, ...others]),
    ]
    for (const city of [all, one]) await city.plan(plan)
    await all.look()
    await one.look({ device: 'a' })
    const found = await one.stored()
    expect(found.filter(({ quality }) => quality === 3).length).toBeGreaterThan(200)
    expect(found).toEqual(await all.stored())
    expect(await one.look({ device: 'a' })).toMatchObject({ changed: 0 })
  })

  test('whatever was stored, and whatever the plan: a second one finds nothing left to change', async () => {
    const point = fc.record({
      device: fc.constantFrom('a', 'b', 'far'),
      minute: fc.integer({ min: 0, max: 3_000 }),
      value: fc.option(fc.constantFrom(-999, 5, 5.1, 8, 20, 30, 55), { nil: null }),
    })
    const tests = fc.constantFrom(
      { gross_range: { suspect: [0, 25] }, spike: { suspect: 2, fail: 9 } },
      { spike: null, rate_of_change: { suspect: 0.1 }, time_gap: { suspect: '10m' } },
      { flat_line: { suspect: '30m', tolerance: 4 }, attenuated_signal: { over: '2h', fail: 4 } },
      { neighbour: { withinKm: 20, sites: 2, age: '1d', suspect: 1 } },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(point, { maxLength: 200 }), tests, async (points, plan) => {
        const city = await cityWith(points.map((p) => reading(p.device, p.minute, p.value)))
        await city.plan({ id: 'p', property: 'temperature', tests: plan })
        const first = await city.look()
        expect(first.written).toBe(first.changed)
        expect(await city.look()).toMatchObject({ looked: first.looked, changed: 0, written: 0 })
      }),
      { numRuns: 25 },
    )
  })
})

test('what a device has said is judged by the plans of the site where it stood then', async () => {
  const values = [20, 21, 22, 23, 24, 25]
  const city = await cityWith(values.map((value, i) => reading('a', i * 10, value)))
  await city.move('a', 's-far', 30)
  const gross = (id: string, site: string, suspect: number) =>
    city.plan({
      ...{ id, property: 'temperature', where: { site: [site] } },
      tests: { gross_range: { suspect: [0, suspect], fail: [-50, 60] } },
    })
  await gross('here', 's-a', 21.5)
  await gross('there', 's-far', 24.5)
  expect(await city.look({ site: 's-far' })).toMatchObject({ written: 1 })
  const stored = async () => (await city.stored()).map(({ quality }) => quality)
  expect(await stored()).toEqual([1, 1, 1, 1, 1, 3])
  await city.look()
  expect(await stored()).toEqual([1, 1, 3, 1, 1, 3])
})
