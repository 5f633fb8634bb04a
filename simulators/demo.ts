/**
 * The demonstration: a small city lives a day in two and a half minutes. Smog comes and a cloudburst washes it out,
 * streets and then the river rise and fall again; a duty phone prints every alert, and a bad reading is refused.
 *
 * The city lives fast but stamps its messages with the real moment, so that the boards and the alert rules, which
 * wait for seconds here and for minutes in a real city, see the readings as they come.
 */

import { type ApiClient, createApiClient, listField, stringField } from './api-client.ts'
import { hourMs, minuteMs, secondMs } from './calendar.ts'
import { type City, makeCity } from './city.ts'
import { noFaults } from './faults.ts'
import { connectors, type Fleet, runFleet } from './fleet.ts'
import { episodesFrom, type PlannedEpisode } from './plan.ts'
import { type Receiver, startReceiver } from './receiver.ts'
import { newToken, registerRules, registerWebhook } from './register.ts'
import { cityRules } from './rules.ts'
import { registerCity, type Surroundings, summary } from './simulate.ts'
import { aborted, pause } from './stop-watch.ts'
import { compressed, type Timeline } from './timeline.ts'

export interface DemoOptions extends Surroundings {
  /** Where the duty phone listens on 127.0.0.1; 0, the default, takes a free port. The server must be allowed to call it. */
  receiverPort?: number
  /** Default 7. */
  seed?: number
  /** Ends the demonstration by itself after so long. Default: it runs on until the signal. */
  durationMs?: number
}

/** Ten minutes of the city pass in a second. */
const speed = 600

/** A Monday in June, 06:00 in the city. */
const cityStartMs = Date.UTC(2026, 5, 14, 22)

const story: readonly PlannedEpisode[] = [
  { kind: 'pollution', afterMs: 30 * minuteMs, durationMs: 9 * hourMs },
  { kind: 'cloudburst', afterMs: 6.5 * hourMs },
]

/** Seconds, because an hour of the city is six of them. */
const patience = { raiseAfter: '1s', clearAfter: '2s', hour: '6s' } as const

const drainMs = 3_000
const badReadingAfterMs = 15 * secondMs
const closingAfterMs = 105 * secondMs
const summaryEveryMs = 20 * secondMs

interface Stage {
  options: DemoOptions
  api: ApiClient
  city: City
  tokens: Map<string, string>
  timeline: Timeline
  receiver: Receiver
}

export async function runDemo(options: DemoOptions): Promise<void> {
  const { ports, print, signal } = options
  const stage = await prepare(options)
  const fleet = runFleet({
    city: stage.city,
    episodes: episodesFrom(story, cityStartMs),
    faults: noFaults,
    timeline: stage.timeline,
    mqttUrl: options.mqttUrl,
    tokens: stage.tokens,
    renew: (device) => newToken(stage.api, device),
    ports,
  })
  introduce(stage)
  const stopTelling = tellAlong(stage, fleet)
  try {
    if (options.durationMs === undefined) await aborted(signal)
    else await pause(options.durationMs, { timers: ports.timers, signal })
  } finally {
    stopTelling()
    await fleet.stop(drainMs)
    await stage.receiver.close()
    print(`demo over: ${summary(fleet, stage.timeline)}`)
  }
}

async function prepare(options: DemoOptions): Promise<Stage> {
  const { ports, print, signal } = options
  const api = createApiClient({ url: options.apiUrl, token: options.adminToken, signal })
  const city = makeCity({ seed: options.seed ?? 7, devices: 60 })
  const tokens = await registerCity(city, { ...options, speed })
  await registerRules(api, cityRules(patience))
  const port = options.receiverPort ?? 0
  const receiver = await startReceiver({ port, ports, print })
  try {
    receiver.trust(await registerWebhook(api, { id: 'demo-duty-phone', url: receiver.url }))
  } catch (error) {
    await receiver.close()
    throw error
  }
  const timeline = compressed({ realStartMs: ports.clock.now(), cityStartMs, speed })
  return { options, api, city, tokens, timeline, receiver }
}

function introduce({ options, city, receiver }: Stage): void {
  const { print, apiUrl, mqttUrl } = options
  const gauge = city.devices.find((device) => device.model === 'river')?.id ?? ''
  for (const line of [
    '',
    'This is Lanting on the Lan river, a city that exists only here. It lives 600 times as fast as you do.',
    `Its ${city.devices.length} sensors publish to ${mqttUrl} over ${connectors(city).length} connections (${city.gateways.length} of them NB-IoT gateways).`,
    `Lines with ☎ are what duty staff get on ${receiver.url} (a signed webhook each).`,
    '',
    'What comes, in seconds from now:',
    '  10 s  smog: PM2.5 passes 75, 115, 150 and 250 ug/m3 at station after station',
    '  15 s  a broken sensor sends an impossible value, which is refused with its reason',
    '  40 s  a cloudburst: rain, then water on streets, while the rain washes out the smog',
    '  50 s  the river rises, gauge after gauge downstream, and falls again',
    '  95 s  all clear, but for the reservoir, which stays above its flood limit for days',
    '',
    'Try meanwhile, in another terminal (TOKEN is the admin token):',
    `  curl -H "Authorization: Bearer $TOKEN" "${apiUrl}/api/v1/latest?property=pm25"`,
    `  curl -H "Authorization: Bearer $TOKEN" "${apiUrl}/api/v1/readings?device=${gauge}&property=water_level"`,
    `  curl -H "Authorization: Bearer $TOKEN" "${apiUrl}/api/v1/alerts?state=firing"`,
    `  ${apiUrl}/docs describes the rest. Ctrl-C stops the demo.`,
    '',
  ]) {
    print(line)
  }
}

/** Everything that happens beside the city's own life; the returned function ends it. */
function tellAlong(stage: Stage, fleet: Fleet): () => void {
  const { ports, print } = stage.options
  const quietly = (what: string, act: () => Promise<void>) => () => {
    act().catch((error: unknown) => print(`${what} failed: ${String(error)}`))
  }
  const cancels = [
    ports.timers.every(summaryEveryMs, () => print(`· ${summary(fleet, stage.timeline)}`)),
    ports.timers.after(
      badReadingAfterMs,
      quietly('the bad reading', () => badReading(stage, fleet)),
    ),
    ports.timers.after(
      closingAfterMs,
      quietly('the closing count', () => closing(stage)),
    ),
  ]
  return () => {
    for (const cancel of cancels) cancel()
  }
}

const lookEveryMs = 250
const looksMax = 40

/** One sensor sends nonsense beside a good value; the server keeps the good one and says why it refuses the other. */
async function badReading({ options, api, city }: Stage, fleet: Fleet): Promise<void> {
  const { ports, print, signal } = options
  const device = city.devices.find(({ model }) => model === 'soil')
  if (device === undefined) return
  const ts = ports.clock.now()
  const values = { soil_moisture: -999, soil_temperature: 21.5 }
  print(`→ ${device.id} sends ${JSON.stringify(values)}`)
  const text = JSON.stringify({ ts, values })
  fleet.say(device, { device: device.id, kind: 'readings', text, readings: 2, sendMs: ts })
  for (let look = 0; look < looksMax && !signal.aborted; look++) {
    const path = `/quarantine?device=${encodeURIComponent(device.id)}&limit=1`
    const [entry] = listField(await api.get(path), 'items')
    const receivedMs = Date.parse(stringField(entry, 'receivedAt') ?? '')
    if (receivedMs >= ts - secondMs) {
      print(`✗ refused as ${stringField(entry, 'code')}: ${stringField(entry, 'reason')}`)
      print('  it is kept in quarantine; the good value of the same message is stored')
      return
    }
    await pause(lookEveryMs, { timers: ports.timers, signal })
  }
  print('✗ the bad reading has not shown up in quarantine')
}

/** What happened, in numbers from the server and from the duty phone. */
async function closing({ options, api, receiver }: Stage): Promise<void> {
  const { print, apiUrl } = options
  const open = listField(await api.get('/alerts?state=firing,acknowledged&limit=500'), 'items')
  const calls = [...receiver.received].map(([type, count]) => `${count} × ${type.slice(6)}`)
  print('')
  print(`So far the duty phone got ${calls.join(', ')}; still open: ${open.length}.`)
  print(`The city goes on. See ${apiUrl}/docs, or stop with Ctrl-C.`)
  print('')
}
