#!/usr/bin/env bash
# aedes 1.2.0 (received with mqtt 5.16.0): QoS 2 messages that waited for an offline session do not arrive exactly once.
#
# Behaviour: five messages are published with QoS 2 while the subscriber is away. When it comes back, the first never
#   reaches its application: while the queue is being sent, the PUBRECs are answered with PUBRELs of another packet id, so
#   that this exchange is not completed. After one more reconnect the last message, completed long ago, arrives again.
# Expected: MQTT 3.1.1 §4.3.3: QoS 2 is neither lost nor duplicated; [MQTT-4.3.3-1]: the PUBREL bears the packet
#   identifier of its PUBLISH; [MQTT-4.4.0-1]: what is not acknowledged is sent again, and only that.
# Whom it touches: devices and services that wait offline for downlinks with QoS 2.
# What Bellwether does: it grants QoS 1 at most to subscriptions (broker/inner-packet.ts), which arrives in order and at
#   least once; test/broker/qos2.test.ts.
# Needs: node 20, npm.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$dir" aedes@1.2.0 mqtt@5.16.0
cat >"$dir/see.mjs" <<'JS'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { Aedes } from 'aedes'
import mqtt from 'mqtt'

const aedes = await Aedes.createBroker()
const server = createServer(aedes.handle).listen(0, '127.0.0.1')
await once(server, 'listening')
const url = `mqtt://127.0.0.1:${server.address().port}`
const kept = { clientId: 'waiting', clean: false, reconnectPeriod: 0 }

const first = await mqtt.connectAsync(url, kept)
await first.subscribeAsync('orders', { qos: 2 })
await first.endAsync()
const sender = await mqtt.connectAsync(url)
const sent = [1, 2, 3, 4, 5].map((n) => `order-${n}`)
for (const order of sent) await sender.publishAsync('orders', order, { qos: 2 })

const heard = []
for (const visit of ['first', 'second', 'third']) {
  const now = []
  const client = mqtt.connect(url, kept)
  client.on('message', (_topic, payload) => now.push(String(payload)))
  await once(client, 'connect')
  await pause(1500)
  await client.endAsync()
  console.log(`${visit} connection after the gap: ${now.join(' ') || '(nothing)'}`)
  heard.push(...now)
}
const lost = sent.filter((order) => !heard.includes(order))
const twice = sent.filter((order) => heard.indexOf(order) !== heard.lastIndexOf(order))
console.log(`sent ${sent.length}; never heard: ${lost.join(' ') || 'none'}; heard twice: ${twice.join(' ') || 'none'}`)
const same = lost.join() === 'order-1' && twice.join() === 'order-5'
console.log(same ? 'As described.' : 'CHANGED: not as described.')
process.exit(same ? 0 : 1)
JS
node "$dir/see.mjs"
