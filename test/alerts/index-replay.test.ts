/** Recorded episodes through the journal to the alert log: rules on indices raise at the right hours, once. */

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { criteriaOf } from '../../alerts/lifecycle/criteria.ts'
import { type Lifecycle, observe } from '../../alerts/lifecycle/lifecycle.ts'
import { createSiteIndices } from '../../alerts/indices/site-indices.ts'
import { indexDefinitions } from '../../domain/standards/indices.ts'
import { comparedValue } from '../../domain/standards/site/compared.ts'
import { type AlertCity, openAlertCity } from '../fixtures/alert-city.ts'
import { until } from '../fixtures/receiver.ts'
import { ruleOf } from '../fixtures/registry.ts'

const hour = 3_600_000
/** Recorded years ago. */
const settings = {
  BELLWETHER_READING_AGE_DAYS_MAX: '36500',
  BELLWETHER_STALE_AFTER_SECONDS: '31536000',
}

type Row = Readonly<Record<string, number>> & { at: number }

/** Hourly rows of one station; what is missing is not there. */
function episode(name: string, station: string, properties: readonly string[]): Row[] {
  const file = new URL(`../../simulators/episodes/${name}.csv`, import.meta.url)
  const [head = '', ...lines] = readFileSync(file, 'utf8').trim().split('\n')
  const columns = head.split(',')
  return lines.flatMap((line) => {
    const cells = line.split(',')
    const cell = (column: string) => cells[columns.indexOf(column)] ?? ''
    if (cell('station') !== station) return []
    const values = properties.flatMap((property) =>
      cell(property) === '' ? [] : [[property, Number(cell(property))] as const],
    )
    return [{ at: Date.parse(cell('time')), ...Object.fromEntries(values) }]
  })
}

interface Seen {
  observedAt: number
  value: number
}

/** `time type level` of each change that a rule makes of what it is shown. */
function changesOf(rule: object, seen: readonly Seen[]): string[] {
  const criteria = criteriaOf(ruleOf(rule), undefined)!
  let life: Lifecycle | null = null
  return seen.flatMap((observation) => {
    const step = observe(criteria, life, observation)
    if (step === null) return []
    life = step.next
    const { change } = step
    if (change === null) return []
    return [`${iso(observation.observedAt)} ${change.type.replace('alert.', '')} ${change.level}`]
  })
}

const iso = (at: number) => new Date(at).toISOString()

async function open(kind: string, rule: object): Promise<AlertCity> {
  const city = await openAlertCity({
    store: 'plain',
    settings,
    indices: (registry, past) =>
      createSiteIndices({
        ...{ registry, clock: { now: () => Date.now(), monotonic: () => 0 }, timeZone: 'UTC' },
        ...(past === undefined ? {} : { past }),
      }),
  })
  await city.site({ id: 's', kind, location: [116.2, 39.9] })
  await city.device({ id: 'd', site: 's', expectedInterval: '1h' })
  await city.rule(rule)
  city.bus.ring('registry')
  return city
}

async function recorded(city: AlertCity): Promise<string[]> {
  return (await city.changes()).map(
    ({ type, level, observedAt }) => `${iso(observedAt)} ${type.replace('alert.', '')} ${level}`,
  )
}

const pollutants = ['pm25', 'pm10', 'so2', 'no2', 'co', 'o3']

describe('the smog of Beijing, 28 November to 3 December 2015', () => {
  const rows = episode('beijing-smog-2015', 'Gucheng', pollutants)
  const rule = {
    id: 'smog',
    where: { kind: ['air-station'] },
    signal: { type: 'index', index: 'cn-aqi-hourly', edition: 'HJ 633-2026' },
    levels: { blue: 101, yellow: 151, orange: 201, red: 301 },
    raiseAfter: '2h',
    clearAfter: '3h',
  }

  /** Each row is an hour; it is known at the end, that is with the next row. */
  function expected(): Seen[] {
    const definition = indexDefinitions.get('cn-aqi-hourly')!
    return rows.slice(0, -1).flatMap(({ at, ...values }, i) => {
      const given = pollutants.map((p) => [`${p}_1h`, (values as Row)[p] ?? null] as const)
      const edition = 'HJ 633-2026'
      const value = comparedValue(
        definition.compute({ edition, values: Object.fromEntries(given), options: {} }),
      )
      expect(rows[i + 1]?.at).toBe(at + hour)
      return value === null ? [] : [{ observedAt: at + hour, value }]
    })
  }

  test('raises, escalates and clears at the hours that the tables say', async () => {
    const city = await open('air-station', rule)
    for (const { at, ...values } of rows) city.publish('d', { ts: at, values })
    await city.settled()
    const changes = changesOf(rule, expected())
    expect(changes).toEqual([
      '2015-11-28T03:00:00.000Z raised orange',
      '2015-11-28T05:00:00.000Z escalated red',
      '2015-11-29T21:00:00.000Z deescalated orange',
      '2015-11-29T23:00:00.000Z deescalated blue',
      '2015-11-30T04:00:00.000Z escalated yellow',
      '2015-11-30T05:00:00.000Z escalated orange',
      '2015-11-30T08:00:00.000Z escalated red',
      '2015-12-01T22:00:00.000Z resolved red',
    ])
    expect(await recorded(city)).toEqual(changes)
    await city.close()
  })

  test('crashes change nothing, wherever they come and however far the store is behind', async () => {
    const city = await open('air-station', rule)
    await city.kill()
    for (const [i, { at, ...values }] of rows.entries()) {
      city.publish('d', { ts: at, values })
      city.publish('d', { ts: at, values })
      if (i % 3 === 1) city.ports.advance(1_000)
    }
    for (let crashes = 0; crashes < 8; crashes += 1) {
      await city.ingest(Math.floor((city.head() * crashes) / 8))
      await city.revive(1 + crashes)
      await until(() => {
        city.ports.advance(1_000)
        return city.isDead() || city.position() === city.head()
      })
      await city.kill()
    }
    await city.revive()
    await city.settled()
    expect(await recorded(city)).toEqual(changesOf(rule, expected()))
    await city.close()
  })
})

test('the rain of 20 July 2016 raises orange from the sums of 3, 6 and 12 hours', async () => {
  const rows = episode('beijing-rain-2016', 'Gucheng', ['rainfall'])
  const rule = {
    id: 'rainstorm',
    where: { kind: ['rain-gauge'] },
    signal: { type: 'index', index: 'rainstorm-signal' },
    levels: { blue: 1, yellow: 2, orange: 3, red: 4 },
  }
  const sum = (at: number, hours: number) =>
    rows
      .filter((row) => row.at <= at && row.at > at - hours * hour)
      .reduce((total, { rainfall = 0 }) => total + rainfall, 0)
  const level = (at: number) => {
    if (sum(at, 1) === 0) return 0
    if (sum(at, 3) >= 100) return 4
    if (sum(at, 3) >= 50) return 3
    if (sum(at, 6) >= 50) return 2
    return sum(at, 12) >= 50 ? 1 : 0
  }
  const city = await open('rain-gauge', rule)
  for (const { at, ...values } of rows) city.publish('d', { ts: at, values })
  await city.settled()
  const changes = changesOf(
    rule,
    rows.map(({ at }) => ({ observedAt: at, value: level(at) })),
  )
  expect(changes.some((change) => change.endsWith('orange'))).toBe(true)
  expect(await recorded(city)).toEqual(changes)
  await city.close()
})
