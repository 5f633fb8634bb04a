/** The feed of the API into a real InfluxDB: what boards ask for is there, also after the database was away. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { openInfluxBoardSink } from '../../../stores/readings/influx/boards/board-sink.ts'
import { systemTimers } from '../../../runtime/system.ts'
import { happen } from '../../api/alert-record.ts'
import { noon, openCityApi } from '../../api/city-api.ts'
import { eventually } from '../../flow/city-server.ts'
import { startFaultProxy } from '../../fixtures/fault-proxy.ts'
import { fakePorts } from '../../fixtures/ports.ts'
import { pointsOf } from './board-answers.ts'
import { findInfluxes } from './find.ts'
import type { Influxd } from './influxd.ts'

const minute = 60_000
const hour = 60 * minute

let made = 0

for (const { name, start } of findInfluxes()) {
  let server: Influxd
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server?.stop())

  async function openTown() {
    const proxy = await startFaultProxy(server.url)
    const bucket = `feed${process.pid}-${++made}`
    const ports = fakePorts(noon + 5 * minute)
    const { token, org } = server
    const own = { ...ports, timers: systemTimers }
    const sink = () => openInfluxBoardSink({ url: proxy.url, token, org, bucket, ports: own })
    const city = await openCityApi({ parts: { ports }, boards: sink() })
    return { proxy, bucket, ports, city, sink }
  }

  test(`${name} gets each kind of point`, async () => {
    const { proxy, bucket, ports, city } = await openTown()
    const site = { id: 'g-1', kind: 'river-gauge', district: '320106', location: [118.8, 32.1] }
    await city.call('POST', '/sites', { body: { ...site, attributes: { warningLevel: 9 } } })
    await city.call('POST', '/devices', {
      body: { id: 'd-1', site: 'g-1', expectedInterval: '1h' },
    })
    await city.store(
      Array.from({ length: 30 }, (_, i) => ({
        property: 'water_level',
        value: 8 + i / 20,
        observedAt: noon - i * hour,
      })),
    )
    await happen(city.parts.alerts, { alert: 'd-1', at: noon })
    ports.advance(minute)
    for (const [measurement, fields] of [
      ['bellwether', { received: 10, ack_p99_ms: 9 }],
      ['quarantine', { n: 0 }],
      ['site_state', { level_code: 2, warning_level: 9, devices: 1, name: 'g-1' }],
      ['device_state', { online: 1, interval_s: 3_600, quarantined: 0 }],
      ['alert_open', { level_code: 2, acknowledged: 0, state: 'firing' }],
      ['alert_event', { level_code: 2, level: 'yellow', position: 1 }],
    ] as const) {
      // InfluxDB shows the fields of a point one by one while it is being written.
      await eventually(async () => {
        const last = (await pointsOf(server, bucket, measurement)).at(-1)
        return Object.keys(fields).every((name) => last?.fields[name] !== undefined) || undefined
      })
      const last = (await pointsOf(server, bucket, measurement)).at(-1)
      expect(last?.fields, measurement).toMatchObject(fields)
    }
    ports.advance(5 * minute)
    const hours = await eventually(async () => {
      const found = await pointsOf(server, bucket, 'site_index')
      return found.length > 0 ? found : undefined
    })
    expect(hours.at(-1)).toMatchObject({
      tags: { site: 'g-1', district: '320106', index: 'flood-signal' },
      at: noon - hour,
    })
    await city.close()
    await proxy.close()
  })

  test(`${name} gets every change of an alert, in order, after it was away, and after a restart`, async () => {
    const { proxy, bucket, ports, city, sink } = await openTown()
    const { alerts, bus } = city.parts
    const events = async (count: number) =>
      eventually(async () => {
        const found = await pointsOf(server, bucket, 'alert_event')
        return found.length >= count ? found : undefined
      })
    await happen(alerts, { alert: 'a0', at: noon })
    bus.ring('alerts')
    await events(1)
    proxy.misfortune = () => ({ kind: 'reset before' })
    for (let i = 1; i < 150; i++) await happen(alerts, { alert: `a${i}`, at: noon })
    bus.ring('alerts')
    ports.advance(minute)
    await eventually(() => (ports.notes.some(({ level }) => level === 'warn') ? true : undefined))
    // On its way back the second answer gets lost, and what is written then is written again.
    const { length } = proxy.requests
    proxy.misfortune = (_, count) => (count === length + 1 ? { kind: 'reset after' } : undefined)
    const found = await eventually(async () => {
      ports.advance(minute)
      const points = await pointsOf(server, bucket, 'alert_event')
      // They show field by field while they are written.
      const areWhole = points.every(({ fields }) => fields.alert !== undefined)
      return points.length >= 150 && areWhole ? points : undefined
    })
    const names = Array.from({ length: 150 }, (_, i) => `a${i}`)
    expect(found.map(({ fields }) => fields.alert)).toEqual(names)

    const ended = city.parts.alerts
    await city.app.close()
    await happen(ended, { alert: 'later', at: noon + minute })
    const other = await openCityApi({
      parts: { ports: fakePorts(noon + hour), alerts: ended },
      boards: sink(),
    })
    const all = await events(151)
    expect(all.map(({ fields }) => fields.alert)).toEqual([...names, 'later'])
    await other.app.close()
    await city.close()
    await proxy.close()
  })
}
