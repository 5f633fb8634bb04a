import { describe, expect, test } from 'vitest'
import { factorsOf2005, factorUnits } from '../../domain/catalogue/hj212.ts'
import { isDeviceProperty, properties, propertyOf } from '../../domain/catalogue.ts'
import { accumulationOf, propertyDomains, type Quantity } from '../../domain/property.ts'

const all = [...properties.values()]

describe('the catalogue', () => {
  test('has every property that the promises of the project name', () => {
    const named = [
      'pm25 pm10 so2 no2 co o3 tsp noise temperature humidity pressure wind_speed wind_direction',
      'ph dissolved_oxygen conductivity turbidity water_temperature cod codmn bod5 nh3n tp tn',
      'residual_chlorine chlorophyll_a water_level flow velocity rainfall rain_total water_depth',
      'soil_moisture meter_volume pressure_head battery rsrp snr',
    ]
    const missing = named.flatMap((line) => line.split(' ')).filter((code) => !properties.has(code))
    expect(missing).toEqual([])
  })

  test('no code is used twice, and none is a word of the message forms', () => {
    expect(properties.size).toBe(new Set(all.map(({ code }) => code)).size)
    for (const word of ['ts', 'values', 'device']) expect(propertyOf(word)).toBeUndefined()
    expect(propertyOf('__proto__')).toBeUndefined()
  })

  test.each(all.map((property) => [property.code, property] as const))(
    '%s is complete',
    (code, property) => {
      expect(code).toMatch(/^[a-z][a-z0-9_]{0,31}$/)
      expect(property.name.en).not.toBe('')
      expect(property.name.zh).not.toBe('')
      expect(property.min).toBeLessThan(property.max)
      expect(Number.isFinite(property.min) && Number.isFinite(property.max)).toBe(true)
      expect(propertyDomains).toContain(property.domain)
      expect(property.unit).not.toBe('')
      expect(property.unit.length).toBeLessThanOrEqual(16)
      expect(property.convertible).not.toHaveProperty([property.unit])
      for (const [unit, { scale, offset }] of Object.entries(property.convertible)) {
        expect(unit.length).toBeLessThanOrEqual(16)
        expect(scale).toBeGreaterThan(0)
        expect(Number.isFinite(offset)).toBe(true)
      }
    },
  )

  test('an HJ 212 factor means one property', () => {
    const factors = all.flatMap(({ hj212 }) => hj212 ?? [])
    expect(factors.length).toBe(new Set(factors).size)
    for (const factor of Object.values(factorsOf2005)) expect(factors).toContain(factor)
    for (const factor of Object.keys(factorUnits)) expect(factors).toContain(factor)
  })

  test('directions add up as vectors, increments as sums, counters not at all', () => {
    const accumulations = new Map(all.map((one) => [one.code, accumulationOf(one)]))
    expect(accumulations.get('wind_direction')).toBe('vector')
    expect(accumulations.get('rainfall')).toBe('sum')
    expect(accumulations.get('rain_total')).toBe('last')
    expect(accumulations.get('meter_volume')).toBe('last')
    expect(accumulations.get('noise')).toBe('mean')
    expect(accumulations.get('pm25')).toBe('mean')
  })

  test('says what kind of quantity each property is', () => {
    const of = (quantity: Quantity) =>
      all.filter((one) => one.quantity === quantity).map(({ code }) => code)
    expect(of('interval').sort()).toEqual(['evaporation', 'rainfall'])
    expect(of('counter').sort()).toEqual(['energy', 'meter_volume', 'rain_total', 'uptime'])
    expect(of('level')).toEqual(['noise'])
    expect(of('direction')).toEqual(['wind_direction'])
  })

  test('device properties are those of the device table', () => {
    expect(isDeviceProperty('rsrp')).toBe(true)
    expect(isDeviceProperty('pm25')).toBe(false)
    expect(isDeviceProperty('nonsense')).toBe(false)
  })
})

/** Equal amounts, as the definitions of the units give them. */
describe('conversions', () => {
  test.each([
    ['pm25', 0.035, 'mg/m3', 35],
    ['co', 10_000, 'ug/m3', 10],
    ['temperature', 32, '[degF]', 0],
    ['temperature', 212, '[degF]', 100],
    ['temperature', -40, '[degF]', -40],
    ['temperature', 273.15, 'K', 0],
    ['pressure', 101.325, 'kPa', 1_013.25],
    ['pressure', 1, 'atm', 1_013.25],
    ['wind_speed', 36, 'km/h', 10],
    ['wind_speed', 1, '[kn_i]', 1_852 / 3_600],
    ['conductivity', 1, 'S/m', 10_000],
    ['conductivity', 1.413, 'mS/cm', 1_413],
    ['water_level', 250, 'cm', 2.5],
    ['water_level', 1, '[ft_i]', 0.3048],
    ['rainfall', 1, '[in_i]', 25.4],
    ['flow', 3_600, 'm3/h', 1],
    ['flow', 1_000, 'L/s', 1],
    ['meter_flow', 1, 'L/s', 3.6],
    ['pipe_pressure', 0.3, 'MPa', 300],
    ['pipe_pressure', 10, 'm[H2O]', 98.0665],
    ['tp', 200, 'ug/L', 0.2],
    ['soil_moisture', 0.31, '1', 31],
    ['voltage', 3_600, 'mV', 3.6],
    ['noise', 55, 'dB(A)', 55],
    ['rsrp', -97, 'dBm', -97],
  ])('%s: %d %s is %d', (code, sent, unit, expected) => {
    const line = propertyOf(code)?.convertible[unit]
    expect(sent * (line?.scale ?? Number.NaN) + (line?.offset ?? 0)).toBeCloseTo(expected, 9)
  })
})
