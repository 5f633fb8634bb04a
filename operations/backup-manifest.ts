/** What a backup says of itself: its files with size and checksum. Written last, so a folder that has it is whole. */

import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { Fault } from '../domain/errors.ts'
import { forbidden, isForbidden } from '../runtime/file-rights.ts'

const name = 'bellwether-backup.json'

const schema = z.object({
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
export type Manifest = z.infer<typeof schema>

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const text = JSON.stringify(manifest, null, 2)
  await writeFile(join(folder, name), text, { mode: 0o600, flush: true })
}

export function hasManifest(folder: string): boolean {
  return existsSync(join(folder, name))
}

/** Throws `not_found` when the folder is no backup, `forbidden` when it may not be read, `impossible` when it is damaged. */
export function readManifest(folder: string): Manifest {
  const path = join(folder, name)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (isForbidden(error)) throw forbidden(path, 'A restore reads it')
    const what = existsSync(folder) ? `it has no ${name}` : 'there is no such folder'
    throw new Fault('not_found', `${folder} is not a backup: ${what}.`)
  }
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new Fault('impossible', `${path} is damaged: it is not what a backup writes.`, { cause })
  }
}

/** Throws `not_found` or `forbidden`. */
export async function digest(
  folder: string,
  path: string,
): Promise<{ bytes: number; sha256: string }> {
  const full = join(folder, path)
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(full), hash)
    return { bytes: (await stat(full)).size, sha256: hash.digest('hex') }
  } catch (error) {
    if (isForbidden(error)) throw forbidden(full, 'A restore reads it')
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new Fault('not_found', `${full} is missing.`)
  }
}
