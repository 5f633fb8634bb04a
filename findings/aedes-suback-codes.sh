#!/usr/bin/env bash
# aedes 1.2.0 (asked with mqtt-packet 9.0.2): a SUBSCRIBE that names a filter twice is answered with too few return codes.
#
# Behaviour: SUBSCRIBE with the filters a, b, a (QoS 0, 1, 2) is answered by a SUBACK with two codes, 2 and 1: the
#   place of the first a holds the code of the last one, and the third filter has none.
# Expected: MQTT 3.1.1 [MQTT-3.8.4-4]: several filters are handled as if they had come in several SUBSCRIBEs, with one SUBACK;
#   [MQTT-3.8.4-5], [MQTT-3.9.3-1]: one return code for each filter, in their order. Naming one twice is not forbidden.
# Whom it touches: clients that read the codes by position (a list from a configuration that holds a filter twice): the
#   last filter seems unanswered, and a refusal (128) is read for the wrong one.
# What Bellwether does: hands SUBSCRIBE to Aedes with refused and repeated filters under names of their own, and gives
#   repeated ones their filter back once Aedes has counted them (broker/inner-packet.ts, test/broker/access.test.ts).
# Needs: node 20, npm.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$dir" aedes@1.2.0 mqtt-packet@9.0.2
cat >"$dir/see.mjs" <<'JS'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { Aedes } from 'aedes'
import mqttPacket from 'mqtt-packet'

const aedes = await Aedes.createBroker()
const server = createServer(aedes.handle).listen(0, '127.0.0.1')
await once(server, 'listening')
const socket = connect(server.address().port, '127.0.0.1')
const parser = mqttPacket.parser()
socket.on('data', (bytes) => parser.parse(bytes))
const send = (packet) => socket.write(mqttPacket.generate(packet))

send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, clientId: 'c', keepalive: 0 })
await once(parser, 'packet')
const filters = [['a', 0], ['b', 1], ['a', 2]]
send({ cmd: 'subscribe', messageId: 1, subscriptions: filters.map(([topic, qos]) => ({ topic, qos })) })
const [suback] = await once(parser, 'packet')

console.log(`asked for: ${filters.map(([topic, qos]) => `${topic} with QoS ${qos}`).join(', ')}`)
console.log(`${suback.cmd} with ${suback.granted.length} return codes: ${suback.granted.join(' ')}`)
const same = suback.cmd === 'suback' && suback.granted.join() === '2,1'
console.log(same ? 'As described.' : 'CHANGED: not as described.')
process.exit(same ? 0 : 1)
JS
node "$dir/see.mjs"
