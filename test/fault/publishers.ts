/**
 * Devices that publish with QoS 1, keep several messages in flight, send again what was not acknowledged,
 * and write down each PUBACK: what the server has promised.
 */

import mqtt from 'mqtt'

export interface Promised {
  observedAt: number
  value: number
}

export interface Publisher {
  device: string
  /** Every message that got its PUBACK, in the order sent. */
  acknowledged: Promised[]
  /** Every message that was sent, acknowledged or not. */
  sent: Promised[]
  /** Stops making new messages and waits until all are acknowledged. */
  finish(): Promise<void>
}

const inFlightMax = 20

/** Values stand below 100 for a while and above it for a while, so that an alert is raised and resolved. */
export function valueAt(n: number): number {
  return n % 60 < 40 ? 20 + (n % 40) : 120 + (n % 20)
}

export function startPublisher(options: {
  device: string
  token: string
  port: number
  periodMs: number
}): Publisher {
  const { device, token, port, periodMs } = options
  const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
    clientId: device,
    username: device,
    password: token,
    reconnectPeriod: 30,
    connectTimeout: 3_000,
    reconnectOnConnackError: true,
    clean: true,
  })
  client.on('error', () => {}) // The server is killed all the time; MQTT.js connects again.
  const acknowledged: Promised[] = []
  const sent: Promised[] = []
  let inFlight = 0
  let lastAt = 0

  const timer = setInterval(() => {
    if (inFlight >= inFlightMax) return
    const observedAt = Math.max(lastAt + 1, Date.now())
    lastAt = observedAt
    const message = { observedAt, value: valueAt(sent.length) }
    sent.push(message)
    inFlight++
    const payload = JSON.stringify({ ts: observedAt, values: { pm25: message.value } })
    client.publish('v1/devices/me/telemetry', payload, { qos: 1 }, (error) => {
      inFlight--
      if (!error) acknowledged.push(message)
    })
  }, periodMs)

  return {
    device,
    acknowledged,
    sent,
    async finish() {
      clearInterval(timer)
      while (inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 20))
      await client.endAsync()
    },
  }
}
