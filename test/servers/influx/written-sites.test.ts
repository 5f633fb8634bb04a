/** After an upgrade the registry learns from the tags of points where devices stood before it kept placements. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Config, loadConfig } from '../../../config.ts'
import type { WrittenSites } from '../../../domain/written-sites.ts'
import { readingsStore } from '../../../stores/readings/readings-store.ts'
import { createWrittenPlacements } from '../../../stores/records/written-placements.ts'
import type { ReadingsWriter } from '../../../stores/readings/readings.ts'
import { openRegistry, openRegistryView } from '../../../stores/records/sqlite-registry.ts'
import { openSqlite } from '../../../stores/sqlite.ts'
import { systemTimers } from '../../../runtime/system.ts'
import { reading, tidyAll } from '../../conformance/readings.ts'
import { device, site } from '../../conformance/registry.ts'
import { fakeBus, fakePorts } from '../../fixtures/ports.ts'
import { makeEarlier } from './earlier-file.ts'
import { findInfluxes } from './find.ts'
import { influxql } from './influx-store.ts'
import type { Influxd } from './influxd.ts'

const hour = 3_600_000
const start = Date.UTC(2026, 8, 14, 3)
const upgradedAt = start + 100 * hour
const ever = Number.NEGATIVE_INFINITY
const open = Number.POSITIVE_INFINITY
let made = 0

for (const { name, start: startServer } of findInfluxes()) {
  describe(name, () => {
    let server: Influxd
    beforeAll(async () => {
      server = await startServer()
    })
    afterAll(() => server?.stop())

    /** A city whose registry keeps no placements yet, on this InfluxDB. */
    async function openCity() {
      const dir = mkdtempSync(join(tmpdir(), 'bw-written-'))
      const bucket = `w${process.pid}-${++made}`
      const ports = { ...fakePorts(upgradedAt), timers: systemTimers }
      const path = join(dir, 'registry.db')
      const registry = openRegistry({ path, clock: ports.clock })
      await registry.upsertAll([site('weir'), site('lock'), site('quay')], [])
      const view = await openRegistryView({ path })
      const config = configOf(server, bucket)
      const layout = { readings: join(dir, 'readings.db'), influx: join(dir, 'influx.db') }
      const store = await readingsStore(config, layout, ports)
      const tell = createWrittenPlacements({ path, view, ports, bus: fakeBus() })
      const onWritten: (written: readonly WrittenSites[]) => Promise<readonly string[]> = tell
      const city = { onWritten }
      let writer: ReadingsWriter | undefined
      async function reopen() {
        await writer?.close()
        writer = store.openWriter({
          ...{ registry: view, onRefused: () => undefined },
          onWritten: (written) => city.onWritten(written),
        }).writer
        return writer
      }
      onTestFinished(async () => {
        await writer?.close()
        await view.close()
        await registry.close()
        rmSync(dir, { recursive: true, force: true })
      })
      /** As a version that kept no placements did it. */
      async function stand(id: string, at: string | null) {
        await registry.upsertAll([], [device(id, { site: at })])
        forgetPlacements(path)
        await reread()
      }
      async function reread() {
        await view.refresh()
        await writer?.close()
        writer = undefined
      }
      return {
        ...{ city, ports, registry, view, reopen, stand, tell, path },
        async take(id: string, at: string | null, hours: readonly number[]) {
          await stand(id, at)
          const own = await reopen()
          // Of one device after the other: the first batch after a start goes out under known tags.
          await own.write([reading(start, { device: 'other' })])
          await own.write(hours.map((at) => reading(start + at * hour, { device: id, value: at })))
        },
        async upgrade() {
          await writer?.close()
          writer = undefined
          makeEarlier(layout.influx)
          await view.refresh()
          const own = await reopen()
          await own.write([reading(start + hour, { device: 'other' })])
          return own
        },
        async values(id: string) {
          const { results } = await influxql(
            server,
            bucket,
            `SELECT "pm25" FROM "air" WHERE "device" = '${id}' AND "pm25_q" < 9 GROUP BY "site"`,
          )
          const series: { tags?: { site?: string }; values: unknown[][] }[] =
            results[0]?.series ?? []
          return Object.fromEntries(
            series.map(({ tags, values }) => [tags?.site ?? '', values.map((row) => row[1])]),
          )
        },
        learned: () =>
          ports.notes.filter(({ sentence }) => /was learned/.test(sentence)).map((n) => n.fields),
      }
    }

    const at = (hours: number) => start + hours * hour

    test('devices that moved before the upgrade stand again where they stood', async () => {
      const { take, stand, upgrade, view, registry, values, learned, reopen } = await openCity()
      await take('sent', 'weir', [1, 2, 3])
      await take('sent', 'lock', [7, 9])
      await take('silent', 'weir', [2, 4])
      await stand('silent', 'quay')
      await take('back', 'weir', [1, 5])
      await take('back', 'lock', [11, 12])
      await take('back', 'weir', [20, 30])
      await take('still', 'lock', [3, 4])
      await take('gone', 'quay', [6, 8])
      await registry.remove('device', 'gone')
      await stand('late', 'weir')
      await take('late', 'weir', [10, 40])
      await take('late', 'lock', [25, 50])

      const writer = await upgrade()
      expect(view.placements('sent')).toBeUndefined()
      await tidyAll(writer, upgradedAt)
      const of = (id: string) => view.placements(id)?.map((one) => [one.site, one.from])
      expect(of('sent')).toEqual([
        ['weir', ever],
        ['lock', at(7)],
      ])
      expect(of('silent')).toEqual([
        ['weir', ever],
        ['quay', upgradedAt],
      ])
      expect(of('back')).toEqual([
        ['weir', ever],
        ['lock', at(11)],
        ['weir', at(12) + 1],
      ])
      expect(of('still')).toBeUndefined()
      expect(of('gone')).toEqual([
        ['quay', ever],
        [null, upgradedAt],
      ])
      expect(of('late')).toEqual([
        ['weir', ever],
        ['lock', at(25)],
      ])
      const trail = await registry.auditTrail(50)
      expect(trail.map(({ actor, action, target }) => [actor, action, target])).toEqual(
        expect.arrayContaining([['system', 'device.place', 'device/sent']]),
      )
      expect(trail).toHaveLength(5)
      expect(learned()).toEqual([{ devices: 5 }])

      const before = await values('late')
      const again = await reopen()
      await again.write([reading(start + 2 * hour, { device: 'other' })])
      await tidyAll(again, upgradedAt + hour)
      expect(learned()).toHaveLength(1)
      expect(before).toEqual({ weir: [10, 40], lock: [25, 50] })
      expect(await values('late')).toEqual(before)
      expect(await values('silent')).toEqual({ weir: [2, 4] })

      await again.write([reading(at(3), { device: 'sent', value: 33 })])
      expect(await values('sent')).toEqual({ weir: [1, 2, 33], lock: [7, 9] })
      await registry.place({ device: 'sent', site: 'lock', from: ever, until: null })
      await view.refresh()
      await tidyAll(again, upgradedAt + 2 * hour)
      expect(await values('sent')).toEqual({ lock: [1, 2, 33, 7, 9] })
    })

    test('a crash after the registry has learned it writes nothing again', async () => {
      const { city, take, upgrade, view, values, reopen, tell, ports } = await openCity()
      await take('late', 'weir', [10, 40])
      await take('late', 'lock', [25, 50])
      await take('late', 'weir', [55])
      city.onWritten = async (written) => {
        await tell(written)
        throw new Error('the process ends')
      }
      await tidyAll(await upgrade(), upgradedAt)
      const writer = await reopen()
      await writer.write([reading(at(2), { device: 'other' })])
      ports.advance(hour)
      await tidyAll(writer, upgradedAt + hour)
      expect(view.placements('late')?.map((one) => one.site)).toEqual(['weir', 'lock', 'weir'])
      expect(await values('late')).toEqual({ weir: [10, 40, 55], lock: [25, 50] })
      await writer.write([reading(at(60), { device: 'late', value: 60 })])
      expect(await values('late')).toEqual({ weir: [10, 40, 55, 60], lock: [25, 50] })
    })

    test('what a person has said of a device goes before its tags', async () => {
      const { take, upgrade, view, registry } = await openCity()
      await take('dated', 'weir', [1, 2])
      await take('dated', 'lock', [5])
      await take('never', 'weir', [1, 2])
      await take('never', 'lock', [5])
      await registry.place({ device: 'dated', site: 'quay', from: at(1), until: at(2) })
      const entry = { actor: 'admin', action: 'device.place', target: 'device/never', from: 'cli' }
      await registry.audit({ ...entry, at: upgradedAt, result: 'done' })
      const writer = await upgrade()
      const dated = view.placements('dated')
      await tidyAll(writer, upgradedAt)
      expect(view.placements('dated')).toEqual(dated)
      expect(view.placements('never')).toBeUndefined()
      expect(dated?.[1]).toEqual({ site: 'quay', from: at(1), until: at(2) })
    })

    test('what fails is tried again later, also after a restart, and more devices than one step takes', async () => {
      const { city, take, upgrade, view, ports, learned, reopen, tell } = await openCity()
      for (const one of ['weir', 'lock']) {
        const from = one === 'weir' ? 0 : 10
        for (const i of [1, 2]) await take(`moved-${i}`, one, [from + i])
      }
      const many = Array.from({ length: 230 }, (_, i) => `box-${1000 + i}`)
      const own = await reopen()
      await own.write(many.map((id) => reading(start, { device: id })))
      city.onWritten = () => Promise.reject(new Error('the disk is full'))
      const writer = await upgrade()
      await tidyAll(writer, upgradedAt)
      expect(view.placements('moved-1')).toBeUndefined()
      expect(ports.notes.filter(({ sentence }) => /tried again/.test(sentence))).toHaveLength(1)
      city.onWritten = tell
      await tidyAll(writer, upgradedAt)
      expect(view.placements('moved-1')).toBeUndefined()
      ports.advance(61_000)
      await tidyAll(writer, upgradedAt)
      for (const i of [1, 2])
        expect(view.placements(`moved-${i}`)?.[1]).toEqual({
          ...{ site: 'lock', from: at(10 + i), until: open },
        })
      expect(learned()).toEqual([{ devices: 2 }])
    })
  })
}

function configOf(server: Influxd, bucket: string): Config {
  const signIn = server.token === undefined ? {} : { BELLWETHER_INFLUX_TOKEN: server.token }
  const environment = {
    ...{ BELLWETHER_READINGS: 'influx', BELLWETHER_INFLUX_URL: server.url, ...signIn },
    ...{ BELLWETHER_INFLUX_BUCKET: bucket, BELLWETHER_INFLUX_ORG: server.org ?? 'bellwether' },
  }
  return loadConfig({ environment })
}

function forgetPlacements(path: string): void {
  const db = openSqlite(path)
  db.exec('delete from placement')
  db.close()
}
