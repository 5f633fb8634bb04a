/** The data folder: made when it is not there, private, and ours. */

import { accessSync, chmodSync, constants, existsSync, mkdirSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname } from 'node:path'
import { ConfigError } from '../config.ts'

/** Makes it with mode 0700. Throws `ConfigError` that says whose it is and what to do. */
export function openDataFolder(dataDir: string): void {
  try {
    makeFolder(dataDir)
  } catch (error) {
    throw new ConfigError(`${setting(dataDir)}: ${whyNotMade(dataDir, error)}`)
  }
  const trouble = folderTrouble(dataDir)
  if (trouble !== null) throw new ConfigError(`${setting(dataDir)}: ${trouble}`)
  chmodSync(dataDir, 0o700)
}

/** Level by level: `mkdirSync` of Node 20 that makes parents itself does not end on some file systems of the kernel. */
function makeFolder(path: string): void {
  const parent = dirname(path)
  if (parent !== path && !existsSync(parent)) makeFolder(parent)
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EEXIST' || !statSync(path).isDirectory()) throw error
  }
}

/** Why this user cannot run on a folder that is there, and what to do; null when it can. */
export function folderTrouble(dataDir: string): string | null {
  const { uid } = statSync(dataDir)
  const me = userInfo()
  // Root may use any folder; Windows knows no owners.
  if (me.uid > 0 && uid !== me.uid) {
    return `it belongs to the user with id ${uid}, and this process runs as ${me.username} (id ${me.uid}). Run it as that user, or give the folder away: chown -R ${me.uid} ${dataDir}`
  }
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
    return null
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'EROFS'
      ? 'it is on a file system that is mounted read-only. Mount it for writing, or set another folder.'
      : `it may not be read and written by ${me.username} (id ${me.uid}): chmod 700 ${dataDir}`
  }
}

function setting(dataDir: string): string {
  return `BELLWETHER_DATA_DIR="${dataDir}" cannot be used`
}

function whyNotMade(dataDir: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  const me = userInfo()
  if (code === 'EEXIST' || code === 'ENOTDIR') {
    return 'it, or a folder above it, is a file. Set a folder.'
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return `${me.username} (id ${me.uid}) may not make it. Make it as root: install -d -o ${me.uid} -m 0700 ${dataDir}`
  }
  if (code === 'ENOENT') return 'no folder can be made there. Set one on a disk.'
  if (code === 'EROFS') return 'the file system is mounted read-only. Set a folder on another one.'
  return `${message}.`
}
