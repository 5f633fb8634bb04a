import { describe, expect, test } from 'vitest'
import { propertyOf } from '../../domain/catalogue.ts'
import { dayMs, hourMs, minuteMs } from '../../simulators/calendar.ts'
import { makeCity, sceneOf } from '../../simulators/city.ts'
import type { CityDevice } from '../../simulators/device.ts'
import { type Episode, episode } from '../../simulators/episodes.ts'
import type { DeviceModel } from '../../simulators/inventory.ts'
import { demandAt } from '../../simulators/models/meter.ts'
import { rainBetween } from '../../simulators/models/rain.ts'
import { streetDepth } from '../../simulators/models/street.ts'
import { observe } from '../../simulators/observe.ts'

const city = makeCity({ seed: 7, devices: 60 })
const start = Date.parse('2026-06-14T22:00:00Z')

function all(model: DeviceModel): CityDevice[] {
  return city.devices.filter((device) => device.model === model)
}

/** Values of one property of one device over a span, at the device's own pace. */
function series(
  device: CityDevice,
  property: string,
  episodes: Episode[],
  hours: number,
): number[] {
  const scene = sceneOf(city, episodes)
  const values: number[] = []
  for (let t = start; t <= start + hours * hourMs; t += 5 * minuteMs) {
    values.push(observe(scene, device, t)[property]!)
  }
  return values
}

function peakMinute(values: readonly number[]): number {
  return values.indexOf(Math.max(...values)) * 5
}

const calm = sceneOf(city, [])
const cloudburst = [episode('cloudburst', start + 2 * hourMs)]

describe('every model', () => {
  test('stays within the catalogue and below alert levels in everyday life, in all seasons', () => {
    for (const device of city.devices) {
      for (let t = start; t < start + 365 * dayMs; t += 9.3 * dayMs) {
        for (const [code, value] of Object.entries(observe(calm, device, t))) {
          const property = propertyOf(code)
          expect(property, code).toBeDefined()
          expect(value, `${device.id} ${code}`).toBeGreaterThanOrEqual(property!.min)
          expect(value, `${device.id} ${code}`).toBeLessThanOrEqual(property!.max)
          if (code === 'pm25') expect(value).toBeLessThan(75)
          if (code === 'water_depth') expect(value).toBeLessThan(0.15)
          if (code === 'nh3n' && device.model === 'surface-water') expect(value).toBeLessThan(1)
          if (code === 'dissolved_oxygen') expect(value).toBeGreaterThan(5)
        }
      }
    }
  })

  test('depends on nothing but seed, device and time', () => {
    for (const device of city.devices) {
      const later = observe(calm, device, start + hourMs)
      observe(calm, device, start)
      expect(observe(calm, device, start + hourMs)).toEqual(later)
    }
  })
})

describe('a cloudburst', () => {
  test('shows in rain first, then on streets, then in the river, later and later downstream', () => {
    const rain = series(all('rain')[1]!, 'rainfall', cloudburst, 14)
    const streets = all('street').map((device) => series(device, 'water_depth', cloudburst, 14))
    const deepest = streets.map((depths) => Math.max(...depths))
    const street = streets[deepest.indexOf(Math.max(...deepest))]!
    const river = all('river').map((device) => series(device, 'water_level', cloudburst, 16))
    expect(peakMinute(rain)).toBeLessThan(peakMinute(street))
    let before = peakMinute(street)
    for (const stage of river) {
      expect(peakMinute(stage)).toBeGreaterThan(before)
      before = peakMinute(stage)
    }
  })

  test('lifts the upper gauges over every level and lets them fall below the lowest again', () => {
    const gauge = all('river')[0]!
    const { attributes } = city.sites.find(({ id }) => id === gauge.site)!
    const warning = Number(attributes.warningLevel)
    const guarantee = Number(attributes.guaranteeLevel)
    const stage = series(gauge, 'water_level', cloudburst, 16)
    const crossings = [warning - 0.5, warning, guarantee, guarantee + 0.5].map((bound) =>
      stage.findIndex((value) => value >= bound),
    )
    expect(crossings[0]).toBeGreaterThan(0)
    expect(crossings).toEqual([...crossings].sort((a, b) => a - b))
    expect(stage.at(-1)).toBeLessThan(warning - 0.6)
  })

  test('floods the worst underpass beyond 0.6 m and dries off', () => {
    const depths = all('street').map((device) => series(device, 'water_depth', cloudburst, 10))
    expect(Math.max(...depths.flat())).toBeGreaterThanOrEqual(0.6)
    for (const depth of depths) expect(depth.at(-1)).toBeLessThan(0.05)
  })

  test('of half the intensity floods less', () => {
    const half = [episode('cloudburst', start + 2 * hourMs, { intensity: 0.5 })]
    const device = all('street')[2]!
    const deep = Math.max(...series(device, 'water_depth', cloudburst, 8))
    const shallow = Math.max(...series(device, 'water_depth', half, 8))
    expect(shallow).toBeLessThan(deep / 2)
  })

  test('adds up: the increments of a gauge are its counter', () => {
    const device = all('rain')[1]!
    const scene = sceneOf(city, cloudburst)
    let sum = 0
    // From 08:00 local time, when the counter starts anew, on the device's own grid.
    const dayStart = Math.ceil(start / dayMs) * dayMs
    for (let t = dayStart + device.sampleMs; t <= dayStart + 6 * hourMs; t += device.sampleMs) {
      const { rainfall, rain_total } = observe(scene, device, t)
      sum += rainfall!
      expect(rain_total).toBeCloseTo(sum, 5)
    }
    expect(sum).toBeGreaterThan(40)
  })

  test('rains the same depth however it is cut', () => {
    const scene = sceneOf(city, cloudburst)
    const place = { eastKm: 0, northKm: 0 }
    const whole = rainBetween(scene, place, { fromMs: start, toMs: start + 8 * hourMs })
    let parts = 0
    for (let t = start; t < start + 8 * hourMs; t += 7 * minuteMs) {
      parts += rainBetween(scene, place, {
        fromMs: t,
        toMs: Math.min(t + 7 * minuteMs, start + 8 * hourMs),
      })
    }
    expect(parts).toBeCloseTo(whole, 6)
    expect(whole).toBeGreaterThan(50)
  })

  test('leaves streets dry before it comes', () => {
    const scene = sceneOf(city, cloudburst)
    for (const device of all('street')) expect(streetDepth(scene, device, start)).toBe(0)
  })
})

describe('smog', () => {
  const smog = [episode('pollution', start + hourMs)]

  test('crosses 75, 115, 150 and 250 in order, and clears', () => {
    for (const device of all('air')) {
      const pm25 = series(device, 'pm25', smog, 15)
      const crossings = [75, 115, 150, 250].map((bound) => pm25.findIndex((v) => v >= bound))
      expect(crossings[0]).toBeGreaterThan(0)
      expect(crossings).toEqual([...crossings].sort((a, b) => a - b))
      expect(pm25.at(-1)).toBeLessThan(70)
    }
  })

  test('is washed out by rain', () => {
    const device = all('air')[0]!
    const dry = series(device, 'pm25', smog, 10)
    const wet = series(device, 'pm25', [...smog, episode('cloudburst', start + 6 * hourMs)], 10)
    expect(wet.at(-24)).toBeLessThan(dry.at(-24)! * 0.6)
  })

  test('never holds more fine than coarse particles', () => {
    const device = all('air')[1]!
    const pm25 = series(device, 'pm25', smog, 14)
    const pm10 = series(device, 'pm10', smog, 14)
    for (const [i, value] of pm25.entries()) expect(pm10[i]).toBeGreaterThanOrEqual(value)
  })
})

describe('a sewage spill', () => {
  const spill = [episode('spill', start + 2 * hourMs)]

  test('brings ammonia and takes oxygen downstream, later the further away, and nothing upstream', () => {
    const stations = all('surface-water')
    const upstream = stations.filter(({ place }) => place.eastKm < -4)
    const downstream = stations.filter(({ place }) => place.eastKm >= -4)
    for (const device of upstream) {
      expect(Math.max(...series(device, 'nh3n', spill, 16))).toBeLessThan(1)
    }
    let before = 0
    for (const device of downstream) {
      const ammonia = series(device, 'nh3n', spill, 16)
      expect(Math.max(...ammonia)).toBeGreaterThan(1.5)
      const first = ammonia.findIndex((value) => value >= 1)
      expect(first).toBeGreaterThan(before)
      before = first
      const calmest = Math.min(...series(device, 'dissolved_oxygen', [], 16))
      expect(Math.min(...series(device, 'dissolved_oxygen', spill, 16))).toBeLessThan(calmest - 1)
    }
  })
})

describe('a water meter', () => {
  test('only counts up, and its flow is the slope of its counter', () => {
    const device = all('meter')[0]!
    let before = observe(calm, device, start).meter_volume!
    for (let t = start + hourMs; t < start + 60 * hourMs; t += hourMs) {
      const { meter_volume, meter_flow } = observe(calm, device, t)
      const middle = observe(calm, device, t - hourMs / 2).meter_flow!
      expect(meter_volume).toBeGreaterThan(before)
      expect(meter_volume! - before).toBeCloseTo(middle, 1)
      expect(meter_flow).toBeGreaterThan(0)
      before = meter_volume!
    }
  })

  test('follows the day: little at night, much in the morning', () => {
    const night = Date.parse('2026-06-14T19:00:00Z')
    const morning = Date.parse('2026-06-15T00:00:00Z')
    expect(demandAt(night)).toBeLessThan(0.6)
    expect(demandAt(morning)).toBeGreaterThan(1.1)
  })
})
