/** What every place for points of boards promises; written against the contract alone. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { BoardMeasurement, BoardPoint, BoardSink } from '../../stores/readings/board-points.ts'
import type { ShelfPoint } from '../fixtures/board-shelf.ts'

export interface BoardSinkBackend {
  sink: BoardSink
  /** In any order; times to a thousandth of a millisecond. */
  points(measurement: BoardMeasurement): Promise<ShelfPoint[]>
  away(isAway: boolean): Promise<void>
  remove(): Promise<void>
}

const at = Date.UTC(2026, 10, 21, 8)

function event(more: Partial<BoardPoint> = {}): BoardPoint {
  return {
    measurement: 'alert_event',
    tags: { rule: 'stage', site: 'g-1', district: null, device: '', property: 'water_level' },
    fields: { position: 1, change: 'c1' },
    at,
    ...more,
  }
}

export function boardSinkConformance(name: string, open: () => Promise<BoardSinkBackend>): void {
  describe(`${name} as a place for points of boards`, () => {
    let backend: BoardSinkBackend
    let sink: BoardSink
    beforeEach(async () => {
      backend = await open()
      sink = backend.sink
    })
    afterEach(() => backend.remove())

    test('a point comes back without what was null, empty or no number', async () => {
      const fields = { level: 'red', value: 9.5, bound: null, ack_s: Number.NaN, whole: 3 }
      await sink.write([event({ fields })])
      expect(await backend.points('alert_event')).toEqual([
        {
          tags: { rule: 'stage', site: 'g-1', property: 'water_level' },
          fields: { level: 'red', value: 9.5, whole: 3 },
          at,
        },
      ])
    })

    test('writing it again replaces what it names and nothing else', async () => {
      await sink.write([event({ fields: { value: 9, level: 'red' } })])
      await sink.write([
        event({ fields: { value: 9.5 } }),
        event({ fields: { value: 7 }, at: at + 1 }),
      ])
      const found = await backend.points('alert_event')
      expect(found.map(({ fields }) => fields)).toEqual([
        { value: 9.5, level: 'red' },
        { value: 7 },
      ])
    })

    test('what happened within one millisecond is kept apart', async () => {
      const times = [at, at + 0.001, at + 0.5, at + 0.999]
      await sink.write(times.map((time, i) => event({ fields: { value: i }, at: time })))
      const found = await backend.points('alert_event')
      expect(found.map(({ fields }) => fields.value)).toEqual([0, 1, 2, 3])
      for (const [i, time] of times.entries()) expect(found[i]?.at).toBeCloseTo(time, 3)
    })

    test('points of one site and time are taken away, others stay', async () => {
      const index = (site: string, hour: number): BoardPoint => ({
        ...{ measurement: 'site_index', tags: { site, index: 'cn-aqi-hourly' } },
        ...{ fields: { level: hour }, at: at + hour * 3_600_000 },
      })
      const sites = ['水 站', 'other']
      await sink.write(sites.flatMap((site) => [0, 1, 2, 3].map((hour) => index(site, hour))))
      await sink.write([event({ tags: { site: '水 站' } })])
      const time = { from: at + 3_600_000, to: at + 3 * 3_600_000 }
      await sink.remove('site_index', { site: '水 站', ...time })
      const left = (await backend.points('site_index')).map(({ tags, fields }) => [
        tags.site,
        fields.level,
      ])
      expect(left.filter(([site]) => site === '水 站')).toEqual([
        ['水 站', 0],
        ['水 站', 3],
      ])
      expect(left).toHaveLength(6)
      expect(await backend.points('alert_event')).toHaveLength(1)
    })

    test('a point without fields is nothing', async () => {
      await sink.write([event({ fields: { value: null } })])
      await sink.write([])
      expect(await backend.points('alert_event')).toEqual([])
    })

    test.each(['a b,c=d', '南京 门站', 'quote " and \'', 'ends in =', '🌊'])(
      'names such as %j are no syntax',
      async (text) => {
        await sink.write([event({ tags: { rule: text, site: 'after' }, fields: { level: text } })])
        const [found] = await backend.points('alert_event')
        expect([found?.tags, found?.fields]).toEqual([
          { rule: text, site: 'after' },
          { level: text },
        ])
      },
    )

    test('texts keep their words whatever stands between them', async () => {
      const text = 'one\ntwo "three" \\four\\" \t五, six=7\r\nalert_event injected=1 1'
      await sink.write([event({ fields: { level: text, value: 1 } })])
      const [found, ...others] = await backend.points('alert_event')
      expect(others).toEqual([])
      expect(String(found?.fields.level).replace(/\s+/g, ' ')).toBe(text.replace(/\s+/g, ' '))
      expect(found?.fields.value).toBe(1)
    })

    test('some thousand points come at once', async () => {
      const many = Array.from({ length: 3_000 }, (_, i) =>
        event({ tags: { rule: `r${i}` }, fields: { value: i } }),
      )
      await sink.write(many)
      expect(await backend.points('alert_event')).toHaveLength(3_000)
    })

    test('the largest number is found with the text beside it', async () => {
      const field = { number: 'position', text: 'change' }
      expect(await sink.largest('alert_event', field)).toBeNull()
      await sink.write([
        event({ fields: { position: 7, change: 'c7' }, at }),
        event({ fields: { position: 12, change: 'c12' }, at: at - 1_000, tags: { rule: 'other' } }),
        event({ fields: { position: 9, change: 'c9' }, at: at + 1_000 }),
      ])
      expect(await sink.largest('alert_event', field)).toEqual({ number: 12, text: 'c12' })
    })

    test('while it is away writing and asking fail, and nothing is lost for it', async () => {
      await backend.away(true)
      const fault = expect.objectContaining({ code: 'store_unavailable' })
      await expect(sink.write([event()])).rejects.toEqual(fault)
      const field = { number: 'position', text: 'change' }
      await expect(sink.largest('alert_event', field)).rejects.toEqual(fault)
      await backend.away(false)
      await sink.write([event()])
      expect(await sink.largest('alert_event', field)).toEqual({ number: 1, text: 'c1' })
    })
  })
}
