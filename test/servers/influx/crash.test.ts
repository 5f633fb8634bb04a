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

/**
 * Runs the writer until it is through, killing it whenever it has come `batchesPerLife` further; returns how often. By
 * position and not by time: a fast machine would be through before it is killed, a slow one killed before it began.
 */
async function writeWithKills(
  server: Influxd,
  { bucket, options, reader }: InfluxStore,
  batchesPerLife: (life: number) => number,
): Promise<number> {
  const account = server.token === undefined ? [] : [server.token, server.org ?? '']
  for (let kills = 0; kills < 60; kills++) {
    const args = ['--import', 'tsx', program, server.url, bucket, options.path, `${last}`]
    const child = spawn(process.execPath, [...args, ...account], { stdio: ['ignore', 2, 2] })
    const ended = once(child, 'exit') as Promise<[number | null]>
    const killAt = (await reader.progress()).seq + batchesPerLife(kills)
    while (child.exitCode === null && child.signalCode === null) {
      if ((await reader.progress()).seq >= killAt) child.kill('SIGKILL')
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    const [code] = await ended
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
      const kills = await writeWithKills(server, store, (life) => 7 + ((life * 13) % 17))
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
      const writing = writeWithKills(server, store, () => Number.POSITIVE_INFINITY).finally(() => {
        isThrough = true
      })
      let kills = 0
      for (; !isThrough; kills++) {
        await new Promise((resolve) => setTimeout(resolve, 300 + 40 * kills))
        await killAndRestart()
      }
      await writing
      expect(kills).toBeGreaterThan(0)
      const model = modelAfter(last)
      expect(await store.reader.progress()).toEqual(model.progress)
      expect(await allReadings(store.reader)).toEqual(model.readings)
    })
  })
}
