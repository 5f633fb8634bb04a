/** Days of places: zones with and without a change of clocks, days begun at 08:00, sites without a location. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type CivilUnit,
  createCivilPeriods,
  createDayCalendar,
  isTimeZone,
  zoneOf,
} from '../../domain/calendar.ts'
import { zoneClock } from '../../domain/zone-clock.ts'

const hourMs = 3_600_000
const at = (text: string) => Date.parse(text)

describe('the day of a moment', () => {
  test.each([
    ['UTC', 0, '2026-11-21T23:59:59.999Z', '2026-11-21T00:00:00Z', 24],
    ['Asia/Shanghai', 0, '2026-11-20T16:00:00Z', '2026-11-20T16:00:00Z', 24],
    ['Asia/Shanghai', 0, '2026-11-20T15:59:59.999Z', '2026-11-19T16:00:00Z', 24],
    ['Asia/Shanghai', 8, '2026-11-21T00:00:00Z', '2026-11-21T00:00:00Z', 24],
    ['Asia/Shanghai', 8, '2026-11-20T23:59:00Z', '2026-11-20T00:00:00Z', 24],
    ['Asia/Kolkata', 0, '2026-11-21T00:00:00Z', '2026-11-20T18:30:00Z', 24],
    ['Europe/London', 0, '2026-03-29T12:00:00Z', '2026-03-29T00:00:00Z', 23],
    ['Europe/London', 0, '2026-10-25T12:00:00Z', '2026-10-24T23:00:00Z', 25],
    ['America/Santiago', 0, '2026-09-06T12:00:00Z', '2026-09-06T04:00:00Z', 23],
    // Midnight comes twice: the day begins at the first.
    ['Asia/Amman', 0, '2021-10-29T12:00:00Z', '2021-10-28T21:00:00Z', 25],
    ['Asia/Amman', 0, '2021-10-28T21:30:00Z', '2021-10-28T21:00:00Z', 25],
    ['America/Havana', 0, '2026-11-01T04:30:00Z', '2026-11-01T04:00:00Z', 25],
    ['Atlantic/Azores', 0, '2026-10-25T00:30:00Z', '2026-10-25T00:00:00Z', 25],
    // The last hour before midnight comes twice.
    ['Asia/Beirut', 0, '2021-10-30T21:30:00Z', '2021-10-29T21:00:00Z', 25],
    ['America/Asuncion', 0, '2024-03-24T03:30:00Z', '2024-03-23T03:00:00Z', 25],
    // Midnight does not come.
    ['Asia/Beirut', 0, '2022-03-26T22:00:00Z', '2022-03-26T22:00:00Z', 23],
    ['America/Asuncion', 0, '2023-10-01T12:00:00Z', '2023-10-01T04:00:00Z', 23],
    // A day that was left out.
    ['Pacific/Apia', 0, '2011-12-30T10:00:00Z', '2011-12-30T10:00:00Z', 24],
    ['Pacific/Apia', 0, '2011-12-30T09:59:00Z', '2011-12-29T10:00:00Z', 24],
  ])('%s from %i:00: %s is in the day from %s', (zone, hour, moment, from, hours) => {
    const day = createDayCalendar(zone, hour).dayOf(at(moment))
    expect(new Date(day.from).toISOString()).toBe(new Date(from).toISOString())
    expect((day.to - day.from) / hourMs).toBe(hours)
  })

  test('holds its moment, and days follow each other without a gap', () => {
    const zones = [
      'UTC',
      'Asia/Shanghai',
      'Europe/London',
      'America/Sao_Paulo',
      'Australia/Lord_Howe',
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.constantFrom(0, 8),
        fc.integer({ min: at('1995-01-01T00:00:00Z'), max: at('2035-01-01T00:00:00Z') }),
        (zone, hour, moment) => {
          const calendar = createDayCalendar(zone, hour)
          const { from, to } = calendar.dayOf(moment)
          expect(from <= moment && moment < to).toBe(true)
          expect(calendar.dayOf(to).from).toBe(to)
          expect(calendar.dayOf(from - 1).to).toBe(from)
        },
      ),
    )
  })
})

describe('in all zones, wherever clocks are turned', () => {
  const zones = Intl.supportedValuesOf('timeZone')
  const [first, last] = [at('2000-01-01T00:00:00Z'), at('2030-01-01T00:00:00Z')]

  /** One of those whose clocks have shown the same all the time. */
  function unlike(all: readonly string[]): Iterable<string> {
    const known = new Map<string, string>()
    for (const zone of all) {
      const { turn, offsetMs } = zoneClock(zone)
      const shown = [offsetMs(first)]
      for (let at = turn(first, last); at !== undefined; at = turn(at, last)) {
        shown.push(at, offsetMs(at))
      }
      known.set(shown.join(), zone)
    }
    return known.values()
  }

  test('days begin when clocks first show their date, and leave no gap', () => {
    let turns = 0
    for (const zone of unlike(zones)) {
      const { turn } = zoneClock(zone)
      const localAt = localTimeIn(zone)
      for (const hour of [0, 8]) {
        const calendar = createDayCalendar(zone, hour)
        for (let turned = turn(first, last); turned !== undefined; turned = turn(turned, last)) {
          turns += 1
          const days = [calendar.dayOf(turned - 30 * hourMs)]
          while ((days.at(-1)?.to ?? 0) < turned + 30 * hourMs) {
            days.push(calendar.dayOf(days.at(-1)?.to ?? 0))
          }
          for (const [i, { from, to }] of days.entries()) {
            expect(to).toBeGreaterThan(from)
            if (i > 0) expect(from).toBe(days[i - 1]?.to)
            const date = Math.floor((localAt(from) - hour * hourMs) / (24 * hourMs))
            const begin = (date * 24 + hour) * hourMs
            for (const before of [1, hourMs / 2, hourMs]) {
              expect(
                localAt(from - before),
                `${zone} ${new Date(from).toISOString()}`,
              ).toBeLessThan(begin)
            }
          }
        }
      }
    }
    expect(turns).toBeGreaterThan(2_000)
  })

  test('weeks, months, years and parts of a day leave no gap either', () => {
    const units = ['week', 'month', 'year', hourMs / 4, hourMs, 6 * hourMs] as const
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.constantFrom(...units),
        fc.integer({ min: first, max: last }),
        fc.boolean(),
        (zone, unit, moment, isTurn) => {
          const near = isTurn ? (zoneClock(zone).turn(moment, last) ?? moment) : moment
          const periods = createCivilPeriods({ zone, hour: 0, unit })
          const { from, to } = periods.periodOf(near)
          expect(from <= near && near < to).toBe(true)
          expect(periods.periodOf(to).from).toBe(to)
          expect(periods.periodOf(from - 1).to).toBe(from)
          expect(periods.periodOf(near)).toEqual({ from, to })
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('weeks begin on Monday and months on the first', () => {
    const begin = (unit: CivilUnit, moment: string) =>
      new Date(
        createCivilPeriods({ zone: 'America/New_York', hour: 0, unit }).periodOf(at(moment)).from,
      ).toISOString()
    expect(begin('week', '2027-01-03T20:00:00Z')).toBe('2026-12-28T05:00:00.000Z')
    expect(begin('month', '2027-03-31T20:00:00Z')).toBe('2027-03-01T05:00:00.000Z')
    expect(begin('year', '2027-01-01T04:59:00Z')).toBe('2026-01-01T05:00:00.000Z')
  })
})

/** Straight from the platform. */
function localTimeIn(zone: string): (moment: number) => number {
  const format = new Intl.DateTimeFormat('sv-SE', {
    ...{ timeZone: zone, dateStyle: 'short', timeStyle: 'medium' },
  })
  return (moment) => at(`${format.format(moment).replace(' ', 'T')}Z`)
}

describe('the zone of a site', () => {
  const nowhere = { attributes: {}, location: null }

  test('is the one it names, then that of its location, then the one of the settings', () => {
    const nanjing = { attributes: {}, location: [118.78, 32.05] as [number, number] }
    expect(zoneOf({ ...nanjing, attributes: { timeZone: 'Europe/Rome' } }, 'UTC')).toBe(
      'Europe/Rome',
    )
    expect(zoneOf(nanjing, 'UTC')).toBe('Asia/Shanghai')
    expect(zoneOf(nowhere, 'Europe/Rome')).toBe('Europe/Rome')
    expect(zoneOf(undefined, 'UTC')).toBe('UTC')
  })

  test('is Beijing time in all of China, and never a name that does not exist', () => {
    const urumqi = { attributes: {}, location: [87.6, 43.8] as [number, number] }
    expect(zoneOf(urumqi, 'UTC')).toBe('Asia/Shanghai')
    expect(zoneOf({ ...nowhere, attributes: { timeZone: 'Mars/Olympus' } }, 'UTC')).toBe('UTC')
    expect(isTimeZone('Asia/Shanghai')).toBe(true)
    expect(isTimeZone('Mars/Olympus')).toBe(false)
  })
})
