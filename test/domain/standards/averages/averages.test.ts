/** Which hours count, and the official averages made of them: GB 3095 table 4, HJ 663-2013, hydrological days. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDayCalendar } from '../../../../domain/calendar.ts'
import {
  hourMs,
  hourOf,
  hoursBack,
  isValid,
  validHour,
} from '../../../../domain/standards/averages/clock-hour.ts'
import { completed } from '../../../../domain/standards/averages/completeness.ts'
import {
  dailyMax1h,
  dailyMax8h,
  dailyMean,
  ozoneMax8h,
} from '../../../../domain/standards/averages/daily.ts'
import {
  dayLong,
  eightHours,
  movingMean,
} from '../../../../domain/standards/averages/moving-mean.ts'
import { rainSum } from '../../../../domain/standards/averages/rain-sum.ts'
import { stationHours, statisticOf } from '../../../../domain/standards/averages/station.ts'
import { usOzoneMax8h } from '../../../../domain/standards/site/air-figures.ts'
import { hourly, times, windows } from './hours.ts'

const beijing = createDayCalendar('Asia/Shanghai')
/** 2026-03-01 00:00 in Beijing. */
const midnight = Date.parse('2026-02-28T16:00:00Z')
const day = beijing.dayOf(midnight)

describe('an hourly mean', () => {
  test.each([
    [60, 45, true],
    [60, 44, false],
    [12, 9, true],
    [12, 8, false],
    [4, 3, true],
    [1, 1, true],
  ])('of %i readings an hour is valid with %i: %s', (perHour, count, valid) => {
    const hours = completed(
      windows(midnight, [35], () => count),
      hourMs / perHour,
    )
    expect(validHour(hours, midnight)).toBe(valid ? 35 : null)
  })

  test('an instrument that measures every four hours has measured its hour', () => {
    expect(isValid(completed(windows(midnight, [3.2]), 4 * hourMs).get(midnight)!)).toBe(true)
  })

  test('without a known interval the fullest hour of the day before is full', () => {
    const hours = completed(
      windows(midnight, [1, 2, 3, 4], (i) => [12, 12, 8, 9][i] ?? 0),
      null,
    )
    expect([...hours.values()].map(isValid)).toEqual([true, true, false, true])
  })

  test('one hour with a burst does not make the others incomplete', () => {
    const counts = [2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1]
    const hours = completed(
      windows(midnight, counts, (i) => counts[i] ?? 0),
      null,
    )
    expect([...hours.values()].map(isValid)).toEqual([...times(10, () => true), false])
  })

  test('later readings never take validity from an hour before them', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 60 }), (counts) => {
        const all = completed(
          windows(midnight, counts, (i) => counts[i] ?? 0),
          null,
        )
        const before = completed(
          windows(midnight, counts.slice(0, -1), (i) => counts[i] ?? 0),
          null,
        )
        for (const [from, hour] of before) expect(all.get(from)).toEqual(hour)
      }),
    )
  })

  test('begins with the full hour of the place', () => {
    const at = Date.parse('2026-06-01T04:45:00Z')
    expect(hourOf(beijing, at)).toBe(Date.parse('2026-06-01T04:00:00Z'))
    expect(hourOf(createDayCalendar('Asia/Kolkata'), at)).toBe(Date.parse('2026-06-01T04:30:00Z'))
  })
})

describe('several devices at a place', () => {
  const full = (values: (number | null)[], count: number) =>
    completed(
      windows(midnight, values, () => count),
      hourMs / 4,
    )

  test('concentrations: the mean of the devices whose hour is valid', () => {
    const hours = stationHours('pm25', [full([10, 10], 4), full([20, null], 4), full([90, 90], 1)])
    expect(validHour(hours, midnight)).toBe(15)
    expect(validHour(hours, midnight + hourMs)).toBe(10)
  })

  test('when no device has a valid hour there is none', () => {
    const hours = stationHours('pm25', [full([10], 1), full([20], 2)])
    expect(hours.get(midnight)).toMatchObject({ value: 15, completeness: 0.5, count: 3 })
    expect(validHour(hours, midnight)).toBeNull()
  })

  test.each([['water_level'], ['rainfall']])('%s: the largest', (property) => {
    const hours = stationHours(property, [full([3], 4), full([7], 1)])
    expect(hours.get(midnight)?.value).toBe(7)
  })

  test('what of an hour counts', () => {
    expect(['pm25', 'nh3n', 'rainfall', 'water_level', 'water_depth'].map(statisticOf)).toEqual([
      'mean',
      'mean',
      'sum',
      'max',
      'max',
    ])
  })
})

describe('a daily mean', () => {
  test.each([
    [24, 50],
    [20, 50],
    [19, null],
    [0, null],
  ])('with %i valid hours is %s', (valid, expected) => {
    const hours = hourly(
      midnight,
      times(24, (i) => (i < valid ? 50 : null)),
    )
    expect(dailyMean(hours, day)).toBe(expected)
  })

  test('is of the natural day of the place only', () => {
    const hours = hourly(midnight - 3 * hourMs, [900, 900, 900, ...times(24, () => 10), 900])
    expect(dailyMean(hours, day)).toBe(10)
    expect(dailyMax1h(hours, day)).toBe(10)
  })

  test('is the decimal number, without the noise of binary sums', () => {
    const hours = hourly(
      midnight,
      times(24, (i) => (i % 2 === 0 ? 60.3 : 60.7)),
    )
    expect(dailyMean(hours, day)).toBe(60.5)
  })

  test('a day of a change of clocks has as many hours as it has', () => {
    const london = createDayCalendar('Europe/London')
    const short = london.dayOf(Date.parse('2026-03-29T12:00:00Z'))
    const values = times(23, () => 7)
    expect(dailyMean(hourly(short.from, values), short, 23)).toBe(7)
    const long = london.dayOf(Date.parse('2026-10-25T12:00:00Z'))
    expect(dailyMean(hourly(long.from, [...values, 7, 7]), long, 25)).toBe(7)
  })
})

describe('moving means', () => {
  const hours = hourly(midnight, [1, 2, null, 4, 5, null, 7, 8, null])

  test('8 h from at least 6 hours, ending where asked', () => {
    expect(movingMean(hours, midnight + 8 * hourMs, eightHours)).toBe(27 / 6)
    expect(movingMean(hours, midnight + 9 * hourMs, eightHours)).toBeNull()
  })

  test('24 h from at least 20 hours', () => {
    const some = (count: number) =>
      hourly(
        midnight,
        times(24, (i) => (i < count ? 12 : null)),
      )
    expect(movingMean(some(20), day.to, dayLong)).toBe(12)
    expect(movingMean(some(19), day.to, dayLong)).toBeNull()
  })

  test('the last hours are newest first', () => {
    expect(hoursBack(hours, midnight + 4 * hourMs, 5)).toEqual([4, null, 2, 1, null])
  })
})

describe('the daily maximum of 8 h', () => {
  const max8h = (values: readonly (number | null)[]) =>
    dailyMax8h(hourly(midnight - 8 * hourMs, values), day, ozoneMax8h)
  const before = times(8, () => 500)

  test('takes the windows that lie wholly in the day: ending at 08:00 … 24:00', () => {
    expect(max8h([...before, ...times(24, () => 40)])).toBe(40)
    expect(max8h([...before, ...times(8, () => 80), ...times(16, () => 0)])).toBe(80)
    expect(max8h([...before, ...times(16, () => 0), ...times(8, () => 90)])).toBe(90)
  })

  test('needs 14 valid windows, unless it is above the limit', () => {
    // Hours from 19:00 on are missing: windows ending at 08:00 … 21:00 have six hours at least.
    const upTo = (count: number, value: number) => [
      ...before,
      ...times(24, (i) => (i < count ? value : null)),
    ]
    expect(max8h(upTo(19, 100))).toBe(100)
    expect(max8h(upTo(18, 100))).toBeNull()
    expect(max8h(upTo(18, 160))).toBeNull()
    expect(max8h(upTo(18, 161))).toBe(161)
    expect(max8h(upTo(5, 900))).toBeNull()
  })
})

describe('the daily maximum of 8 h of ozone in the United States', () => {
  const max8h = (values: readonly (number | null)[]) =>
    dailyMax8h(hourly(midnight, values), day, usOzoneMax8h)
  const hoursOf = (high: readonly number[]) => times(31, (i) => (high.includes(i) ? 120 : 30))

  test('takes the 17 windows that begin at 07:00 … 23:00', () => {
    // 00:00 to 06:00 are of the day before; 23:00 to 07:00 belongs to this one.
    expect(max8h(hoursOf([0, 1, 2, 3, 4, 5, 6]))).toBe(30)
    expect(max8h(hoursOf([23, 24, 25, 26, 27, 28, 29, 30]))).toBe(120)
    expect(max8h(hoursOf([7, 8, 9, 10]))).toBe(75)
  })

  test('needs 13 of them', () => {
    const upTo = (count: number) => times(31, (i) => (i < count ? 90 : null))
    // Of windows with six hours at least, those beginning at 07:00 … 19:00.
    expect(max8h(upTo(25))).toBe(90)
    expect(max8h(upTo(24))).toBeNull()
  })
})

describe('sums of rain', () => {
  const hours = hourly(midnight, [0.1, 0.2, null, 30])

  test('count what is there', () => {
    const sum = (from: number, to: number) =>
      rainSum(hours, { from: midnight + from * hourMs, to: midnight + to * hourMs })
    expect(sum(0, 2)).toBe(0.3)
    expect(sum(1, 4)).toBe(30.2)
    expect(sum(-8, 24)).toBe(30.3)
    expect(sum(2, 3)).toBeNull()
  })

  test('the hydrological day is from 08:00 to 08:00', () => {
    const hydrological = createDayCalendar('Asia/Shanghai', 8).dayOf(midnight)
    const rain = hourly(hydrological.from - hourMs, [100, ...times(24, () => 1), 100])
    expect(rainSum(rain, hydrological)).toBe(24)
  })
})
