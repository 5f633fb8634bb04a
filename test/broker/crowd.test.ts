/** Too many connections: whoever says nothing makes room, whoever has signed in stays. */

import { afterEach, expect, test } from 'vitest'
import { startTestBroker, type TestBroker, telemetryTopic, until } from './broker-under-test.ts'
import { publishFrame, type RawClient } from './raw-client.ts'

let t: TestBroker
afterEach(() => t.stop())

test.each([
  ['in all', { BELLWETHER_MQTT_CONNECTIONS_MAX: '12' }],
  ['from one address', { BELLWETHER_MQTT_CONNECTIONS_PER_ADDRESS_MAX: '12' }],
])('a crowd of silent sockets, more than may come %s, keeps no device out', async (_name, env) => {
  t = await startTestBroker({ env })
  for (let i = 0; i < 12; i++) await t.device(`d-${i}`)
  const first = await t.rawDevice('d-0')
  const silent: RawClient[] = []
  for (let i = 0; i < 30; i++) silent.push(await t.raw())
  await until(() => silent.filter(({ closed }) => closed).length === 19, 'room to be made')
  expect(silent.slice(0, 19).every(({ closed }) => closed)).toBe(true)
  const devices = [first]
  for (let i = 1; i < 12; i++) devices.push(await t.rawDevice(`d-${i}`))
  expect(silent.every(({ closed }) => closed)).toBe(true)
  const late = await t.raw()
  await late.untilClosed()
  for (const device of devices) {
    device.send(publishFrame(telemetryTopic, '{}'))
    await device.nextOf('puback')
  }
  expect(await t.metric('bellwether_mqtt_connections_ended_total', 'crowded')).toBe(30)
  expect(await t.metric('bellwether_mqtt_connections_turned_away_total')).toBe(1)
  // Who leaves makes room.
  devices[3]?.destroy()
  await until(async () => {
    const next = await t.raw()
    return (await next.connect({ username: 'd-3', password: 'token-d-3' })) === 0
  }, 'the place of the one that left')
})
