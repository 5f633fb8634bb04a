import { stat } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { propertyOf } from '../../domain/catalogue.ts'
import { siteSchema } from '../../domain/site.ts'
import { dayMs, hourMs } from '../../simulators/calendar.ts'
import {
  parseRows,
  readRows,
  recordingOf,
  recordings,
  type Row,
} from '../../simulators/recordings.ts'
import { schedule } from '../../simulators/replay.ts'

const nowMs = Date.parse('2026-11-21T12:00:00Z')

function valuesOf(rows: readonly Row[], device: string, property: string): [number, number][] {
  return rows
    .filter((row) => row.device === device && row.values[property] !== undefined)
    .map((row) => [row.atMs, row.values[property]!])
}

describe.each(recordings.map((recording) => [recording.id, recording] as const))(
  '%s',
  (id, recording) => {
    test('is in time order, within the catalogue, and names valid sites', async () => {
      const rows = await readRows(recording)
      expect(rows.length).toBeGreaterThan(100)
      const last = new Map<string, number>()
      for (const { atMs, device, values } of rows) {
        expect(atMs).toBeGreaterThan(last.get(device) ?? 0)
        last.set(device, atMs)
        expect(Object.keys(values).length).toBeGreaterThan(0)
        for (const [code, value] of Object.entries(values)) {
          const property = propertyOf(code)!
          expect(value, `${id} ${code}`).toBeGreaterThanOrEqual(property.min)
          expect(value, `${id} ${code}`).toBeLessThanOrEqual(property.max)
        }
      }
      expect([...last.keys()].sort()).toEqual(recording.stations.map((s) => s.device).sort())
      for (const { site } of recording.stations) expect(siteSchema.parse(site)).toEqual(site)
    })

    test('is small and fits into the days a server takes back', async () => {
      const file = new URL(`../../simulators/episodes/${id}.csv`, import.meta.url)
      expect((await stat(file)).size).toBeLessThan(150_000)
      const rows = await readRows(recording)
      expect(rows.at(-1)!.atMs - rows[0]!.atMs).toBeLessThan(6.5 * dayMs)
    })
  },
)

describe('the recordings show what happened', () => {
  test('Boxing Day: Mytholmroyd stands at or above 4.5 m from 08:15 to 16:15 and peaks at 5.735 m', async () => {
    const recording = recordingOf('boxing-day-2015')
    const [calder] = recording.stations
    const stage = valuesOf(await readRows(recording), calder!.device, 'water_level')
    const above = stage.filter(
      ([, value]) => value >= Number(calder!.site.attributes.guaranteeLevel),
    )
    expect(new Date(above[0]![0]).toISOString()).toBe('2015-12-26T08:15:00.000Z')
    expect(new Date(above.at(-1)![0]).toISOString()).toBe('2015-12-26T16:15:00.000Z')
    expect(Math.max(...stage.map(([, value]) => value))).toBe(5.735)
  })

  test('Don: Hadfields peaks 1.75 h before Rotherham', async () => {
    const recording = recordingOf('don-2019')
    const rows = await readRows(recording)
    const peaks = recording.stations.map(({ device }) => {
      return valuesOf(rows, device, 'water_level').reduce((a, b) => (b[1] > a[1] ? b : a))
    })
    expect(peaks[1]![0] - peaks[0]![0]).toBe(1.75 * hourMs)
  })

  test('Beijing: 741 µg/m³ at Gucheng on 1 December, clear on 3 December', async () => {
    const recording = recordingOf('beijing-smog-2015')
    const pm25 = valuesOf(await readRows(recording), recording.stations[0]!.device, 'pm25')
    expect(pm25.find(([at]) => at === Date.parse('2015-12-01T05:00:00Z'))?.[1]).toBe(741)
    expect(pm25.at(-1)![1]).toBeLessThan(75)
  })

  test('the burst: 83.1 L/s at midnight UTC on 4 July, as m³/h', async () => {
    const recording = recordingOf('water-burst-2021')
    const flow = valuesOf(await readRows(recording), 'replay-water-burst-2021-dma8-1', 'meter_flow')
    const night = flow.find(([at]) => at === Date.parse('2021-07-04T00:00:00Z'))
    expect(night?.[1]).toBeCloseTo(83.1 * 3.6, 0)
  })
})

describe('mapping onto now', () => {
  const rows = [0, 15, 45].map((minutes) => ({
    atMs: Date.parse('2015-12-24T00:00:00Z') + minutes * 60_000,
    device: 'd',
    values: { water_level: 1 },
  }))

  test('live starts now and keeps the proportions at its speed', () => {
    const plan = schedule(rows, { mode: 'live', nowMs, speed: 900 })
    expect(plan.map(({ ts }) => ts - nowMs)).toEqual([0, 1_000, 3_000])
    expect(plan.map(({ sendMs }) => sendMs)).toEqual(plan.map(({ ts }) => ts))
  })

  test('history ends now, keeps the distances and goes out at once', () => {
    const plan = schedule(rows, { mode: 'history', nowMs, speed: 1 })
    expect(plan.map(({ ts }) => nowMs - ts)).toEqual([45 * 60_000, 30 * 60_000, 0])
    expect(new Set(plan.map(({ sendMs }) => sendMs))).toEqual(new Set([nowMs]))
  })

  test('history longer than a server takes back is refused', () => {
    const long = [rows[0]!, { ...rows[0]!, atMs: rows[0]!.atMs + 8 * dayMs }]
    expect(() => schedule(long, { mode: 'history', nowMs, speed: 1 })).toThrow(/use live/)
  })

  test('nothing is nothing', () => {
    expect(schedule([], { mode: 'history', nowMs, speed: 1 })).toEqual([])
  })
})

test('an unknown recording is answered with those there are', () => {
  expect(() => recordingOf('zhengzhou-2021')).toThrow(/boxing-day-2015/)
})

test('a row that is not of the recording is named by its line', () => {
  const recording = recordingOf('don-2019')
  const text = 'time,station,water_level\n2019-11-06T12:00:00Z,Nowhere,1\n'
  expect(() => parseRows(recording, text)).toThrow(/line 2/)
})
