/**
 * `simulate replay`: sends a recorded episode through the same path as a live city. Recorded moments are mapped
 * onto now: `live` starts now and runs N times as fast; `history` ends now and is sent as fast as it is taken.
 */

import { type ApiClient, createApiClient } from './api-client.ts'
import { type Link, openLink } from './link.ts'
import { readRows, type Recording, recordingOf, type Row } from './recordings.ts'
import { newToken, register, registerRules } from './register.ts'
import type { Piece } from './reports.ts'
import { cityRules, usualPatience } from './rules.ts'
import type { Surroundings } from './simulate.ts'
import { pause } from './stop-watch.ts'
import { newTally, type Tally } from './tally.ts'
import { historyMsMax } from './timeline.ts'
import { tokenFile } from './token-file.ts'

export interface ReplayOptions extends Surroundings {
  /** Id of a shipped recording, such as `boxing-day-2015`; see `recordings`. */
  recording: string
  /** `live` (default): from now on, `speed` times as fast. `history`: shifted so that the last row is now. */
  mode?: 'live' | 'history'
  /** Only for `live`. Default 600: an hour in six seconds. */
  speed?: number
  /** Whether to register the city's alert rules too. Default true. */
  rules?: boolean
}

/** Rows with their new time stamps, in order; `sendMs` is when each goes out. */
export interface Scheduled {
  row: Row
  ts: number
  sendMs: number
}

/** Where recorded moments come to lie. */
export function schedule(
  rows: readonly Row[],
  onto: { mode: 'live' | 'history'; nowMs: number; speed: number },
): Scheduled[] {
  const first = rows[0]?.atMs ?? 0
  const last = rows.at(-1)?.atMs ?? 0
  if (onto.mode === 'live') {
    return rows.map((row) => {
      const ts = Math.round(onto.nowMs + (row.atMs - first) / onto.speed)
      return { row, ts, sendMs: ts }
    })
  }
  if (last - first > historyMsMax) {
    throw new RangeError('the recording is longer than the days that a server takes back; use live')
  }
  return rows.map((row) => ({ row, ts: row.atMs - last + onto.nowMs, sendMs: onto.nowMs }))
}

const drainMs = 5_000
const turnMs = 50
/** Pieces that may wait before history pauses for acknowledgements. */
const waitingMax = 500

export async function replay(options: ReplayOptions): Promise<void> {
  const { print, ports, signal, speed = 600, mode = 'live' } = options
  if (!(speed >= 1 && speed <= 100_000)) {
    throw new RangeError(`speed must be from 1 to 100000, not ${speed}`)
  }
  const recording = recordingOf(options.recording)
  const rows = await readRows(recording)
  const api = createApiClient({ url: options.apiUrl, token: options.adminToken, signal })
  print(`${recording.title} — ${recording.attribution}`)
  const tokens = await registerStations(recording, {
    api,
    options,
    speed: mode === 'live' ? speed : 1,
  })
  if (options.rules ?? true) await registerRules(api, cityRules(usualPatience))
  const tally = newTally()
  const links = openStations(recording, { api, options, tokens, tally })
  const plan = schedule(rows, { mode, nowMs: ports.clock.now(), speed })
  await sendAll(plan, { links, options })
  await settled(links, options)
  await Promise.all([...links.values()].map((link) => link.close()))
  print(
    `replayed ${rows.length} rows: sent ${tally.sent}, acked ${tally.acked} (${tally.readings} readings), given up ${tally.givenUp}`,
  )
}

interface Context {
  api: ApiClient
  options: ReplayOptions
}

function registerStations(
  recording: Recording,
  { api, options, speed }: Context & { speed: number },
): Promise<Map<string, string>> {
  const expected = Math.max(60, Math.ceil(recording.intervalMs / speed / 1_000))
  const devices = recording.stations.map(({ device, site }) => ({
    id: device,
    site: site.id,
    profile: null,
    gateway: null,
    enabled: true,
    expectedInterval: `${expected}s`,
  }))
  return register(
    {
      sites: recording.stations.map(({ site }) => site),
      devices,
      connectors: devices.map(({ id }) => id),
    },
    {
      api,
      file: tokenFile({ dir: options.stateDir, server: options.apiUrl }),
      print: options.print,
    },
  )
}

function openStations(
  recording: Recording,
  { api, options, tokens, tally }: Context & { tokens: Map<string, string>; tally: Tally },
): Map<string, Link> {
  const links = new Map<string, Link>()
  for (const { device } of recording.stations) {
    const link = openLink({
      id: device,
      token: tokens.get(device) ?? '',
      mqttUrl: options.mqttUrl,
      behind: null,
      sleepy: false,
      ports: options.ports,
      tally,
      renew: (id) => newToken(api, id),
    })
    links.set(device, link)
  }
  return links
}

interface Sending {
  links: ReadonlyMap<string, Link>
  options: ReplayOptions
}

async function sendAll(plan: readonly Scheduled[], { links, options }: Sending): Promise<void> {
  const { ports, signal, print } = options
  let next = 0
  let told = 0
  while (next < plan.length && !signal.aborted) {
    const nowMs = ports.clock.now()
    for (let item = plan[next]; item !== undefined && item.sendMs <= nowMs; item = plan[next]) {
      const link = links.get(item.row.device)
      if (link !== undefined && link.waiting >= waitingMax) break
      link?.say(pieceOf(item))
      next++
    }
    for (const link of links.values()) link.flush()
    const tenths = Math.floor((next / plan.length) * 10)
    if (tenths > told) {
      told = tenths
      print(
        `${tenths * 10} % of the episode sent, at ${new Date(plan[next - 1]?.row.atMs ?? 0).toISOString()} of the recording`,
      )
    }
    await pause(turnMs, { timers: ports.timers, signal })
  }
}

function pieceOf({ row, ts, sendMs }: Scheduled): Piece {
  return {
    device: row.device,
    kind: 'readings',
    text: JSON.stringify({ ts, values: row.values }),
    readings: Object.keys(row.values).length,
    sendMs,
  }
}

/** Waits until everything is acknowledged, but not forever, and not for a server that is away when it is to end. */
async function settled(
  links: ReadonlyMap<string, Link>,
  { ports, signal }: Pick<ReplayOptions, 'ports' | 'signal'>,
): Promise<void> {
  const until = ports.clock.monotonic() + drainMs
  while (ports.clock.monotonic() < until) {
    const open = [...links.values()].filter((link) => link.connected || !signal.aborted)
    if (open.every((link) => link.waiting + link.inFlight === 0)) return
    await new Promise<void>((resolve) => {
      ports.timers.after(turnMs, resolve)
    })
  }
}
