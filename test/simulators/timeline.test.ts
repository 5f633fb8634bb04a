import { describe, expect, test } from 'vitest'
import { dayMs, hourMs } from '../../simulators/calendar.ts'
import { catchingUp, compressed, historyMsMax } from '../../simulators/timeline.ts'

const real = Date.parse('2026-11-21T12:00:00Z')
const town = Date.parse('2026-06-15T00:00:00Z')

describe('compressed time', () => {
  const timeline = compressed({ realStartMs: real, cityStartMs: town, speed: 600 })

  test('lets ten minutes of the city pass in a second', () => {
    expect(timeline.cityTime(real)).toBe(town)
    expect(timeline.cityTime(real + 1_000)).toBe(town + 600_000)
  })

  test('stamps what happens now with now', () => {
    for (const later of [0, 1, 777, 90_000]) {
      expect(timeline.stamp(timeline.cityTime(real + later))).toBe(real + later)
    }
  })
})

describe('catching up', () => {
  const timeline = catchingUp({ realStartMs: real, cityStartMs: real - 2 * dayMs, speed: 49 })

  test('starts in the past, meets the clock and then keeps pace', () => {
    expect(timeline.cityTime(real)).toBe(real - 2 * dayMs)
    expect(timeline.cityTime(real + hourMs)).toBe(real + hourMs)
    expect(timeline.cityTime(real + 5 * hourMs)).toBe(real + 5 * hourMs)
  })

  test('stamps the city own time', () => {
    expect(timeline.stamp(real - dayMs)).toBe(real - dayMs)
  })

  test('never starts further back than a server takes', () => {
    const old = catchingUp({ realStartMs: real, cityStartMs: real - 30 * dayMs, speed: 10 })
    expect(old.cityTime(real)).toBe(real - historyMsMax)
    expect(historyMsMax).toBeLessThan(7 * dayMs)
  })
})
