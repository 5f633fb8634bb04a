/**
 * Brings a backup into a data folder, which may be a mount point or a volume: nothing is renamed but inside of it.
 *
 * All files are copied into the folder `restoring` below it, and its manifest last. Until that is there, nothing has
 * happened: a server does not start on such a folder, and a restore begins again. Once it is there, the restore has
 * happened: whoever comes next moves the files to their places, however often that is cut short.
 */

import { existsSync, readdirSync } from 'node:fs'
import { chmod, copyFile, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ConfigError } from '../config.ts'
import { Fault } from '../domain/errors.ts'
import { checkSqlite } from '../stores/sqlite-copy.ts'
import {
  digest,
  hasManifest,
  type Manifest,
  readManifest,
  writeManifest,
} from './backup-manifest.ts'
import { openDataFolder } from '../runtime/data-folder.ts'

const restoringName = 'restoring'
/** What a new file system brings along. */
const notOurs = new Set(['lost+found'])

/** `dataDir` must be empty or absent. Every file is checked before it is used. */
export async function restore(source: string, dataDir: string): Promise<Manifest> {
  const manifest = readManifest(source)
  const finished = await finishRestore(dataDir)
  if (finished !== null && JSON.stringify(finished) === JSON.stringify(manifest)) return manifest
  if (!isEmpty(dataDir)) {
    throw new Fault(
      'conflict',
      `${dataDir} is not empty; restore into a new folder, or move what is in it away.`,
    )
  }
  for (const file of manifest.files) await check(source, file)
  const wasThere = existsSync(dataDir)
  openDataFolder(dataDir)
  const partial = join(dataDir, restoringName)
  try {
    await rm(partial, { recursive: true, force: true })
    await copyAll(source, partial, manifest)
  } catch (error) {
    await rm(wasThere ? partial : dataDir, { recursive: true, force: true })
    throw error
  }
  await writeManifest(partial, manifest)
  await finishRestore(dataDir)
  return manifest
}

/** Ends a restore that was cut short when all of it was there already; null when there was none. */
export async function finishRestore(dataDir: string): Promise<Manifest | null> {
  const partial = join(dataDir, restoringName)
  if (!hasManifest(partial)) return null
  const manifest = readManifest(partial)
  for (const { path } of manifest.files) {
    if (!existsSync(join(partial, path))) continue
    await mkdir(dirname(join(dataDir, path)), { recursive: true, mode: 0o700 })
    await rename(join(partial, path), join(dataDir, path))
  }
  await rm(partial, { recursive: true, force: true })
  await syncFolder(dataDir)
  return manifest
}

export function isRestoring(dataDir: string): boolean {
  return existsSync(join(dataDir, restoringName))
}

/** For whoever is about to use the data folder. Throws `ConfigError` when a restore has not come far enough. */
export async function settleRestore(dataDir: string): Promise<void> {
  await finishRestore(dataDir)
  if (!isRestoring(dataDir)) return
  throw new ConfigError(
    `BELLWETHER_DATA_DIR="${dataDir}" cannot be used: a restore into it is under way or was cut short. Run "bellwether restore" again, or remove ${join(dataDir, restoringName)} to begin with nothing.`,
  )
}

function isEmpty(dataDir: string): boolean {
  if (!existsSync(dataDir)) return true
  return readdirSync(dataDir).every((name) => name === restoringName || notOurs.has(name))
}

async function check(source: string, file: Manifest['files'][number]): Promise<void> {
  const { bytes, sha256 } = await digest(source, file.path)
  if (bytes === file.bytes && sha256 === file.sha256) return
  throw new Fault(
    'impossible',
    `${join(source, file.path)} is not as it was when the backup was made.`,
  )
}

async function copyAll(source: string, partial: string, { files }: Manifest): Promise<void> {
  await mkdir(join(partial, 'journal'), { recursive: true, mode: 0o700 })
  for (const { path } of files) {
    const to = join(partial, path)
    await mkdir(dirname(to), { recursive: true, mode: 0o700 })
    await copyFile(join(source, path), to)
    await chmod(to, 0o600)
    // Segments of the journal check themselves record by record; a damaged one is better than none.
    if (!/^(journal|archive)\//.test(path)) checkSqlite(to)
    await syncFile(to)
  }
  for (const folder of new Set(files.map(({ path }) => dirname(join(partial, path))))) {
    await syncFolder(folder)
  }
}

/** On disk before the manifest says so. */
async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
