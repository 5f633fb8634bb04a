import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deviceSchema } from '../../domain/device.ts'
import { siteSchema } from '../../domain/site.ts'
import { makeCity, registryDevices } from '../../simulators/city.ts'
import { connectors } from '../../simulators/fleet.ts'
import { deviceModels, inventory } from '../../simulators/inventory.ts'

describe('a city', () => {
  test('is the same for the same seed and another for another seed', () => {
    const city = makeCity({ seed: 3, devices: 120 })
    expect(JSON.stringify(makeCity({ seed: 3, devices: 120 }))).toBe(JSON.stringify(city))
    expect(JSON.stringify(makeCity({ seed: 4, devices: 120 }))).not.toBe(JSON.stringify(city))
  })

  test('is valid for the registry, each site and device once', () => {
    const city = makeCity({ seed: 1, devices: 700 })
    for (const site of city.sites) expect(siteSchema.parse(site)).toEqual(site)
    const devices = registryDevices(city, 600)
    for (const device of devices) expect(deviceSchema.parse(device)).toEqual(device)
    expect(new Set(devices.map(({ id }) => id)).size).toBe(devices.length)
    expect(new Set(city.sites.map(({ id }) => id)).size).toBe(city.sites.length)
    const sites = new Set(city.sites.map(({ id }) => id))
    for (const device of city.devices) expect(sites.has(device.site)).toBe(true)
  })

  test('lists gateways before the devices behind them', () => {
    const devices = registryDevices(makeCity({ seed: 1, devices: 200 }), 1)
    const known = new Set<string>()
    for (const { id, gateway } of devices) {
      if (gateway !== null) expect(known.has(gateway)).toBe(true)
      known.add(id)
    }
  })

  test('has as many devices as asked for and no more connections than allowed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3_000 }),
        fc.integer({ min: 1, max: 300 }),
        (devices, connections) => {
          const city = makeCity({ seed: 1, devices, connections })
          expect(city.devices.length).toBe(devices)
          expect(connectors(city).length).toBeLessThanOrEqual(connections)
          const gateways = new Set(city.gateways)
          for (const { gateway } of city.devices) {
            if (gateway !== null) expect(gateways.has(gateway)).toBe(true)
          }
        },
      ),
      { numRuns: 40 },
    )
  })

  test('has some of everything from a dozen devices on', () => {
    const counts = inventory(12)
    for (const model of deviceModels) expect(counts.get(model)).toBeGreaterThan(0)
  })

  test('of 50,000 devices needs 200 connections and distinct names within a kind', () => {
    const city = makeCity({ seed: 9, devices: 50_000 })
    expect(city.devices.length).toBe(50_000)
    expect(connectors(city).length).toBeLessThanOrEqual(200)
    const names = city.sites.map(({ kind, name }) => `${kind} ${name.en} ${name.zh}`)
    expect(new Set(names).size).toBe(names.length)
  })

  test('knows gauges from the hills to the mouth, with levels in order', () => {
    const city = makeCity({ seed: 2, devices: 200 })
    const gauges = city.sites.filter(({ kind }) => kind === 'river-gauge')
    expect(gauges.length).toBeGreaterThan(5)
    let west = Number.NEGATIVE_INFINITY
    for (const { attributes, location } of gauges) {
      expect(location?.[0]).toBeGreaterThan(west)
      west = location?.[0] ?? west
      const { gaugeZero, warningLevel, guaranteeLevel, historicMaximum } = attributes
      expect(warningLevel).toBeGreaterThan(Number(gaugeZero))
      expect(guaranteeLevel).toBeGreaterThan(Number(warningLevel))
      expect(historicMaximum).toBeGreaterThan(Number(guaranteeLevel))
    }
  })

  test.each([0, 1.5, 50_001, Number.NaN])('of %s devices is refused', (devices) => {
    expect(() => makeCity({ seed: 1, devices })).toThrow(/devices must be/)
  })

  test('without connections is refused', () => {
    expect(() => makeCity({ seed: 1, devices: 5, connections: 0 })).toThrow(/connections must be/)
  })
})
