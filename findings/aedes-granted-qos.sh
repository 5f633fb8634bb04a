#!/usr/bin/env bash
# aedes 1.2.0 (received with mqtt 5.16.0): messages come with a higher QoS than was granted, by wildcard or after a gap.
#
# Behaviour: a QoS 2 publish reaches a subscription that was granted QoS 1 with QoS 1 only if its filter is the topic
#   itself and the subscriber is connected. With a wildcard, or out of the queue of an offline session, it has QoS 2.
# Expected: MQTT 3.1.1 §3.8.4, [MQTT-3.8.4-6]: the lower one of the QoS of the message and of the one granted.
# Whom it touches: devices that ask for QoS 1 because they have no memory for the exchange of QoS 2, and who is granted
#   less by the broker's own hook (`authorizeSubscribe`).
# What Bellwether does: it lowers each downlink to what the device was granted, when it is delivered (broker/hooks.ts);
#   test/broker/access.test.ts ("hears its own downlinks").
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
const sender = await mqtt.connectAsync(url)

/** QoS of a message while connected, and of one that waited. */
async function deliveredTo(filter) {
  const qos = []
  const visit = async () => {
    const client = mqtt.connect(url, { clientId: `of ${filter}`, clean: false, reconnectPeriod: 0 })
    client.on('packetreceive', ({ cmd, qos: one }) => cmd === 'publish' && qos.push(one))
    await once(client, 'connect')
    return client
  }
  const client = await visit()
  const [{ qos: granted }] = await client.subscribeAsync(filter, { qos: 1 })
  await sender.publishAsync('pump/3', 'on', { qos: 2 })
  await pause(500)
  await client.endAsync()
  await sender.publishAsync('pump/3', 'off', { qos: 2 })
  const again = await visit()
  await pause(500)
  await again.endAsync()
  console.log(`${filter}: granted QoS ${granted}; connected QoS ${qos[0]}, from the queue QoS ${qos[1]}`)
  return [granted, ...qos].join()
}

const exact = await deliveredTo('pump/3')
const wildcard = await deliveredTo('pump/+')
const same = exact === '1,1,2' && wildcard === '1,2,2'
console.log(same ? 'As described.' : 'CHANGED: not as described.')
process.exit(same ? 0 : 1)
JS
node "$dir/see.mjs"
