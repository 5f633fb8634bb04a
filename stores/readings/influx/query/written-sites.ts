/**
 * Where devices stood before the registry kept placements: the tags of their points show it. Looked through once after
 * the upgrade, some devices at a time, and again from the beginning when the process or InfluxDB ends in between. Nothing
 * is written again: the points stand where they were taken.
 */

import { Fault } from '../../../../domain/errors.ts'
import type { Ports } from '../../../../domain/ports.ts'
import type { SiteSpan, WrittenSites } from '../../../../domain/written-sites.ts'
import type { Connection, Rows } from '../http/connection.ts'
import { deviceCondition, nameText } from '../http/influxql.ts'
import { fieldSuffixes, voidCode } from '../layout.ts'
import { decodeTag } from '../write/line-protocol.ts'
import type { InfluxWriterOptions } from '../options.ts'
import { inParallel } from '../../../../runtime/async/parallel.ts'
import type { ProgressFile } from '../file/progress-file.ts'
import { numberAt } from './rows.ts'

export interface WrittenSitesSearch {
  /** A bounded amount; true when there is more. */
  step(): Promise<boolean>
}

export interface WrittenSitesParts {
  connection: Pick<Connection, 'ask'>
  file: Pick<ProgressFile, 'mirror' | 'places' | 'tagsDue' | 'tellPlaces' | 'acceptPlaces'>
  options: Pick<InfluxWriterOptions, 'placeOf' | 'placements' | 'onWritten'>
  ports: Pick<Ports, 'clock' | 'log'>
}

const devicesPerStep = 100
const questionsAtOnceMax = 4
const retryMs = 60_000

/** A property of devices, and its measurement. */
interface Asked {
  measurement: string
  property: string
  devices: string[]
}

/** By device, then by site. */
type Found = Map<string, Map<string | null, SiteSpan>>

export function createWrittenSitesSearch(parts: WrittenSitesParts): WrittenSitesSearch {
  const { connection, file, options, ports } = parts
  const { placeOf, placements, onWritten } = options
  let after = ''
  let placed = 0
  let isDone = false
  let waitUntil = Number.NEGATIVE_INFINITY
  let isNoted = false

  function questionsOf(devices: readonly string[]): Asked[] {
    const { register } = file.mirror
    const asked = new Map<string, Asked>()
    for (const device of devices) {
      for (const id of register.seriesOfDevice(device)) {
        const series = register.get(id)
        if (series === undefined) continue
        const { property, keys } = series
        const known = asked.get(property)
        if (known === undefined)
          asked.set(property, { measurement: keys.measurement, property, devices: [device] })
        else known.devices.push(device)
      }
    }
    return [...asked.values()]
  }

  async function spansOf(devices: readonly string[], isExact: boolean): Promise<Found> {
    const found: Found = new Map()
    await inParallel(questionsOf(devices), questionsAtOnceMax, async (asked) => {
      for (const end of isExact ? (['first', 'last'] as const) : (['first'] as const)) {
        const answer = await connection.ask(statementOf(asked, end, isExact))
        if (answer === undefined) throw new Fault('store_unavailable', 'InfluxDB sent no JSON.')
        for (const rows of answer) take(rows, found)
      }
    })
    return found
  }

  /** Of devices that nothing is known of and whose points do not all stand where they are now. */
  async function written(devices: readonly string[]): Promise<WrittenSites[]> {
    const unknown = devices.filter((device) => placements?.of(device) === undefined)
    const moved = [...(await spansOf(unknown, false))].flatMap(([device, spans]) => {
      const present = placeOf(device)?.site ?? null
      return [...spans.keys()].some((site) => site !== present) ? [device] : []
    })
    return [...(await spansOf(moved, true))].map(([device, spans]) => ({
      device,
      spans: [...spans.values()],
    }))
  }

  async function look(tell: NonNullable<typeof onWritten>): Promise<boolean> {
    const devices = file.tagsDue.devicesAfter(after, devicesPerStep)
    const found = await written(devices)
    if (found.length > 0) {
      file.tellPlaces(found.map(({ device }) => device))
      const known = await tell(found)
      file.acceptPlaces(known)
      placed += known.length
    }
    after = devices.at(-1) ?? after
    if (devices.length === devicesPerStep) return true
    file.tagsDue.set(false)
    isDone = true
    ports.log.info(
      { devices: placed },
      'Where devices stood before placements were kept was learned from the tags of InfluxDB.',
    )
    return false
  }

  return {
    async step() {
      if (isDone || onWritten === undefined || file.places.isHeld) return false
      if (ports.clock.monotonic() < waitUntil) return false
      if (!file.tagsDue.isDue()) {
        isDone = true
        return false
      }
      try {
        return await look(onWritten)
      } catch (error) {
        waitUntil = ports.clock.monotonic() + retryMs
        // The registry may have learned it all the same: that is taken over like after a crash.
        file.places.clear()
        if (!isNoted) {
          ports.log.warn(
            { error },
            'Where devices stood before placements were kept cannot be learned from InfluxDB now; it is tried again.',
          )
        }
        isNoted = true
        return false
      }
    },
  }
}

/** Without a condition on values InfluxDB looks at one point of a series; with it, what was taken away does not count. */
function statementOf(
  { measurement, property, devices }: Asked,
  end: 'first' | 'last',
  isExact: boolean,
): string {
  const code = nameText(`${property}${fieldSuffixes.flag}`)
  const counts = isExact ? ` AND ${code} <> ${voidCode}` : ''
  const where = `${deviceCondition(devices)}${counts}`
  return `SELECT ${end}(${code}) FROM ${nameText(measurement)} WHERE ${where} GROUP BY "device", "site"`
}

function take({ tags, columns, values }: Rows, found: Found): void {
  const device = decodeTag(tags.device ?? '')
  const site = decodeTag(tags.site ?? '') || null
  const at = numberAt(values[0] ?? [], columns.indexOf('time'))
  if (at === undefined) return
  const own = found.get(device) ?? new Map<string | null, SiteSpan>()
  found.set(device, own)
  const { first = at, last = at } = own.get(site) ?? {}
  own.set(site, { site, first: Math.min(first, at), last: Math.max(last, at) })
}
