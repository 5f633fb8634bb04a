#!/usr/bin/env bash
# aedes 1.2.0: a message from the queue of an offline session wears RETAIN=1 although the subscription was there before.
#
# Behaviour: a subscriber with a kept session hears a retained publish with RETAIN=0 while it is connected, and the next
#   one, which waited for it, with RETAIN=1. The same message, the same subscription; only the gap differs.
# Expected: MQTT 3.1.1 §3.3.1.3, [MQTT-3.3.1-9]: RETAIN is 0 when a PUBLISH is sent because it matches an established
#   subscription, however the flag was set when it was received. 1 is for what a new subscription finds ([MQTT-3.3.1-8]).
# Whom it touches: clients that pass over retained messages because they are "old state": they drop a live downlink.
# What Bellwether does: its own store of sessions takes the flag away (broker/stored-sessions.ts); test/broker/qos2.test.ts
#   ("come once each, in order, as live messages").
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
const flags = {}

function visit() {
  const client = mqtt.connect(url, { clientId: 'valve', clean: false, reconnectPeriod: 0 })
  client.on('message', (_topic, payload, packet) => {
    flags[payload] = Number(packet.retain)
  })
  return client
}

const valve = visit()
await once(valve, 'connect')
await valve.subscribeAsync('valve/set', { qos: 1 })
const sender = await mqtt.connectAsync(url)
await sender.publishAsync('valve/set', 'open', { qos: 1, retain: true })
await pause(500)
await valve.endAsync()
await sender.publishAsync('valve/set', 'shut', { qos: 1, retain: true })
visit()
await pause(1000)

console.log(`connected: "open" came with RETAIN=${flags.open}`)
console.log(`from the queue: "shut" came with RETAIN=${flags.shut}`)
const same = flags.open === 0 && flags.shut === 1
console.log(same ? 'As described.' : 'CHANGED: not as described.')
process.exit(same ? 0 : 1)
JS
node "$dir/see.mjs"
