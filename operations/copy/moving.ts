/**
 * Moves the readings of a data folder to another store: copies and compares while the server runs, and with `isFinishing`
 * goes on until the server has stopped, then takes over position and counts, so that a server that is started with the
 * new store goes on behind the same uplink.
 */

import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { Registry } from 'prom-client'
import type { Config } from '../../config.ts'
import { Fault } from '../../domain/errors.ts'
import type { Ports } from '../../domain/ports.ts'
import type { Progress } from '../../stores/readings/readings.ts'
import { openRegistryView } from '../../stores/records/sqlite-registry.ts'
import { lockRole } from '../../stores/role-lock.ts'
import { systemPorts } from '../../runtime/system.ts'
import { layoutOf } from '../../runtime/data-layout.ts'
import {
  type ReadingsKind,
  type ReadingsPlace,
  readingsPlace,
} from '../../stores/readings/store-location.ts'
import { lockServer } from '../../stores/server-lock.ts'
import { type Copy, type CopyTold, type CopyTotals, createCopy } from './copy.ts'
import { openNote } from './note.ts'

/** How often the feed is drained and the server looked for while it is to be stopped. */
const followEveryMs = 250

export interface MoveWish {
  to: ReadingsKind
  /** Data folder of the new store; null: the same one. */
  into: string | null
  isFinishing: boolean
  /** Compare also what was found the same before. */
  isComparingAll: boolean
}

export interface Moved {
  source: string
  target: string
  totals: CopyTotals
  /** What the new store took over; null when the move is not finished. */
  progress: Progress | null
}

export interface MoveTelling {
  onProgress(told: CopyTold): void
  /** A copy was interrupted, or made before, and this one goes on. */
  onContinued(): void
  /** All is copied, and the server is to be stopped now. */
  onReady(): void
}

/** Throws `not_found`, `conflict` when the new store was in use or another copy runs, `impossible`. */
export async function moveReadings(
  config: Config,
  wish: MoveWish,
  telling: MoveTelling,
): Promise<Moved> {
  const layout = layoutOf(config.dataDir)
  const from = readingsPlace(config)
  const to = readingsPlace(config, wish.to, wish.into ?? config.dataDir)
  if (!existsSync(from.file)) {
    throw new Fault('not_found', `There are no readings in ${config.dataDir}.`)
  }
  if (resolve(to.file) === resolve(from.file)) {
    throw new Fault('impossible', `The readings are in ${from.title} already.`)
  }
  const locks = [lockRole(layout.run, 'copy')]
  try {
    // Nobody else may write the new store; in the same folder the server writes the old one.
    if (wish.into !== null) locks.push(lockRole(layoutOf(wish.into).run, 'ingest'))
    return await move(config, { from, to, wish, telling })
  } finally {
    for (const unlock of locks) unlock()
  }
}

interface Move {
  from: ReadingsPlace
  to: ReadingsPlace
  wish: MoveWish
  telling: MoveTelling
}

async function move(config: Config, plan: Move): Promise<Moved> {
  const { from, to, wish, telling } = plan
  const layout = layoutOf(config.dataDir)
  const ports = systemPorts(config.logLevel, 'copy', new Registry())
  const registry = await openRegistryView({ path: layout.registry })
  const source = (await from.open(from.file, ports)).openReader()
  const store = await to.open(to.file, ports)
  const { writer } = store.openWriter({
    registry,
    onRefused: (refused) =>
      ports.log.error(
        { readings: refused.length, reason: refused[0]?.reason },
        'The new store refuses readings.',
      ),
    isAlone: true,
  })
  const target = store.openReader()
  let unlock: (() => void) | null = null
  try {
    const note = openNote({
      path: join(dirname(to.file), `copy-to-${to.kind}.json`),
      source: from.title,
      target: to.title,
      position: await source.position(),
    })
    if (note.isNew) await checkUnused(writer, to)
    else telling.onContinued()
    await checkBehind(writer, source, to)
    if (wish.isComparingAll) note.allChanged()
    note.save()
    const copy = createCopy({
      ...{ source, target, writer, note, clock: ports.clock, tell: telling.onProgress },
    })
    await copy.copyAll()
    await copy.compareAll()
    const names = { source: from.title, target: to.title }
    if (!wish.isFinishing) return { ...names, totals: copy.totals(), progress: null }
    unlock = await serverStopped(copy, layout.run, { ports, onReady: telling.onReady })
    if (!(await copy.compareToTheEnd())) throw notTheSame(copy.totals())
    const progress = await source.progress()
    await writer.adopt(progress)
    return { ...names, totals: copy.totals(), progress }
  } finally {
    unlock?.()
    await Promise.all([source.close(), target.close(), writer.close(), registry.close()])
  }
}

type HasProgress = { progress(): Progress | Promise<Progress> }

async function checkUnused(writer: HasProgress, { title }: ReadingsPlace): Promise<void> {
  const { seq, received } = await writer.progress()
  if (seq === 0 && received === 0) return
  throw new Fault(
    'conflict',
    `${title} has been in use: it stands at position ${seq} and has received ${received} readings. A copy needs a new store.`,
  )
}

async function checkBehind(
  writer: HasProgress,
  source: HasProgress,
  { title }: ReadingsPlace,
): Promise<void> {
  const [theirs, ours] = [(await writer.progress()).seq, (await source.progress()).seq]
  if (theirs <= ours) return
  throw new Fault(
    'conflict',
    `${title} is ahead, at position ${theirs} and not ${ours}: a server has used it since. Copying would bring back old readings.`,
  )
}

/** Keeps the new store in step until no server runs; returns what lets one start again. */
async function serverStopped(
  copy: Copy,
  runDir: string,
  { ports, onReady }: { ports: Ports; onReady: () => void },
): Promise<() => void> {
  for (let isTold = false; ; isTold = true) {
    await copy.follow()
    const unlock = lockServer(runDir)
    if (unlock !== null) return unlock
    if (!isTold) onReady()
    await new Promise<void>((resolve) => ports.timers.after(followEveryMs, resolve))
  }
}

function notTheSame({ open }: CopyTotals): Fault {
  return new Fault(
    'impossible',
    `The stores still differ in ${open} stretches of time although all of it was written: see the log for readings that the new store refuses.`,
  )
}
