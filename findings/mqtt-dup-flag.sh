#!/usr/bin/env bash
# mqtt 5.16.0 (client): a message that is sent again after a broken connection wears DUP=0.
#
# Behaviour: a PUBLISH with QoS 1 goes out, the connection breaks before the PUBACK, the client resumes its session and
#   sends the same message with the same packet id, and with DUP=0. The same with QoS 2.
# Expected: MQTT 3.1.1 §3.3.1.1, [MQTT-3.3.1-1]: DUP MUST be 1 when a PUBLISH is delivered again. Brokers may take a packet
#   id that is in use without DUP for an error of the client and close the connection.
# Whom it touches: gateways and simulators on this client; whoever counts repeats by the flag counts none.
# What Bellwether does: it never looks at DUP. A QoS 2 message is known by its packet id until it is released
#   (broker/hooks.ts; test/broker/qos2.test.ts), a reading by its series and time.
# Needs: node 20, npm.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$dir" mqtt@5.16.0 mqtt-packet@9.0.2
cat >"$dir/see.mjs" <<'JS'
import { once } from 'node:events'
import { createServer } from 'node:net'
import mqtt from 'mqtt'
import mqttPacket from 'mqtt-packet'

/** The two deliveries of one message: a server that hangs up on the first and has kept the session. */
async function deliveries(qos) {
  const seen = []
  let connections = 0
  const server = createServer((socket) => {
    const resumed = ++connections > 1
    const parser = mqttPacket.parser()
    socket.on('data', (bytes) => parser.parse(bytes)).on('error', () => undefined)
    parser.on('packet', (packet) => {
      const send = (answer) => socket.write(mqttPacket.generate(answer))
      if (packet.cmd === 'connect') send({ cmd: 'connack', returnCode: 0, sessionPresent: resumed })
      if (packet.cmd === 'pubrel') send({ cmd: 'pubcomp', messageId: packet.messageId })
      if (packet.cmd !== 'publish') return
      seen.push({ id: packet.messageId, dup: Number(packet.dup) })
      if (resumed) send({ cmd: qos === 1 ? 'puback' : 'pubrec', messageId: packet.messageId })
      else socket.destroy()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `mqtt://127.0.0.1:${server.address().port}`
  const client = mqtt.connect(url, { clientId: 'gateway', clean: false, reconnectPeriod: 100 })
  await client.publishAsync('t', 'reading', { qos })
  await client.endAsync()
  server.close()
  const sameId = seen[0]?.id === seen[1]?.id
  const flags = seen.map(({ dup }) => `DUP=${dup}`).join(', then ')
  console.log(`QoS ${qos}: ${flags}; ${sameId ? 'the same' : 'another'} packet id`)
  return seen.length === 2 && sameId && seen[1].dup === 0
}

const same = (await deliveries(1)) && (await deliveries(2))
console.log(same ? 'As described.' : 'CHANGED: not as described.')
process.exit(same ? 0 : 1)
JS
node "$dir/see.mjs"
