/** The writer, and InfluxDB itself, killed at any moment: nothing is lost, nothing is counted twice. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { findInfluxes } from './find.ts'
import { type InfluxStore, openInfluxStore } from './influx-store.ts'
import type { Influxd } from './influxd.ts'
import { allReadings, modelAfter } from './ledger-model.ts'

const last = 200
const program = new URL('./writer-process.ts', import.meta.url).pathname

/** Returns how often it was killed before it was through. */
async function writeWithKills(
  server: Influxd,
  { bucket, options }: InfluxStore,
  killAfterMs: (life: number) => number,
): Promise<number> {
  const account = server.token === undefined ? [] : [server.token, server.org ?? '']
  for (let kills = 0; kills < 60; kills++) {
    const args = ['--import', 'tsx', program, server.url, bucket, options.path, `${last}`]
    const child = spawn(process.execPath, [...args, ...account], { stdio: ['ignore', 2, 2] })
    const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs(kills))
    const [code] = (await once(child, 'exit')) as [number | null]
    clearTimeout(timer)
    if (code === 0) return kills
    expect(code).toBe(null)
  }
  throw new Error('It never came to an end.')
}

for (const { name, start: startServer } of findInfluxes()) {
  describe(name, () => {
    let server: Influxd
    beforeAll(async () => {
      server = await startServer()
    })
    afterAll(() => server?.stop())

    test('the writer is killed', { timeout: 120_000 }, async () => {
      const store = openInfluxStore(server)
      onTestFinished(() => store.dispose())
      // Longer each time, or a slow machine would never get to the first batch.
      const kills = await writeWithKills(
        server,
        store,
        (life) => 700 + ((life * 137) % 400) + life * 30,
      )
      expect(kills).toBeGreaterThan(1)
      const model = modelAfter(last)
      expect(await store.reader.progress()).toEqual(model.progress)
      expect(await allReadings(store.reader)).toEqual(model.readings)
    })

    test('InfluxDB is killed', { timeout: 120_000 }, async ({ skip }) => {
      const { killAndRestart } = server
      if (killAndRestart === undefined) return skip('a container is not killed')
      const store = openInfluxStore(server)
      onTestFinished(() => store.dispose())
      let isThrough = false
      const writing = writeWithKills(server, store, () => 60_000).finally(() => {
        isThrough = true
      })
      let kills = 0
      for (; !isThrough; kills++) {
        await new Promise((resolve) => setTimeout(resolve, 300 + 40 * kills))
        await killAndRestart()
      }
      await writing
      expect(kills).toBeGreaterThan(2)
      const model = modelAfter(last)
      expect(await store.reader.progress()).toEqual(model.progress)
      expect(await allReadings(store.reader)).toEqual(model.readings)
    })
  })
}
