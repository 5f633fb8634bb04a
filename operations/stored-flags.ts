/**
 * Opens the stores of the data folder for a second look at stored readings (`reevaluation.ts`), beside a server or
 * without one. Beside a server it writes seldom, because each write makes ingest read its log again.
 */

import { existsSync } from 'node:fs'
import { Registry } from 'prom-client'
import type { Config } from '../config.ts'
import { propertyOf } from '../domain/catalogue.ts'
import { Fault } from '../domain/errors.ts'
import type { Clock, Timers } from '../domain/ports.ts'
import { createQualityControl } from '../quality/quality-control.ts'
import type { Interval, ReadingsWriter } from '../stores/readings/readings.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import { openRegistryView } from '../stores/records/sqlite-registry.ts'
import { lockRole } from '../stores/role-lock.ts'
import { systemPorts } from '../runtime/system.ts'
import { layoutOf } from '../runtime/data-layout.ts'
import { readingsPlace } from '../stores/readings/store-location.ts'
import { type Reevaluation, reevaluate } from './reevaluation.ts'
import type { SeriesChoice } from './reevaluation-scope.ts'

export type { Reevaluation }

export interface ReevaluationWish extends Interval, SeriesChoice {
  /** Only find out what would change. */
  isDry: boolean
}

interface Waiting {
  clock: Clock
  timers: Timers
}

/** Between two writes beside a server, so that ingest is through with the first. */
const restMs = 500

/** Throws `not_found` when there is nothing of what is wished for, `impossible` when quality control is off. */
export async function reevaluateStored(
  config: Config,
  wish: ReevaluationWish,
  waiting: Waiting,
): Promise<Reevaluation> {
  const layout = layoutOf(config.dataDir)
  const place = readingsPlace(config)
  if (!existsSync(place.file)) {
    throw new Fault('not_found', `There are no readings in ${config.dataDir}.`)
  }
  if (!config.qualityControl) {
    throw new Fault('impossible', 'BELLWETHER_QUALITY_CONTROL is false: no reading is tested.')
  }
  const isBeside = ingestRuns(layout.run)
  if (isBeside && place.kind === 'influx' && !wish.isDry) {
    throw new Fault(
      'conflict',
      'Flags in InfluxDB can be written again only while the role "ingest" is stopped; --dry-run may run any time.',
    )
  }
  const view = await openRegistryView({ path: layout.registry })
  const ports = systemPorts(config.logLevel, 'quality', new Registry())
  const store = await place.open(place.file, ports)
  const reader = store.openReader()
  const { writer } = store.openWriter({
    registry: view,
    onRefused: (refused) =>
      ports.log.error(
        { readings: refused.length, reason: refused[0]?.reason },
        'The store refuses readings for good.',
      ),
    isAlone: true,
  })
  try {
    checkChoice(view, wish)
    const write = isBeside
      ? reviseBeside(writer, waiting.timers)
      : reviseAlone(writer, waiting.clock)
    const { isDry, ...period } = wish
    return await reevaluate(
      {
        view,
        reader,
        quality: (past, registry) => createQualityControl({ registry, past, enabled: true }),
        write: isDry ? null : write,
      },
      period,
    )
  } finally {
    await Promise.all([view.close(), reader.close(), writer.close()])
  }
}

function checkChoice(view: RegistryView, { site, device, property }: SeriesChoice): void {
  if (site !== undefined && view.site(site) === undefined) {
    throw new Fault('not_found', `There is no site "${site}".`)
  }
  if (device !== undefined && view.device(device) === undefined) {
    throw new Fault('not_found', `There is no device "${device}".`)
  }
  if (property !== undefined && propertyOf(property) === undefined) {
    throw new Fault('not_found', `There is no property "${property}" in the catalogue.`)
  }
}

function ingestRuns(runDir: string): boolean {
  try {
    lockRole(runDir, 'ingest')()
    return false
  } catch (error) {
    if (error instanceof Fault && error.code === 'conflict') return true
    throw error
  }
}

type Write = (readings: Parameters<ReadingsWriter['revise']>[0]) => Promise<number>

function reviseBeside(writer: ReadingsWriter, timers: Timers): Write {
  return async (readings) => {
    const count = await writer.revise(readings)
    await new Promise<void>((resolve) => timers.after(restMs, resolve))
    return count
  }
}

/** Nobody else keeps the log short. */
function reviseAlone(writer: ReadingsWriter, clock: Clock): Write {
  return async (readings) => {
    const count = await writer.revise(readings)
    let isMoreDue = true
    while (isMoreDue) isMoreDue = await writer.tidy(clock.now())
    return count
  }
}
