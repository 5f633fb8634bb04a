/**
 * The rules to start from on floods, smog and rain as they were recorded, through the real alerts role: each raises
 * what it should, and nothing on an ordinary day. Times are moved to the clock of the tests.
 */

import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSiteIndices } from '../../alerts/indices/site-indices.ts'
import { starterGroups } from '../../domain/starter-rules.ts'
import { type AlertCity, openAlertCity } from '../fixtures/alert-city.ts'
import { fakePorts } from '../fixtures/ports.ts'
import { until } from '../fixtures/receiver.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs

let city: AlertCity
beforeEach(async () => {
  const ports = fakePorts()
  city = await openAlertCity({
    indices: (registry) =>
      createSiteIndices({ registry, clock: ports.clock, timeZone: 'Asia/Shanghai' }),
  })
  for (const { rule } of starterGroups.flatMap(({ rules }) => rules)) await city.rule(rule)
})
afterEach(() => city.close())

async function place(id: string, kind: string, more: { attributes?: object; interval: string }) {
  const { attributes = {}, interval } = more
  await city.site({ id, kind, location: [116.4, 39.9], attributes })
  await city.device({ id: `${id}-1`, site: id, expectedInterval: interval })
}

/** Publishes one message after the other, each when the clock says so. */
async function play(device: string, everyMs: number, messages: readonly object[]): Promise<void> {
  for (const values of messages) {
    city.ports.advance(everyMs)
    if (Object.keys(values).length === 0) continue
    city.publish(device, { ts: city.ports.clock.now(), values })
    await city.settled()
  }
}

/** What a rule told, such as `raised blue`, in order. */
async function told(rule: string): Promise<string[]> {
  const changes = await city.changes()
  const own = changes.filter(({ view }) => view.rule === rule)
  return own.map(({ type, level }) => `${type.replace('alert.', '')} ${level}`)
}

/** Rules that told anything. */
async function rulesTold(): Promise<string[]> {
  return [...new Set((await city.changes()).map(({ view }) => view.rule))].sort()
}

/** Rows of a station in a recorded episode, with the properties that are asked for. */
function recorded(episode: string, station: string, properties: readonly string[]): object[] {
  const url = new URL(`../../simulators/episodes/${episode}.csv`, import.meta.url)
  const [head = '', ...lines] = readFileSync(url, 'utf8').trim().split('\n')
  const columns = head.split(',')
  return lines
    .map((line) => line.split(','))
    .filter((cells) => cells[columns.indexOf('station')] === station)
    .map((cells) =>
      Object.fromEntries(
        properties.flatMap((property) => {
          const text = cells[columns.indexOf(property)] ?? ''
          return text === '' ? [] : [[property, Number(text)] as const]
        }),
      ),
    )
}

test('a street under water: blue to red within minutes, and resolved when it has run off', async () => {
  await place('wen', 'street', { interval: '1m' })
  const rise = Array.from({ length: 36 }, (_, i) => ({ water_depth: i * 0.02 }))
  await play('wen-1', minuteMs, rise)
  expect(await told('starter-street-depth')).toEqual([
    'raised blue',
    'escalated yellow',
    'escalated orange',
    'escalated red',
  ])
  await play('wen-1', minuteMs, [...rise].reverse())
  await play('wen-1', minuteMs, Array(20).fill({ water_depth: 0 }))
  expect((await told('starter-street-depth')).slice(4)).toEqual([
    'deescalated orange',
    'deescalated yellow',
    'deescalated blue',
    'resolved blue',
  ])
  expect(await rulesTold()).toEqual(['starter-street-depth'])
})

test('a lorry that splashes past a street gauge raises nothing', async () => {
  await place('wen', 'street', { interval: '1m' })
  const splash = [0, 0.01, 0.4, 0.02, 0, 0, 0.3, 0, 0]
  await play(
    'wen-1',
    minuteMs,
    splash.map((water_depth) => ({ water_depth })),
  )
  expect(await rulesTold()).toEqual([])
})

test('the flood of the Don in November 2019: rising fast is told hours before the levels are reached', async () => {
  await place('don', 'river-gauge', {
    interval: '15m',
    attributes: { warningLevel: 2.9, guaranteeLevel: 3.9, historicMaximum: 4.45 },
  })
  await play('don-1', 15 * minuteMs, recorded('don-2019', 'Sheffield Hadfields', ['water_level']))
  expect((await told('starter-river-level')).slice(0, 4)).toEqual([
    'raised blue',
    'escalated yellow',
    'escalated orange',
    'escalated red',
  ])
  expect(await told('starter-river-rise')).toEqual(['raised blue', 'resolved blue'])
  const first = (rule: string) =>
    city
      .changes()
      .then((all) => all.find(({ view }) => view.rule === rule)?.observedAt ?? Number.NaN)
  const lead = (await first('starter-river-level')) - (await first('starter-river-rise'))
  expect(lead).toBeGreaterThan(2 * hourMs)
  expect(await rulesTold()).toEqual(['starter-river-level', 'starter-river-rise'])
})

test('the rain of Beijing in July 2016: more than 20 mm in an hour is told, more than 30 at once', async () => {
  await place('gucheng', 'rain-gauge', { interval: '1h' })
  await play('gucheng-1', hourMs, recorded('beijing-rain-2016', 'Gucheng', ['rainfall']))
  // 24.1, 22.3, 30.4, 29.2, 19.6, 16.3 mm: within 2 mm of a bound the level is kept.
  expect(await told('starter-rain-hour')).toEqual([
    'raised blue',
    'escalated yellow',
    'deescalated blue',
    'resolved blue',
  ])
  // 52.3 mm in 6 h at 02:00, 56.8 mm in 3 h at 03:00, never 100 mm in 3 h.
  const signal = await told('starter-rain-signal')
  expect(signal.slice(0, 2)).toEqual(['raised yellow', 'escalated orange'])
  expect(signal).not.toContain('escalated red')
  expect(signal.at(-1)).toMatch(/^resolved/)
})

test('the smog of Beijing in November 2015: red while PM2.5 stands above 250, and over with the wind', async () => {
  await place('dongsi', 'air-station', { interval: '1h' })
  const air = recorded('beijing-smog-2015', 'Dongsi', ['pm25', 'pm10', 'so2', 'no2', 'co', 'o3'])
  await play('dongsi-1', hourMs, air)
  const pm25 = await told('starter-air-pm25')
  expect(pm25.slice(0, 2)).toEqual(['raised orange', 'escalated red'])
  expect(pm25.filter((one) => one.startsWith('raised')).length).toBeLessThanOrEqual(3)
  expect(pm25.at(-1)).toMatch(/^resolved/)
  expect(await told('starter-air-ozone')).toEqual([])
  const index = await told('starter-air-aqi')
  expect(index[0]).toBe('raised orange')
  expect(index).toContain('escalated red')
  expect(index.at(-1)).toMatch(/^resolved/)
  const alerts = (await city.changes()).filter(({ view }) => view.rule === 'starter-air-aqi')
  expect(Math.max(...alerts.map(({ value }) => value ?? 0))).toBeGreaterThan(300)
  for (const { view } of alerts)
    expect(view).toMatchObject({ device: null, site: { id: 'dongsi' } })
})

test('a river that loses its class is told against its target, and without a target only below class V', async () => {
  await place('upper', 'surface-water', { interval: '4h', attributes: { targetLevel: 2 } })
  await place('lower', 'surface-water', { interval: '4h' })
  const clean = { ph: 7.4, dissolved_oxygen: 7, codmn: 3, nh3n: 0.3, tp: 0.08 }
  const spoiled = { ...clean, nh3n: 1.2, dissolved_oxygen: 5.4 }
  for (const values of [clean, spoiled, spoiled, clean, clean, clean]) {
    await play('upper-1', 4 * hourMs, [values])
    await play('lower-1', 0, [values])
  }
  const levels = (site: string) =>
    city
      .changes()
      .then((all) => all.filter(({ view }) => view.rule === 'starter-water-class'))
      .then((own) => own.filter(({ view }) => view.site?.id === site))
      .then((own) => own.map(({ type, level }) => `${type.replace('alert.', '')} ${level}`))
  expect(await levels('upper')).toEqual(['raised yellow', 'resolved yellow'])
  expect(await levels('lower')).toEqual([])
})

test('a river gauge that falls silent is told after two hours, and it is over with the next reading', async () => {
  await place('don', 'river-gauge', { interval: '15m' })
  await play('don-1', 15 * minuteMs, Array(4).fill({ water_level: 1 }))
  await play('don-1', minuteMs, Array(130).fill({}))
  await city.settled()
  await until(async () => (await told('starter-silence-level')).length > 0, 'the silence is told')
  await play('don-1', minuteMs, [{ water_level: 1 }])
  expect(await told('starter-silence-level')).toEqual(['raised blue', 'resolved blue'])
})

test('an everyday station, river and street raise nothing in two days', async () => {
  await place('park', 'air-station', { interval: '1h' })
  await place('creek', 'river-gauge', {
    interval: '1h',
    attributes: { warningLevel: 9, guaranteeLevel: 10, historicMaximum: 11, droughtLevel: 6 },
  })
  for (let hour = 0; hour < 48; hour += 1) {
    const tide = Math.sin((hour / 24) * 2 * Math.PI)
    const air = { pm25: 30 + 15 * tide, pm10: 60, so2: 8, no2: 40, co: 0.6, o3: 90 - 50 * tide }
    await play('park-1', hourMs, [air])
    await play('creek-1', 0, [{ water_level: 7.5 + 0.1 * tide }])
  }
  expect(await rulesTold()).toEqual([])
})
