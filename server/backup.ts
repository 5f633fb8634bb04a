/**
 * A consistent copy of a running system, and the way back.
 *
 * Every store carries its own position in the journal, so copies of different moments fit together as long
 * as the journal copy reaches back to the oldest position: stores are copied first, the journal last, and
 * while a backup runs the journal drops nothing (the `hold` file). After a restore the server does again
 * what lies behind each position, which changes nothing that was done before.
 */

import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, copyFile, mkdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { Fault } from '../domain/errors.ts'
import type { Clock, Timers } from '../domain/ports.ts'
import { listArchive } from '../stores/journal/archive/archive-files.ts'
import { checkSqlite, copySqlite, isDamaged } from '../stores/sqlite-copy.ts'
import { type DataLayout, layoutOf } from './layout.ts'

const manifestName = 'bellwether-backup.json'
const holdTouchMs = 60_000

const manifestSchema = z.object({
  format: z.literal(1),
  madeAt: z.iso.datetime(),
  files: z.array(
    z.object({
      path: z.string().regex(/^[\w.-]+(\/[\w.-]+)?$/),
      bytes: z.number(),
      sha256: z.string(),
    }),
  ),
})
export type Manifest = z.infer<typeof manifestSchema>

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
  await writeFile(join(partial, manifestName), JSON.stringify(manifest, null, 2), { mode: 0o600 })
  await rename(partial, target)
  return manifest
}

/** Brings a backup into `dataDir`, which must be empty or absent. Every file is checked before it is used. */
export async function restore(source: string, dataDir: string): Promise<Manifest> {
  const manifest = readManifest(source)
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0) {
    throw new Fault(
      'conflict',
      `${dataDir} is not empty; restore into a new folder, or move the old one away.`,
    )
  }
  for (const file of manifest.files) {
    const { bytes, sha256 } = await digest(source, file.path)
    if (bytes !== file.bytes || sha256 !== file.sha256) {
      throw new Fault(
        'impossible',
        `${join(source, file.path)} is not as it was when the backup was made.`,
      )
    }
  }
  const partial = `${dataDir}.restoring`
  await rm(partial, { recursive: true, force: true })
  await mkdir(join(partial, 'journal'), { recursive: true, mode: 0o700 })
  for (const { path } of manifest.files) {
    await mkdir(dirname(join(partial, path)), { recursive: true, mode: 0o700 })
    await copyFile(join(source, path), join(partial, path))
    await chmod(join(partial, path), 0o600)
    // Segments of the journal check themselves record by record; a damaged one is better than none.
    if (!/^(journal|archive)\//.test(path)) checkSqlite(join(partial, path))
  }
  await rm(dataDir, { recursive: true, force: true })
  await rename(partial, dataDir)
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
  return Promise.all(paths.map(async (path) => ({ path, ...(await digest(folder, path)) })))
}

async function digest(folder: string, path: string): Promise<{ bytes: number; sha256: string }> {
  const full = join(folder, path)
  if (!existsSync(full)) throw new Fault('not_found', `${full} is missing.`)
  const hash = createHash('sha256')
  await pipeline(createReadStream(full), hash)
  return { bytes: (await stat(full)).size, sha256: hash.digest('hex') }
}

function readManifest(source: string): Manifest {
  const path = join(source, manifestName)
  if (!existsSync(path)) {
    throw new Fault('not_found', `${source} is not a backup: it has no ${manifestName}.`)
  }
  return manifestSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
}
