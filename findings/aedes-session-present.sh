#!/usr/bin/env bash
# aedes 1.2.0 (asked with mqtt-packet 9.0.2): "no session present" is said of a session that is kept, and costs a message.
#
# Behaviour: a device with CleanSession=0 and no subscription publishes "old" with QoS 2 and packet id 1, gets the PUBREC,
#   and its connection breaks before the PUBREL. On its return the CONNACK says session present 0, so it begins anew, and
#   its first message, "new", has packet id 1 again. Aedes still holds id 1, takes "new" for a repeat of "old", answers
#   PUBREC and PUBCOMP, and passes it on to nobody.
# Expected: MQTT 3.1.1 §3.2.2.2, [MQTT-3.2.2-2]: session present is 1 when the server has stored session state, and
#   §3.1.2.4 counts QoS 2 messages that are not completely acknowledged as such; or 0, and then that state is gone.
# Whom it touches: sensors that only publish, with QoS 2 and a kept session, which is what most sensors do over radio.
# What Bellwether does: its store of sessions shows Aedes a mark in place of subscriptions while a message is not
#   released, so session present is 1 (broker/stored-sessions.ts `sessionMark`); test/broker/qos2.test.ts.
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
const passedOn = []
aedes.on('publish', ({ topic, payload }) => topic === 'air' && passedOn.push(String(payload)))

async function visit() {
  const socket = connect(server.address().port, '127.0.0.1')
  const parser = mqttPacket.parser()
  socket.on('data', (bytes) => parser.parse(bytes))
  const exchange = async (packet) => {
    socket.write(mqttPacket.generate(packet))
    const [answer] = await once(parser, 'packet')
    return answer
  }
  const about = { protocolId: 'MQTT', protocolVersion: 4, clientId: 'sensor', keepalive: 0 }
  const { sessionPresent } = await exchange({ cmd: 'connect', clean: false, ...about })
  return { sessionPresent: Number(sessionPresent), exchange, socket }
}
const message = (payload) => ({ cmd: 'publish', topic: 'air', payload, qos: 2, messageId: 1 })

const first = await visit()
const { cmd } = await first.exchange(message('old'))
console.log(`first connection: "old" answered with ${cmd}, then the link breaks`)
first.socket.destroy()
await once(first.socket, 'close')

const second = await visit()
const answers = [await second.exchange(message('new'))]
answers.push(await second.exchange({ cmd: 'pubrel', messageId: 1 }))
const said = answers.map((answer) => answer.cmd).join(', ')
console.log(`second connection: session present ${second.sessionPresent}; "new" answered with ${said}`)
console.log(`passed on: ${passedOn.join(' ')}`)
const same = second.sessionPresent === 0 && said === 'pubrec, pubcomp' && passedOn.join() === 'old'
console.log(same ? 'As described.' : 'CHANGED: not as described.')
process.exit(same ? 0 : 1)
JS
node "$dir/see.mjs"
