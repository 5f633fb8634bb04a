// A device: node device.mjs mqtt://HOST:1883 TOKEN property=value …
import mqtt from 'mqtt'

const [url, token, ...pairs] = process.argv.slice(2)
const values = Object.fromEntries(
  pairs.map((pair) => {
    const [property, value] = pair.split('=')
    return [property, Number(value)]
  }),
)

// The token alone is enough. A fixed client id with a kept session would let downlinks wait for it.
const client = await mqtt.connectAsync(url, { username: token })

// A device with a clock says when it measured; without "ts" the server takes the moment of receipt.
const message = JSON.stringify({ ts: Date.now(), values })

// With QoS 1 this ends when the server has the message on disk. Without an answer: send it again, it counts once.
await client.publishAsync('v1/devices/me/telemetry', message, { qos: 1 })
await client.endAsync()
console.log(`acknowledged: ${message}`)
