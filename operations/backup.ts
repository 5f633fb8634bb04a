/**
 * A consistent copy of a running system; `restore.ts` is the way back.
 *
 * Every store carries its own position in the journal, so copies of different moments fit together as long
 * as the journal copy reaches back to the oldest position: stores are copied first, the journal last, and
 * while a backup runs the journal drops nothing (the `hold` file). After a restore the server does again
 * what lies behind each position, which changes nothing that was done before.
 */

import { existsSync, readdirSync } from 'node:fs'
import { chmod, copyFile, mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { Fault } from '../domain/errors.ts'
import type { Clock, Timers } from '../domain/ports.ts'
import { listArchive } from '../stores/journal/archive/archive-files.ts'
import { copySqlite, isDamaged } from '../stores/sqlite-copy.ts'
import { digest, type Manifest, writeManifest } from './backup-manifest.ts'
import { type DataLayout, layoutOf } from '../runtime/data-layout.ts'

const holdTouchMs = 60_000

export interface BackupOptions {
  clock: Clock
  timers: Timers
  /** Take the journal archive along. Its files never change, so it may as well be copied by other means. */
  withArchive?: boolean
}

/** Copies the system under `dataDir` to the new folder `target`; the server may run or not. */
export async function backup(
  dataDir: string,
  target: string,
  options: BackupOptions,
): Promise<Manifest> {
  const layout = layoutOf(dataDir)
  if (!existsSync(layout.registry)) {
    throw new Fault('not_found', `There is no Bellwether data in ${dataDir}.`)
  }
  if (existsSync(target))
    throw new Fault('conflict', `${target} exists already; name a new folder.`)
  const partial = `${target}.partial`
  await rm(partial, { recursive: true, force: true })
  await mkdir(join(partial, 'journal'), { recursive: true, mode: 0o700 })
  const release = await holdJournal(layout, options)
  try {
    for (const path of storesOf(layout)) copySqlite(path, join(partial, basename(path)))
    for (const path of segmentsOf(layout)) {
      await copySegment(path, join(partial, 'journal', basename(path)))
    }
  } finally {
    await release()
  }
  if (options.withArchive) await copyArchive(layout, partial)
  const manifest: Manifest = {
    format: 1,
    madeAt: new Date(options.clock.now()).toISOString(),
    files: await describe(partial),
  }
  await writeManifest(partial, manifest)
  await rename(partial, target)
  return manifest
}

function storesOf(layout: DataLayout): string[] {
  const { alerts, readings, influx, ledger, registry } = layout
  return [alerts, readings, influx, ledger, registry].filter((path) => existsSync(path))
}

function segmentsOf(layout: DataLayout): string[] {
  if (!existsSync(layout.journal)) return []
  return readdirSync(layout.journal)
    .filter((name) => name.endsWith('.journal'))
    .sort()
    .map((name) => join(layout.journal, name))
}

/** A damaged segment is copied as it is: its readers find the sound records, and report the rest. */
async function copySegment(from: string, to: string): Promise<void> {
  try {
    copySqlite(from, to)
  } catch (error) {
    if (!isDamaged(error)) throw error
    await rm(to, { force: true })
    await copyFile(from, to)
    if (existsSync(`${from}-wal`)) await copyFile(`${from}-wal`, `${to}-wal`)
  }
}

/** A file that is past its time meanwhile is not missed. */
async function copyArchive({ archive }: DataLayout, partial: string): Promise<void> {
  await mkdir(join(partial, 'archive'), { recursive: true, mode: 0o700 })
  for (const { path } of listArchive(archive)) {
    try {
      await copyFile(path, join(partial, 'archive', basename(path)))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}

/** Keeps the broker from dropping segments; touched again and again, so that a dead backup is forgotten. */
async function holdJournal(
  layout: DataLayout,
  { clock, timers }: { clock: Clock; timers: Timers },
): Promise<() => Promise<void>> {
  const hold = join(layout.journal, 'hold')
  await mkdir(layout.journal, { recursive: true, mode: 0o700 })
  await writeFile(hold, '')
  const cancel = timers.every(holdTouchMs, () => {
    const seconds = clock.now() / 1_000
    void utimes(hold, seconds, seconds).catch(() => cancel())
  })
  return async () => {
    cancel()
    await rm(hold, { force: true })
  }
}

async function describe(folder: string): Promise<Manifest['files']> {
  const folders = [folder, join(folder, 'journal'), join(folder, 'archive')].filter(existsSync)
  const paths = folders.flatMap((dir) =>
    readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(dir, entry.name))),
  )
  return Promise.all(
    paths.map(async (path) => {
      // It holds secrets, whatever the mode of what it was copied from.
      await chmod(join(folder, path), 0o600)
      return { path, ...(await digest(folder, path)) }
    }),
  )
}
