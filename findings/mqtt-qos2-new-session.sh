#!/usr/bin/env bash
# mqtt 5.16.0 (client) with Mosquitto 2.0.11 of Debian: a QoS 2 publish is reported as done and reaches nobody.
#
# Behaviour: the connection breaks after the PUBREC. The client connects again with CleanSession=1 (its default), is told
#   "no session present", and all the same sends the PUBREL of the old session, never the message. A broker that passes
#   QoS 2 on at the PUBREL has dropped the message with the old session, and answers an unknown PUBREL with PUBCOMP:
#   `publish` succeeds and no subscriber hears the message.
# Expected: MQTT 3.1.1 §3.1.2.4, [MQTT-3.1.2-6]: with CleanSession=1 both sides discard the state of the session, so the
#   message is published anew (it may then come twice) or the publish fails. §4.3.3: "exactly once" is not "perhaps never".
# Whom it touches: gateways that publish with QoS 2 and the client's defaults, over links that break.
# What Bellwether does: it writes a QoS 2 message to its journal before the PUBREC, so the PUBREL decides nothing
#   (test/broker/acknowledge.test.ts).
# Needs: node 20, npm, Debian 12's mosquitto 2.0.11 (apt-get install mosquitto=2.0.11-1.2+deb12u2).
set -euo pipefail
PATH=$PATH:/usr/sbin
have=$(dpkg-query -W -f '${Version}' mosquitto 2>/dev/null || true)
[[ $have == 2.0.11-* ]] || { echo "Not tried: mosquitto 2.0.11 is needed (apt-get install mosquitto), found: ${have:-none}"; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$dir" mqtt@5.16.0 mqtt-packet@9.0.2
cat >"$dir/see.mjs" <<'JS'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import mqtt from 'mqtt'
import mqttPacket from 'mqtt-packet'

const spare = createServer().listen(0, '127.0.0.1')
await once(spare, 'listening')
const { port } = spare.address()
spare.close()
const config = `${process.argv[2]}/mosquitto.conf`
writeFileSync(config, `listener ${port} 127.0.0.1\nallow_anonymous true\n`)
const broker = spawn('mosquitto', ['-c', config], { stdio: 'ignore' })
process.on('exit', () => broker.kill())

/** A link that breaks once: when the first PUBREC has arrived. It names the packets of the client. */
const packets = []
let links = 0
const link = createServer((device) => {
  const first = ++links === 1
  const up = connect(port, '127.0.0.1')
  const [sent, answered] = [mqttPacket.parser(), mqttPacket.parser()]
  sent.on('packet', ({ cmd }) => packets.push(`${cmd}`))
  answered.on('packet', ({ cmd }) => {
    if (cmd !== 'pubrec' || !first) return
    packets.push('(link breaks)')
    setTimeout(() => [device, up].forEach((socket) => socket.destroy()), 50)
  })
  device.on('data', (bytes) => sent.parse(bytes)).on('error', () => up.destroy())
  up.on('data', (bytes) => answered.parse(bytes)).on('error', () => device.destroy())
  if (first) {
    // The PUBREL of the first connection is lost on the way.
    device.on('data', (bytes) => bytes[0] >> 4 !== 6 && up.write(bytes))
    up.pipe(device)
  } else device.pipe(up).pipe(device)
}).listen(0, '127.0.0.1')
await once(link, 'listening')

const listener = mqtt.connect(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 100 })
const heard = []
listener.on('message', (_topic, payload) => heard.push(String(payload)))
await once(listener, 'connect')
await listener.subscribeAsync('t', { qos: 2 })
const gateway = mqtt.connect(`mqtt://127.0.0.1:${link.address().port}`, { reconnectPeriod: 100 })
const outcome = (promise) => promise.then(() => 'success', (error) => `failure: ${error.message}`)
const first = await outcome(gateway.publishAsync('t', 'reading-1', { qos: 2 }))
const second = await outcome(gateway.publishAsync('t', 'reading-2', { qos: 2 }))
await pause(1000)
console.log(`the client sent: ${packets.join(', ')}`)
console.log(`publish of reading-1: ${first}; of reading-2: ${second}; the subscriber heard: ${heard.join(' ')}`)
const same = first === 'success' && heard.join() === 'reading-2'
console.log(same ? 'As described.' : 'CHANGED: not as described.')
process.exit(same ? 0 : 1)
JS
node "$dir/see.mjs" "$dir"
