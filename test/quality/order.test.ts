/** Readings that come again, late, corrected, in backlogs; plans; devices that go. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { minutes, openStream, reading, type Stream } from './stream.ts'

let stream: Stream
beforeEach(async () => {
  stream = await openStream()
})
afterEach(() => stream.close())

const level = { property: 'water_level' }
const rising = Array.from({ length: 40 }, (_, i) => 2 + i / 100)

describe('what comes again', () => {
  test('gets the flags it had, worse ones too', () => {
    const readings = minutes([2, 2.1, 200, 2.1, 2.2], level)
    const first = stream.quality.check(readings)
    const spiked = first.revised[0]
    expect(spiked?.quality).toBe(4)
    const again = stream.quality.check(
      readings.map((one) => ({ ...one, receivedAt: one.receivedAt + 30_000 })),
    )
    expect(again.revised).toEqual([])
    expect(again.readings.map(({ tests }) => tests)).toEqual(
      first.readings.map(({ tests }, i) => (i === 2 ? spiked?.tests : tests)),
    )
  })

  test('the newest, sent again, is revised as it is stored now', () => {
    stream.quality.check(minutes([30, 31, 5_000]))
    stream.quality.check([reading(2, 5_000, { receivedAt: 42 })])
    expect(stream.quality.check([reading(3, 32)]).revised).toMatchObject([
      { value: 5_000, receivedAt: 42, quality: 4 },
    ])
  })

  test('another value for the newest moment replaces it', () => {
    stream.quality.check(minutes([2, 2.1, 200], level))
    expect(stream.flags([reading(2, 2.2, level), reading(3, 2.3, level)])).toEqual([1, 1])
  })
})

describe('what comes late', () => {
  test('is judged along a track of its own and leaves the live one alone', () => {
    expect(stream.flags([reading(0, 2, level), reading(100, 8, level)])).toEqual([1, 1])
    const backlog = rising.map((value, i) => reading(50 + i, i === 20 ? 90 : value, level))
    const flags = stream.flags(backlog)
    expect(flags.filter((flag) => flag !== 1)).toEqual([4])
    expect(flags[20]).toBe(4)
    expect(stream.flags([reading(101, 8.1, level)])).toEqual([1])
  })

  test('a backlog that is sent again gets the flags it had', () => {
    stream.flags([reading(100, 8, level)])
    const backlog = [2, 2, 90, 2, 2].map((value, i) => reading(50 + i, value, level))
    expect(stream.flags(backlog)).toEqual([1, 1, 4, 1, 1])
    expect(stream.flags(backlog)).toEqual([1, 1, 4, 1, 1])
  })

  test('out of order by a little raises nothing', () => {
    const shuffled = rising.map((value, i) => reading(i, value, level))
    for (let i = 0; i + 1 < shuffled.length; i += 2) {
      const [a, b] = [shuffled[i], shuffled[i + 1]]
      if (a && b) shuffled.splice(i, 2, b, a)
    }
    expect(new Set(stream.flags(shuffled))).toEqual(new Set([1]))
  })

  test('an impossible value is told however late', async () => {
    await stream.plan({ gross_range: { fail: [0, 500] } })
    stream.flags([reading(100, 30)])
    expect(stream.flags([reading(10, 600), reading(5, 700), reading(7, 20)])).toEqual([4, 4, 1])
  })
})

describe('plans', () => {
  const site = (id: string, more = {}) => ({ id, kind: 'street', ...more })
  const town = {
    sites: [site('s-1', { district: 'north' }), site('s-2')],
    devices: [
      { id: 'd-1', site: 's-1' },
      { id: 'd-2', site: 's-2' },
      { id: 'd-3', site: 's-1' },
    ],
  }
  const upTo = (high: number) => ({ gross_range: { suspect: [0, high] as [number, number] } })

  test('the most specific plan wins, test by test, and edits hold from the next reading on', async () => {
    await stream.close()
    stream = await openStream(town)
    const flags = (value: number, minute: number) =>
      ['d-1', 'd-2', 'd-3'].map((device) => stream.flags([reading(minute, value, { device })])[0])
    expect(flags(60, 0)).toEqual([1, 1, 1])
    await stream.plan(upTo(50))
    expect(flags(60, 1)).toEqual([3, 3, 3])
    await stream.plan(upTo(100), { where: { district: ['north'] } })
    expect(flags(60, 2)).toEqual([1, 3, 1])
    await stream.plan(upTo(10), { where: { device: ['d-3'] } })
    expect(flags(60, 3)).toEqual([1, 3, 3])
    await stream.plan(upTo(1), { where: { device: ['d-3'] }, enabled: false })
    await stream.plan({ gross_range: null }, { where: { site: ['s-2'] } })
    expect(flags(60, 4)).toEqual([1, 1, 3])
  })
})

describe('neighbours', () => {
  const town = {
    sites: [0, 1, 2, 3, 4, 5].map((i) => ({
      id: `s-${i}`,
      location: [116.4 + (i === 5 ? 3 : i * 0.01), 39.9],
    })),
    devices: [0, 1, 2, 3, 4, 5].map((i) => ({ id: `t-${i}`, site: `s-${i}` })),
  }
  const warm = (i: number, minute: number, value: number) =>
    reading(minute, value, { device: `t-${i}`, property: 'temperature' })

  test('a site far from the median of those nearby is suspect; too few, too far or too old say nothing', async () => {
    await stream.close()
    stream = await openStream(town)
    expect(stream.outcomes('neighbour', [warm(0, 0, 12), warm(1, 0, 13), warm(2, 0, 12)])).toEqual([
      2, 2, 2,
    ])
    stream.flags([warm(3, 0, 14)])
    const outcomes = stream.outcomes('neighbour', [warm(4, 1, 45), warm(5, 1, 45)])
    expect(outcomes).toEqual([3, 2])
    expect(stream.outcomes('neighbour', [warm(4, 2, 20)])).toEqual([1])
    expect(stream.outcomes('neighbour', [warm(4, 200, 45)])).toEqual([2])
  })
})

test('a device that is no longer registered is forgotten', async () => {
  stream.quality.check(minutes([2, 2.1, 200], level))
  await stream.town.registry.remove('device', 'd-1')
  await stream.town.view.refresh()
  for (let i = 0; i < 3; i++) stream.quality.check([reading(i, 1, { device: 'other' })])
  expect(stream.quality.check([reading(3, 2.1, level)]).revised).toEqual([])
})

test('switched off, readings keep the flags of their judgement', async () => {
  const { createQualityControl } = await import('../../quality/quality-control.ts')
  const registry = stream.town.view
  const off = createQualityControl({ registry, past: { range: () => [] }, enabled: false })
  const readings = minutes([30, 9_000, null, 30])
  await off.prepare(readings)
  expect(off.check(readings)).toEqual({ readings, revised: [] })
})
