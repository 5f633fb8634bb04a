/**
 * All open event streams: hands each the readings, alerts and device changes that it wants. One look at each
 * store serves all of them, whatever their number.
 */

import type { ServerResponse } from 'node:http'
import { Fault } from '../../domain/errors.ts'
import type { Cancel } from '../../domain/ports.ts'
import type { Reading } from '../../domain/reading.ts'
import type { ApiParts } from '../parts.ts'
import { createDeviceWatch, type DeviceNews } from './device-watch.ts'
import { createEventClient, type EventClient, eventText } from './event-client.ts'
import { readingJson } from '../json-forms.ts'
import type { LatestTable } from '../../stores/readings/latest-table.ts'
import { coalesced } from '../../runtime/async/coalesce.ts'
import { createRelay } from './relay.ts'
import { type SeriesFilter, readingMatch, siteMatch } from '../readings/series-filter.ts'

export const eventTypes = ['reading', 'alert', 'device'] as const
export type EventType = (typeof eventTypes)[number]

const lookEveryMs = 250
const heartbeatMs = 15_000
export interface StreamRequest {
  response: ServerResponse
  headers: Record<string, string | string[]>
  filter: SeriesFilter
  types: ReadonlySet<EventType>
  /** Place in the alert log to continue after; absent: only what happens from now on. */
  after?: number
  /** Asked again and again; a stream whose token was withdrawn is ended. */
  mayStay: () => boolean
}

export interface EventStreams {
  open(request: StreamRequest): Promise<void>
  /** Ends all streams at once. */
  close(): void
}

interface Stream {
  client: EventClient
  wantsReading: (reading: Reading) => boolean
  wantsDevice: (news: DeviceNews) => boolean
  mayStay: () => boolean
  response: ServerResponse
}

type Parts = Pick<ApiParts, 'config' | 'ports' | 'bus' | 'view' | 'alerts' | 'ledger'>

export function createEventStreams(parts: Parts, latest: LatestTable): EventStreams {
  const { config, ports, bus, view, alerts } = parts
  const streams = new Set<Stream>()
  let opening = 0
  let closed = false
  const count = ports.meter.gauge('bellwether_api_streams', 'Event streams that are open.')
  const countDropped = ports.meter.counter(
    'bellwether_api_stream_readings_dropped_total',
    'Readings that a slow reader of an event stream did not take in time.',
  )
  const watch = createDeviceWatch(parts, (news) => {
    for (const stream of streams) {
      if (stream.wantsDevice(news)) stream.client.say(eventText('device', news))
    }
  })

  const relay = createRelay(ports.timers, (readings) => {
    for (const { client, wantsReading } of streams) client.offer(readings.filter(wantsReading))
  })
  latest.onStored((readings, gap) => {
    if (streams.size === 0) return
    if (gap) for (const { client } of streams) client.missed()
    relay(readings)
  })

  async function look(): Promise<void> {
    if (streams.size === 0) return
    await view.refresh()
    dismiss()
    const head = await alerts.lastPosition()
    await Promise.all([...streams].map(({ client }) => client.pumpAlerts(head)))
    await watch.look()
  }

  const lookSafely = coalesced(look, (error) =>
    ports.log.warn({ error }, 'Event streams cannot follow a store; trying again.'),
  )

  /** At each look, so that a token that was withdrawn sees nothing a second later. */
  function dismiss(): void {
    for (const { client, response, mayStay } of streams) {
      if (mayStay()) continue
      // Who does not read would not be told of the end either.
      if (client.blocked) response.destroy()
      else response.end()
    }
  }

  function beat(): void {
    for (const { client } of streams) client.say(':\n\n')
  }

  const endings: Cancel[] = [
    bus.onRing('alerts', lookSafely),
    bus.onRing('registry', lookSafely),
    ports.timers.every(lookEveryMs, lookSafely),
    ports.timers.every(heartbeatMs, beat),
  ]

  async function begin(request: StreamRequest): Promise<void> {
    // Who connects is told what is stored from now on, so the table must have been loaded.
    await latest.refresh()
    const head = await alerts.lastPosition()
    // A place beyond the head is of a log that no longer exists: there is nothing to continue.
    const from = Math.min(request.after ?? head, head)
    const stream = streamOf(parts, request, { from, onDropped: (dropped) => countDropped(dropped) })
    const { response } = request
    response.writeHead(200, { ...request.headers, ...streamHeaders })
    // The place is told at once, so that who reconnects before the first alert misses none.
    stream.client.say(`retry: 2000\nid: ${from}\n\n`)
    streams.add(stream)
    response.once('close', () => {
      streams.delete(stream)
      count(streams.size)
      if (streams.size === 0) watch.forget()
    })
    count(streams.size)
    // A fault of the log from here on is not this reader's: the next look tries again.
    if (from < head) lookSafely()
  }

  return {
    async open(request) {
      if (closed) throw new Fault('unavailable', 'The server is stopping.')
      if (streams.size + opening >= config.apiStreamsMax) {
        throw new Fault('unavailable', `There are ${config.apiStreamsMax} event streams already.`)
      }
      opening += 1
      try {
        await begin(request)
      } finally {
        opening -= 1
      }
    },
    close() {
      closed = true
      for (const end of endings) end()
      for (const { response } of streams) {
        response.end()
        response.destroy()
      }
    },
  }
}

const streamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // A reverse proxy must not collect events before it hands them on.
  'x-accel-buffering': 'no',
}

/** What one reader wants, and how it is told. */
function streamOf(
  { view, alerts }: Parts,
  { response, filter, types, mayStay }: StreamRequest,
  how: { from: number; onDropped: (count: number) => void },
): Stream {
  const wants = readingMatch(view, filter)
  const atSite = siteMatch(view, filter)
  const ofDevice = (id: string | null) =>
    filter.device === undefined || (id !== null && filter.device.includes(id))
  const client = createEventClient({
    response,
    alertPosition: types.has('alert') ? how.from : Number.MAX_SAFE_INTEGER,
    renderReading: (reading) => eventText('reading', readingJson(view, reading)),
    wantsAlert: ({ view: { device, property, site } }) =>
      ofDevice(device) &&
      (filter.property === undefined || filter.property.includes(property)) &&
      (atSite === undefined || atSite(site?.id ?? null)),
    changesAfter: (position, limit) => alerts.changesAfter(position, limit),
    onDropped: how.onDropped,
  })
  return {
    client,
    response,
    mayStay,
    wantsReading: types.has('reading') ? wants : () => false,
    wantsDevice: ({ id, site }) =>
      types.has('device') && ofDevice(id) && (atSite === undefined || atSite(site)),
  }
}
