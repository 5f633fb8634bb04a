/** States of sites and devices, what was refused, and Bellwether's own figures, as the feed of the API writes them. */

import { openAlertPoint } from '../../../grafana/feed/alert-points.ts'
import { deviceStatePoint } from '../../../grafana/feed/device-states.ts'
import { levelCode } from '../../../grafana/feed/level-code.ts'
import { platformPoint } from '../../../grafana/feed/platform-point.ts'
import { refusedPoints } from '../../../grafana/feed/refused-counts.ts'
import { siteStatePoint } from '../../../grafana/feed/site-states.ts'
import { type RefusalCode, refusalCodes } from '../../../domain/quarantine.ts'
import type { Reading } from '../../../domain/reading.ts'
import { hourMs, minuteMs } from '../../../simulators/calendar.ts'
import { registryDevices } from '../../../simulators/city.ts'
import { radioFacts } from '../../../simulators/models/radio.ts'
import { drift, unit } from '../../../simulators/noise.ts'
import type { BoardPoint } from '../../../stores/readings/board-points.ts'
import { openAlerts, type SeededAlert } from './alerts.ts'
import { type BoardCity, groupedBy } from './city.ts'

/** Each minute for the last quarter of an hour, every five minutes before it, up to `end`. */
function moments({ end }: BoardCity, hours: number): number[] {
  const all: number[] = []
  const recent = end - 15 * minuteMs
  for (let at = end - hours * hourMs; at < recent; at += 5 * minuteMs) all.push(at)
  for (let at = recent; at <= end; at += minuteMs) all.push(at)
  return all
}

export function* siteStates(
  board: BoardCity,
  alerts: readonly SeededAlert[],
): Generator<BoardPoint> {
  const devicesOf = groupedBy(board.city.devices, ({ site }) => site)
  for (const at of moments(board, 26)) {
    const open = openAlerts(alerts, at)
    for (const one of open) yield openAlertPoint(one, at)
    const openOf = groupedBy(open, ({ view }) => view.site?.id)
    for (const site of board.sites.values()) {
      const devices = devicesOf.get(site.id) ?? []
      const own = openOf.get(site.id) ?? []
      const heard = devices.map((device) => Math.min(at - 90_000, board.silentFrom(device)))
      yield siteStatePoint(
        site,
        {
          level: Math.max(0, ...own.map(({ view }) => levelCode(view.level))),
          alerts: own.length,
          devices: devices.length,
          devicesSilent: devices.filter((device) => board.silentFrom(device) < at).length,
          heardAt: Math.max(...heard),
        },
        at,
      )
    }
  }
}

export function* deviceStates(board: BoardCity): Generator<BoardPoint> {
  for (const device of registryDevices(board.city, 1)) {
    const made = board.city.devices.find(({ id }) => id === device.id)
    if (made === undefined) continue
    for (let at = board.end - 26 * hourMs; at <= board.end; at += 10 * minuteMs) {
      const isSilent = board.silentFrom(made) < at
      const readings = Object.entries(radioFacts(made, at)).flatMap(([property, value]) =>
        typeof value === 'number'
          ? [[property, readingOf(device.id, property, { value, at })] as const]
          : [],
      )
      yield deviceStatePoint(
        device,
        {
          district: board.sites.get(made.site)?.district ?? null,
          heardAt: isSilent ? board.silentFrom(made) : at - 90_000,
          isOnline: !isSilent,
          readings: new Map(readings),
          refused: unit(made.key, 901) < 0.1 ? 1 + Math.floor(unit(made.key, 900) * 9) : 0,
        },
        at,
      )
    }
  }
}

function readingOf(
  device: string,
  property: string,
  { value, at }: { value: number; at: number },
): Reading {
  return { device, property, value, quality: 1, observedAt: at, receivedAt: at }
}

/** Chance of each code in a minute. */
const chances: Partial<Record<RefusalCode, number>> = {
  out_of_range: 0.4,
  malformed: 0.07,
  too_old: 0.05,
  unknown_property: 0.04,
}

export function* refusals(board: BoardCity): Generator<BoardPoint> {
  let totals: Map<RefusalCode, number> = new Map()
  for (let at = board.end - 26 * hourMs; at <= board.end; at += minuteMs) {
    const next = new Map(
      refusalCodes.map((code, i) => {
        const isOne = unit(901 + i, at / minuteMs) < (chances[code] ?? 0)
        return [code, (totals.get(code) ?? 0) + (isOne ? 1 : 0)]
      }),
    )
    yield* refusedPoints(next, totals, at)
    totals = next
  }
}

export function* platform(board: BoardCity): Generator<BoardPoint> {
  const stepMs = 10_000
  let stored = 4_000_000
  let duplicate = 31_000
  let quarantined = 480
  for (let at = board.end - 6 * hourMs; at <= board.end; at += stepMs) {
    const burst = at > board.end - 2 * hourMs && at < board.end - 1.6 * hourMs
    const perStep = Math.round(burst ? 900 : 210 + 60 * drift(1, at, hourMs))
    stored += perStep
    duplicate += Math.round(perStep * 0.012)
    quarantined += unit(7, at / stepMs) < 0.12 ? 1 : 0
    const inFlight = Math.round((burst ? 900 : 24) * unit(8, at / stepMs))
    yield platformPoint(
      {
        received: stored + duplicate + quarantined + inFlight,
        stored,
        duplicate,
        quarantined,
        inFlight,
        journalLagUplinks: Math.round((burst ? 420 : 9) * unit(11, at / stepMs)),
        ingestLagMs: (burst ? 3_100 : 140) * (0.6 + unit(9, at / stepMs)),
        alertsLagMs: 50 * (0.6 + unit(10, at / stepMs)),
        outboxPending: burst ? Math.round(12 * unit(14, at / stepMs)) : 0,
        outboxOldestMs: burst ? 40_000 * unit(15, at / stepMs) : 0,
        connections: 190 + Math.round(8 * drift(2, at, 2 * hourMs)),
        ackMs: {
          p50: 1.1 + 0.4 * unit(12, at / stepMs),
          p99: (burst ? 14 : 5) * (0.7 + 0.6 * unit(13, at / stepMs)),
        },
        memoryBytes: (212 + 18 * drift(3, at, hourMs)) * 1e6,
      },
      at,
    )
  }
}
