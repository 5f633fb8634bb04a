/** Days of places: zones with and without a change of clocks, days begun at 08:00, sites without a location. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDayCalendar, isTimeZone, zoneOf } from '../../domain/calendar.ts'

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
