/**
 * B3: milliseconds from a device's PUBLISH to the webhook at the receiver, both in this process; idle and with
 * other devices publishing 10,000 uplinks a second.
 *
 *   npm run bench:webhook [-- --alerts 500 --rate 10000 --rounds 3]
 */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import mqtt from 'mqtt'
import { deviceId, deviceToken, median, quantile, startBenchServer } from './bench-server.ts'
import { startLoad, wait } from './load.ts'

const { values } = parseArgs({
  options: {
    alerts: { type: 'string', default: '500' },
    rate: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '3' },
    gap: { type: 'string', default: '20' },
  },
})
const alerts = Number(values.alerts)
const others = 1_000

async function round(rate: number): Promise<{ p50: number; p99: number; worst: number }> {
  const server = await startBenchServer({ devices: others + 1 })
  let arrived: (at: number) => void = () => {}
  const receiver = createServer((request, response) => {
    const at = performance.now()
    request.resume()
    response.writeHead(204).end()
    arrived(at)
  }).listen(0, '127.0.0.1')
  await wait(50)
  const { port } = receiver.address() as AddressInfo
  await server.post('/api/v1/webhooks', { id: 'bench', url: `http://127.0.0.1:${port}/` })
  await server.post('/api/v1/rules', {
    id: 'bench',
    property: 'ph',
    where: { device: [deviceId(others)] },
    levels: { red: 8 },
  })
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${server.mqttPort}`, {
    username: deviceId(others),
    password: deviceToken(others),
  })
  const load =
    rate === 0
      ? null
      : startLoad({ port: server.mqttPort, connections: others, window: 20, seconds: 3_600, rate })
  await wait(2_000)
  const took: number[] = []
  // Above and below in turn: each message raises the alert or resolves it, so each makes one webhook.
  for (let i = 0; i < alerts + 20; i++) {
    const done = new Promise<number>((resolve) => {
      arrived = resolve
    })
    const began = performance.now()
    client.publish('v1/devices/me/telemetry', `{"ph":${i % 2 === 0 ? 9 : 7}}`, { qos: 1 })
    const at = await done
    if (i >= 20) took.push(at - began)
    await wait(Number(values.gap) * (0.5 + (i % 10) / 10))
  }
  load?.stop()
  await client.endAsync(true)
  receiver.close()
  receiver.closeAllConnections()
  await server.stop()
  return { p50: quantile(took, 0.5), p99: quantile(took, 0.99), worst: Math.max(...took) }
}

console.log(`load average before: ${loadavg().map((l) => l.toFixed(1))}`)
for (const [name, rate] of [
  ['idle', 0],
  [`with ${values.rate} uplinks/s`, Number(values.rate)],
] as const) {
  const rounds: Awaited<ReturnType<typeof round>>[] = []
  for (let i = 0; i < Number(values.rounds); i++) rounds.push(await round(rate))
  const ms = (key: 'p50' | 'p99' | 'worst') => median(rounds.map((r) => r[key])).toFixed(1)
  console.log(
    `${name}: p50 ${ms('p50')} ms, p99 ${ms('p99')} ms, worst ${ms('worst')} ms (p99 of rounds: ${rounds
      .map((r) => r.p99.toFixed(1))
      .join(', ')})`,
  )
}
