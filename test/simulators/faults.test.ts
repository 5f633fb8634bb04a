import { describe, expect, test } from 'vitest'
import { hourMs, minuteMs } from '../../simulators/calendar.ts'
import { makeCity } from '../../simulators/city.ts'
import {
  clockSkewMs,
  type FaultRates,
  isDuplicated,
  isOut,
  isSilent,
  malformed,
  measuredAt,
  noFaults,
  stormNumber,
  withSensorFaults,
} from '../../simulators/faults.ts'

const city = makeCity({ seed: 5, devices: 400 })
const start = Date.parse('2026-06-15T00:00:00Z')
const values = { pm25: 30, pm10: 50, no2: 20 }
const text = '{"ts":1,"values":{"pm25":30}}'

function rates(some: Partial<FaultRates>): FaultRates {
  return { ...noFaults, ...some }
}

/** Share of (device, index) pairs for which the test holds; 400 × 100 of them. */
function share(holds: (device: (typeof city.devices)[number], index: number) => boolean): number {
  let count = 0
  for (const device of city.devices) {
    for (let index = 0; index < 100; index++) if (holds(device, index + 1_000_000)) count++
  }
  return count / (city.devices.length * 100)
}

const at = (index: number) => start + (index - 1_000_000) * 7 * hourMs

describe('each fault', () => {
  const rate = 0.1
  test.each([
    ['duplicate', (d, i) => isDuplicated(rates({ duplicate: rate }), d, i)],
    ['malformed', (d, i) => malformed(rates({ malformed: rate }), d, { index: i, text }) !== null],
    [
      'sentinel',
      (d, i) => differs(withSensorFaults(rates({ sentinel: rate }), d, { index: i, values })),
    ],
    ['spike', (d, i) => differs(withSensorFaults(rates({ spike: rate }), d, { index: i, values }))],
    ['stuck', (d, i) => measuredAt(rates({ stuck: rate }), d, at(i) + 1) !== at(i) + 1],
    ['silence', (d, i) => isSilent(rates({ silence: rate }), d, at(i))],
    ['skew', (d, i) => clockSkewMs(rates({ skew: rate }), d, at(i)) !== 0],
    ['outage', (d, i) => isOut(rates({ outage: rate }), d.id, at(i))],
    ['storm', (d, i) => stormNumber(rates({ storm: rate }), d.key, at(i)) !== 0],
  ] as [string, Parameters<typeof share>[0]][])('%s strikes at its rate', (_, holds) => {
    expect(share(holds)).toBeGreaterThan(rate * 0.85)
    expect(share(holds)).toBeLessThan(rate * 1.15)
  })

  function differs(struck: Record<string, number>): boolean {
    return JSON.stringify(struck) !== JSON.stringify(values)
  }

  test('never strikes at rate 0', () => {
    const device = city.devices[0]!
    for (let index = 0; index < 500; index++) {
      expect(isDuplicated(noFaults, device, index)).toBe(false)
      expect(malformed(noFaults, device, { index, text })).toBeNull()
      expect(withSensorFaults(noFaults, device, { index, values })).toEqual(values)
      expect(measuredAt(noFaults, device, at(index))).toBe(at(index))
      expect(isSilent(noFaults, device, at(index))).toBe(false)
      expect(clockSkewMs(noFaults, device, at(index))).toBe(0)
      expect(isOut(noFaults, device.id, at(index))).toBe(false)
    }
  })

  test('strikes the same messages again for the same seed', () => {
    const again = makeCity({ seed: 5, devices: 400 })
    const some = rates({ duplicate: 0.3, sentinel: 0.3 })
    for (const [i, device] of city.devices.entries()) {
      expect(isDuplicated(some, again.devices[i]!, i)).toBe(isDuplicated(some, device, i))
      const sample = { index: i, values }
      expect(withSensorFaults(some, again.devices[i]!, sample)).toEqual(
        withSensorFaults(some, device, sample),
      )
    }
  })
})

test('a sentinel or a spike strikes one value and leaves its neighbours', () => {
  const struck = withSensorFaults(rates({ sentinel: 1 }), city.devices[3]!, { index: 8, values })
  const changed = Object.entries(struck).filter(
    ([code, value]) => value !== values[code as keyof typeof values],
  )
  expect(changed.length).toBe(1)
})

test('a stuck device repeats one value for as long as the fault lasts', () => {
  const device = city.devices[0]!
  const stuck = rates({ stuck: 1 })
  const window = Math.floor(start / (3 * hourMs)) * 3 * hourMs
  expect(measuredAt(stuck, device, window + minuteMs)).toBe(window)
  expect(measuredAt(stuck, device, window + 170 * minuteMs)).toBe(window)
})

test('a report cut short is never whole, however long its samples are', () => {
  const device = city.devices[0]!
  const isWhole = (cut: string) => {
    try {
      JSON.parse(cut)
      return true
    } catch {
      return false
    }
  }
  for (const tail of ['0', '0.2', '-9999', '12.25']) {
    const rows = `{"ts":1,"values":{"rain_total":-9999}},{"ts":2,"values":{"rain_total":${tail}}}`
    for (let index = 0; index < 40; index++) {
      const broken = malformed(rates({ malformed: 1 }), device, { index, text: rows })!
      if (rows.startsWith(broken)) expect(isWhole(broken), broken).toBe(false)
    }
  }
})

test('a malformed message is no longer JSON of readings', () => {
  for (let index = 0; index < 60; index++) {
    const broken = malformed(rates({ malformed: 1 }), city.devices[index]!, { index, text })
    expect(() => JSON.parse(broken!)).toThrow()
  }
})
