/**
 * Kills the server with SIGKILL at saturation, starts it again, and counts: what was acknowledged must be readable, each
 * once. Half of the devices send a time with each message, half have no clock. After the restart they go on for a
 * while, so that what is new meets what was before.
 *
 *   npm run test:loss                                        25 s, 100 connections × 10 messages in flight
 *   npm run test:loss -- --seconds 5 --connections 20 --window 10 --after 2
 */

import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { adminToken, deviceId, deviceToken, startBenchServer } from '../bench/bench-server.ts'
import { createSaturator, property, type Saturator } from './saturators.ts'

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '25' },
    connections: { type: 'string', default: '100' },
    window: { type: 'string', default: '10' },
    /** Seconds that the devices go on after the restart. */
    after: { type: 'string', default: '3' },
  },
})
const connections = Number(options.connections)
const sleep = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000))

interface Count {
  acknowledged: number
  stored: number
  lost: number
  doubled: number
}
const nothing = (): Count => ({ acknowledged: 0, stored: 0, lost: 0, doubled: 0 })

/** Every number that the server shows of the device, with how often it shows it. */
async function shown(url: string, device: string): Promise<Map<number, number>> {
  const query = `device=${device}&property=${property}&from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z`
  const answer = await fetch(`${url}/api/v1/readings?${query}`, {
    headers: { authorization: `Bearer ${adminToken}`, accept: 'application/x-ndjson' },
  })
  if (!answer.ok) throw new Error(`readings: ${answer.status} ${await answer.text()}`)
  const found = new Map<number, number>()
  for (const [, value] of (await answer.text()).matchAll(/"value":(-?[\d.e+]+)/g)) {
    found.set(Number(value), (found.get(Number(value)) ?? 0) + 1)
  }
  return found
}

function compare({ promised }: Saturator, found: ReadonlyMap<number, number>, count: Count): void {
  for (const { from, below } of promised) {
    for (let n = from; n < below; n++) {
      count.acknowledged++
      if (found.has(n)) count.stored++
      else count.lost++
    }
  }
  for (const times of found.values()) count.doubled += times - 1
}

function print(rows: readonly (readonly [string, Count])[]): void {
  const titles = ['acknowledged', 'stored of these', 'lost', 'doubled']
  console.log(`${''.padEnd(14)}${titles.map((title) => title.padStart(18)).join('')}`)
  for (const [name, count] of rows) {
    const cells = [count.acknowledged, count.stored, count.lost, count.doubled]
    const shownCells = cells.map((cell) => cell.toLocaleString('en').padStart(18))
    console.log(`${name.padEnd(14)}${shownCells.join('')}`)
  }
}

async function main(): Promise<number> {
  const server = await startBenchServer({ devices: connections })
  const devices = Array.from({ length: connections }, (_, i) =>
    createSaturator({
      device: deviceId(i),
      token: deviceToken(i),
      port: server.mqttPort,
      window: Number(options.window),
      timed: i % 2 === 0,
      firstMs: Date.now() - 3_600_000,
    }),
  )
  await Promise.all(devices.map((device) => device.start()))
  await sleep(Number(options.seconds))
  await server.kill()
  const load = loadavg().map((l) => l.toFixed(1))
  const listeningMs = await server.start()
  const waiting = await server.metric('bellwether_journal_lag_uplinks{consumer="ingest"}')
  const began = performance.now()
  await Promise.all(devices.map((device) => device.start()))
  await sleep(Number(options.after))
  await Promise.all(devices.map((device) => device.finish()))
  while ((await server.metric('bellwether_readings_in_flight')) > 0) await sleep(0.1)
  const drainedSeconds = (performance.now() - began) / 1_000

  const counts = { timed: nothing(), untimed: nothing() }
  for (const device of devices) {
    const found = await shown(server.httpUrl, device.device)
    compare(device, found, device.timed ? counts.timed : counts.untimed)
  }
  await server.stop()
  console.log(
    `kill -9 after ${options.seconds} s at ${connections} connections × ${options.window} in flight, QoS 1; ` +
      `${cpus().length} cores, Node ${process.version}, load average ${load.join(' ')}`,
  )
  print([
    ['with ts', counts.timed],
    ['without ts', counts.untimed],
  ])
  console.log(
    `listening ${(listeningMs / 1_000).toFixed(1)} s after the start with ${waiting.toLocaleString('en')} uplinks unread; ` +
      `all readable ${drainedSeconds.toFixed(1)} s later, beside ${options.after} s of new ones`,
  )
  const { timed, untimed } = counts
  const bad = timed.lost + timed.doubled + untimed.lost + untimed.doubled
  const clean = bad === 0 && timed.acknowledged > 0 && untimed.acknowledged > 0
  console.log(clean ? 'PASS' : 'FAIL')
  return clean ? 0 : 1
}

process.exitCode = await main()
