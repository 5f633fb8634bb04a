/** Each test of quality control as a stream meets it: what is flagged, when, and what is left alone. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hourMs, minutes, openStream, reading, type Stream, start } from './stream.ts'

let stream: Stream
beforeEach(async () => {
  stream = await openStream()
})
afterEach(() => stream.close())

const level = { property: 'water_level' }

describe('a value by itself', () => {
  test('good values are good, a missing one stays missing', () => {
    expect(stream.flags(minutes([35, 36, null, 37]))).toEqual([1, 1, 9, 1])
  })

  test('gross range: ends belong to the span', async () => {
    await stream.plan({ gross_range: { suspect: [10, 20], fail: [0, 30] } })
    const values = [10, 20, 9.9, 20.1, 0, 30, -0.1, 30.1]
    expect(stream.outcomes('gross_range', minutes(values))).toEqual([1, 1, 3, 3, 3, 3, 4, 4])
  })

  test('a test that is switched off is not evaluated', async () => {
    await stream.plan({ gross_range: null })
    expect(stream.outcomes('gross_range', [reading(1, 5)])).toEqual([2])
  })

  test('climatology: the last member that holds the month counts, other months are not evaluated', async () => {
    await stream.plan({
      climatology: [
        { months: [10, 11, 12], suspect: [0, 50], fail: [0, 100] },
        { months: [12], suspect: [0, 500] },
      ],
    })
    const november = [40, 60, 200].map((value, i) => reading(i, value))
    expect(stream.outcomes('climatology', november)).toEqual([1, 3, 4])
    const days = (n: number) => n * 24 * 60
    expect(stream.outcomes('climatology', [reading(days(40), 200)])).toEqual([1])
    expect(stream.outcomes('climatology', [reading(days(70), 200)])).toEqual([2])
  })
})

describe('spike', () => {
  test('is known when the next reading comes, and then the reading is told again', () => {
    const { readings, revised } = stream.quality.check(minutes([30, 31, 1_500, 32]))
    expect(readings.map(({ quality }) => quality)).toEqual([1, 1, 1, 1])
    expect(revised).toMatchObject([{ observedAt: start + 120_000, value: 1_500, quality: 3 }])
    expect(revised[0]?.receivedAt).toBe(readings[2]?.receivedAt)
  })

  test('flags the peak and not the readings beside it', () => {
    expect(stream.outcomes('spike', minutes([30, 31, 9_000, 32, 33, 34]))).toEqual([
      2, 2, 4, 2, 2, 2,
    ])
  })

  test('a step that stays is none', () => {
    expect(stream.flags(minutes([30, 31, 2_500, 2_450, 2_400]))).toEqual([1, 1, 1, 1, 1])
  })

  test('is judged against the last measured value, however "no value" is said before it', () => {
    expect(stream.flags(minutes([30, null, 5_000, 31]))).toEqual([1, 9, 4, 1])
    const afterGap = [4, 5, 65, 66].map((minute) => reading(minute, minute === 65 ? 5_000 : 30))
    expect(stream.flags(afterGap)).toEqual([1, 1, 4, 1])
  })

  test('is not judged when the next reading comes too late to tell', () => {
    const beforeGap = [0, 1, 2, 3, 60].map((minute) => reading(minute, minute === 3 ? 5_000 : 30))
    expect(stream.flags(beforeGap)).toEqual([1, 1, 1, 1, 1])
  })
})

describe('rate of change', () => {
  test('suspect beyond the first threshold, fail beyond the second, equal is good', () => {
    const values = [1, 21, 41.1, 150, 149]
    expect(stream.outcomes('rate_of_change', minutes(values, level))).toEqual([1, 1, 3, 4, 1])
  })

  test('within less than the time of the threshold the change itself counts', () => {
    const quick = [0, 0.01, 0.02].map((minute) => reading(minute, 2 + minute * 400, level))
    expect(stream.flags(quick)).toEqual([1, 1, 1])
  })

  test('the way back from an outlier is no second fault', () => {
    expect(stream.outcomes('rate_of_change', minutes([2, 2, 200, 2.1, 2.1], level))).toEqual([
      1, 1, 4, 1, 1,
    ])
  })

  test('a flood that rises by a metre a minute is good', () => {
    const wave = Array.from({ length: 20 }, (_, i) => 2 + Math.min(i, 8))
    expect(new Set(stream.flags(minutes(wave, level)))).toEqual(new Set([1]))
  })
})

describe('flat line', () => {
  const hourly = (values: readonly number[], more = {}) =>
    values.map((value, hour) => reading(hour * 60, value, more))

  test('a value that stands still is suspect, then fails, and is good again when it moves', () => {
    const values = [50, 51, ...Array.from({ length: 104 }, () => 60), 61]
    const flags = stream.flags(hourly(values))
    expect(flags.slice(0, 50)).toEqual(Array.from({ length: 50 }, () => 1))
    expect([flags[50], flags[97], flags[98], flags[105], flags[106]]).toEqual([3, 3, 4, 4, 1])
  })

  test('values that may stand for any time are left alone', () => {
    const still = Array.from({ length: 100 }, () => 4)
    expect(new Set(stream.flags(hourly(still)))).toEqual(new Set([1]))
    const dry = Array.from({ length: 100 }, () => 0)
    expect(new Set(stream.flags(hourly(dry, { property: 'rainfall' })))).toEqual(new Set([1]))
  })

  test('a few equal values far apart are no flat line', () => {
    const seldom = [0, 60, 120, 180, 4_000, 8_000].map((minute) => reading(minute, 50))
    expect(stream.outcomes('flat_line', seldom)).toEqual([1, 1, 1, 1, 1, 1])
  })

  test('missing values do not end a run', async () => {
    await stream.plan({ flat_line: { suspect: '5m', tolerance: 0.5 } })
    expect(stream.outcomes('flat_line', minutes([7, 7.1, 7, null, 7, 7.2, 7, 7]))).toEqual([
      1, 1, 1, 2, 1, 1, 3, 3,
    ])
  })
})

describe('attenuated signal', () => {
  test('is told when the period is full, and no more when the signal lives again', async () => {
    await stream.plan({ attenuated_signal: { over: '8m', suspect: 1, fail: 0.1 }, flat_line: null })
    const weak = Array.from({ length: 10 }, (_, i) => 20 + (i % 2) * 0.5)
    const dead = Array.from({ length: 10 }, () => 20)
    const outcomes = stream.outcomes('attenuated_signal', minutes([...weak, ...dead, 30, 20]))
    expect(outcomes.slice(0, 8)).toEqual(Array.from({ length: 8 }, () => 2))
    expect([outcomes[8], outcomes[17], outcomes[19], outcomes[20]]).toEqual([3, 3, 4, 1])
  })
})

describe('time gap', () => {
  test('is told without lowering the flag', async () => {
    await stream.plan({ time_gap: { suspect: '5m' } })
    const readings = [0, 1, 6, 12].map((minute) => reading(minute, 30 + minute))
    expect(stream.outcomes('time_gap', readings)).toEqual([2, 1, 1, 3])
    expect(stream.quality.check([reading(60, 30)]).readings[0]?.quality).toBe(1)
  })

  test('a device that says how often it reports needs no plan', async () => {
    await stream.close()
    stream = await openStream({ devices: [{ id: 'd-1', expectedInterval: '1m' }] })
    const readings = [0, 1, 4, 8].map((minute) => reading(minute, 30 + minute))
    expect(stream.outcomes('time_gap', readings)).toEqual([2, 1, 1, 3])
  })
})

describe('sentinel', () => {
  test('a known sentinel that comes by a jump fails as long as it stays', () => {
    const values = [35, 36, 999.9, 999.9, 999.9, 37, 38]
    expect(stream.flags(minutes(values))).toEqual([1, 1, 4, 4, 4, 1, 1])
  })

  test('without thresholds a known sentinel far off fails', () => {
    const flow = { property: 'flow' }
    expect(stream.flags(minutes([20, 21, -999, -999, 22], flow))).toEqual([1, 1, 4, 4, 1])
  })

  test('any number that comes by a jump and is repeated exactly fails', () => {
    const values = [2.1, 2.2, 19.75, 19.75, 19.75, 19.75, 19.75, 2.2]
    expect(stream.outcomes('sentinel', minutes(values, level))).toEqual([2, 1, 1, 1, 4, 4, 4, 1])
  })

  test('a flood that is played with steps and plateaus is good', () => {
    const played = [5, 5, 5, 9.4, 9.4, 9.4, 9.4, 9.4, 9.4, 12, 12, 12, 12, 12, 5, 5, 5, 5, 5]
    expect(new Set(stream.flags(minutes(played, level)))).toEqual(new Set([1]))
    const smog = { property: 'pm25', device: 'd-2' }
    const days = [35, 35, 500, 500, 500, 500, 500, 1_200, 1_200, 1_200, 1_200, 35, 35, 35, 35]
    expect(new Set(stream.flags(minutes(days, smog)))).toEqual(new Set([1]))
  })

  test('a value that is one of them by chance is good', () => {
    const pressure = { property: 'pressure' }
    expect(stream.flags(minutes([1_001, 1_000, 999, 999, 998], pressure))).toEqual([1, 1, 1, 1, 1])
    const storm = { property: 'pm10', device: 'd-2' }
    expect(stream.flags(minutes([300, 600, 800, 999, 999, 950], storm))).toEqual([1, 1, 1, 1, 1, 1])
  })

  test('coming back to where it was is no jump into a sentinel', () => {
    const values = [2, 2, 19, 2, 2, 2, 2, 2, 2]
    expect(stream.outcomes('sentinel', minutes(values, level)).slice(3)).toEqual([1, 1, 1, 1, 1, 1])
  })
})

describe('clock', () => {
  const live = (minute: number, lagMs: number, more = {}) => {
    const receivedAt = start + minute * 60_000
    return reading(0, 30 + (minute % 5), { observedAt: receivedAt - lagMs, receivedAt, ...more })
  }

  test('observed more than a minute after it was received is suspect', () => {
    const readings = [live(0, 0), live(1, -59_000), live(3, -61_000)]
    expect(stream.outcomes('clock', readings)).toEqual([1, 1, 3])
  })

  test('a lag of eight hours that stays the same for an hour is a wrong clock', () => {
    const wrong = Array.from({ length: 90 }, (_, i) => live(i, 8 * hourMs + (i % 3) * 1_000))
    const outcomes = stream.outcomes('clock', wrong)
    expect(outcomes.slice(0, 60)).not.toContain(3)
    expect(outcomes.slice(65)).not.toContain(1)
    const mended = Array.from({ length: 3 }, (_, i) => live(90 + i, 0))
    expect(stream.outcomes('clock', mended)).toEqual([1, 1, 1])
  })

  test('a backlog that is worked off, and hourly batches, are right to be late', () => {
    const backlog = Array.from({ length: 300 }, (_, i) => live(i, (10 * 60 - 2 * i) * 60_000))
    expect(stream.outcomes('clock', backlog)).not.toContain(3)
    const batches = Array.from({ length: 300 }, (_, i) =>
      live(i * 10, ((i % 30) + 1) * 10 * 60_000, { device: 'd-2' }),
    )
    expect(stream.outcomes('clock', batches)).not.toContain(3)
  })
})

describe('an amount and its interval', () => {
  const rain = { property: 'rainfall' }

  test('more than ever fell in such a time is suspect, also the first when the second tells the interval', () => {
    const burst = [450, 450, 450, 2].map((value, i) => reading(i * 15, value, rain))
    expect(stream.flags(burst)).toEqual([3, 3, 3, 1])
  })

  test('the wettest that was measured is good: 38 mm in a minute, 305 mm in 42, 401 mm in an hour', () => {
    const records: [number, number][] = [
      [1, 38],
      [42, 305],
      [60, 401],
      [24 * 60, 1_825],
    ]
    for (const [minutesLong, value] of records) {
      stream.restart()
      const some = [0, value, value].map((mm, i) => reading(i * minutesLong, mm, rain))
      expect(stream.outcomes('gross_range', some).slice(1)).toEqual(value > 1_000 ? [3, 3] : [1, 1])
    }
  })

  test('a total after a gap has the time of the gap, and an expected interval is one from the first on', async () => {
    const gap = [0, 10, 20, 24 * 60].map((minute) => reading(minute, minute > 60 ? 700 : 1, rain))
    expect(stream.flags(gap)).toEqual([1, 1, 1, 1])
    await stream.close()
    stream = await openStream({ devices: [{ id: 'd-1', expectedInterval: '10m' }] })
    expect(stream.flags([reading(0, 300, rain)])).toEqual([3])
    stream.restart()
    expect(stream.flags([reading(0, 150, rain)])).toEqual([1])
  })

  test('a plan changes it or switches it off', async () => {
    await stream.plan({ interval_amount: { suspect: 100, exponent: 0.5 } }, rain)
    const hours = [1, 90, 110].map((value, hour) => reading(hour * 60, value, rain))
    expect(stream.flags(hours)).toEqual([1, 1, 3])
    await stream.plan({ interval_amount: null }, { ...rain, where: { device: ['d-1'] } })
    stream.restart()
    expect(stream.flags(hours)).toEqual([1, 1, 1])
  })
})

describe('a battery', () => {
  const battery = { property: 'battery' }
  const levels = [3.61, 12.4, 0.72, 64, 14.9, 4, 0, 83.5]

  test('that looks like volts or a share of one is suspect, percent are not', () => {
    expect(stream.outcomes('gross_range', minutes(levels, battery))).toEqual([
      3, 3, 3, 1, 3, 1, 1, 1,
    ])
  })

  test('is taken as percent when the profile declares the unit or a scale', async () => {
    for (const mapping of [{ unit: '%' }, { scale: 50, offset: -110 }]) {
      await stream.close()
      const profile = { keys: { BAT: { property: 'battery', ...mapping } } }
      stream = await openStream({ devices: [{ id: 'd-1', profile }] })
      expect(new Set(stream.flags(minutes(levels, battery)))).toEqual(new Set([1]))
    }
  })
})
