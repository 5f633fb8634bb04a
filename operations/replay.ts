/**
 * Rebuilds the readings store from what was received: the journal archive, then the journal, judged again by the
 * registry as it is now. It is built beside the store that is there, also while a server runs, and takes its place when
 * none does: then the server goes on behind the last uplink that was replayed. Alerts keep their own position, so
 * nothing is raised again.
 */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import type { Config } from '../config.ts'
import { Fault } from '../domain/errors.ts'
import type { Progress } from '../stores/readings/readings.ts'
import { lockRole } from '../stores/role-lock.ts'
import { systemPorts } from '../runtime/system.ts'
import { layoutOf } from '../runtime/data-layout.ts'
import { fileIn, type ReadingsPlace, readingsPlace } from '../stores/readings/store-location.ts'
import { type Build, openBuild } from './replay-build.ts'
import type { ReplayProgress } from './replay-run.ts'
import { openStage, type Stage, swapIn } from './replay-stage.ts'
import { lockServer } from '../stores/server-lock.ts'

export interface ReplayWish {
  /** Only uplinks received from then, to then (exclusive); null: no limit. */
  from: number | null
  to: number | null
  /** A folder where an embedded store is made that replaces nothing; null: the store of the data folder. */
  into: string | null
  /** A store that has readings may be replaced. */
  isReplacing: boolean
  /** Throw away what an interrupted replay has made. */
  isRestarted: boolean
}

export interface Replayed {
  /** Of this run. */
  counts: Build['counts']
  /** Of the new store. */
  progress: Progress
  missing: Stage['missing']
  /** The file that holds the new store, or its position and counts. */
  file: string
  /** Where the store that was there is now; null when there was none. */
  keptAs: string | null
  /** False when a server runs: the new store waits beside the old one for another run. */
  isInPlace: boolean
}

export interface ReplayTelling {
  onProgress(progress: ReplayProgress): void
  /** A replay was interrupted at this position, and this one goes on. */
  onContinued(position: number): void
  now(): number
}

/** Throws `not_found`; `conflict` when a store with readings would be replaced unasked, or another replay runs. */
export async function replayHistory(
  config: Config,
  wish: ReplayWish,
  telling: ReplayTelling,
): Promise<Replayed> {
  const layout = layoutOf(config.dataDir)
  if (!existsSync(layout.registry)) {
    throw new Fault('not_found', `There is no Bellwether data in ${config.dataDir}.`)
  }
  const unlock = lockRole(layout.run, 'replay')
  try {
    return await (wish.into === null
      ? replayInPlace(config, wish, telling)
      : replayInto(wish.into, config, { wish, telling }))
  } finally {
    unlock()
  }
}

async function replayInto(
  folder: string,
  config: Config,
  { wish, telling }: { wish: ReplayWish; telling: ReplayTelling },
): Promise<Replayed> {
  const stage = openStage({ ...wish, folder })
  const place = readingsPlace(config, 'sqlite', folder)
  const { file } = place
  const build = await openBuild(config, {
    ...{ ...wish, place, file, stage, isQuarantining: false, tell: telling.onProgress },
  })
  try {
    if (stage.isContinued) telling.onContinued((await build.progress()).seq)
    const progress = await build.run()
    const { missing } = stage
    return { counts: build.counts, progress, missing, file, keptAs: null, isInPlace: true }
  } finally {
    await build.close()
  }
}

async function replayInPlace(
  config: Config,
  wish: ReplayWish,
  telling: ReplayTelling,
): Promise<Replayed> {
  const layout = layoutOf(config.dataDir)
  const place = readingsPlace(config)
  if (!wish.isReplacing) await checkEmpty(place, config)
  const folder = join(config.dataDir, 'replay')
  const stage = openStage({ ...wish, folder })
  const file = fileIn(folder, place)
  const build = await openBuild(config, {
    ...{ ...wish, place, file, stage, isQuarantining: true, tell: telling.onProgress },
  })
  let unlock: (() => void) | null = null
  try {
    if (stage.isContinued) telling.onContinued((await build.progress()).seq)
    let progress = await build.run()
    unlock = lockServer(layout.run)
    const result = { counts: build.counts, missing: stage.missing, file, keptAs: null }
    if (unlock === null) return { ...result, progress, isInPlace: false }
    // What came between the end of the first run and the end of the server.
    progress = await build.run()
    await build.close()
    const keptAs = swapIn(file, { file: place.file, name: momentName(telling.now()) })
    return { ...result, progress, file: place.file, keptAs, isInPlace: true }
  } finally {
    await build.close()
    unlock?.()
  }
}

async function checkEmpty(place: ReadingsPlace, { logLevel }: Config): Promise<void> {
  if (!existsSync(place.file)) return
  const ports = systemPorts(logLevel, 'replay', new Registry())
  const reader = (await place.open(place.file, ports)).openReader()
  try {
    const { stored } = await reader.progress()
    if (stored === 0) return
    throw new Fault(
      'conflict',
      `${place.title} holds ${stored} readings. --replace puts the rebuilt store in its place (the old one is kept beside it); --into FOLDER leaves it alone.`,
    )
  } finally {
    await reader.close()
  }
}

function momentName(now: number): string {
  return new Date(now).toISOString().replace(/[-:]|\.\d+/g, '')
}
