/**
 * Where a store is built anew before it takes the place of the one that is there. A replay that was interrupted goes on
 * there; the swap is one renaming, so that at every moment one of the two stores is whole and in place.
 */

import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { Fault } from '../domain/errors.ts'
import type { Stretch } from '../stores/readings/readings.ts'

const noteSchema = z.object({
  format: z.literal(1),
  /** Times of receipt, milliseconds since 1970 UTC. */
  from: z.number().nullable(),
  to: z.number().nullable(),
  /** Positions after `from` up to `to` that could not be read. */
  missing: z.array(z.object({ from: z.number(), to: z.number() })),
})
type Note = z.infer<typeof noteSchema>

/** Stretches that are listed; a store that misses more is told by their sum. */
const missingMax = 10_000

export interface Stage {
  readonly missing: readonly Stretch[]
  /** A replay was interrupted here, and this one goes on. */
  readonly isContinued: boolean
  /** Remembered also when this replay is interrupted. */
  miss(stretch: Stretch): void
}

export interface StageOptions {
  folder: string
  from: number | null
  to: number | null
  isRestarted: boolean
}

/** Throws `conflict` when another replay was interrupted there, or when something else is there. */
export function openStage({ folder, from, to, isRestarted }: StageOptions): Stage {
  const path = join(folder, 'replay.json')
  if (isRestarted && existsSync(path)) rmSync(folder, { recursive: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const before = existsSync(path) ? noteSchema.parse(JSON.parse(readFileSync(path, 'utf8'))) : null
  if (before !== null && (before.from !== from || before.to !== to)) {
    throw new Fault(
      'conflict',
      `A replay of other times was interrupted in ${folder}. Give the same --from and --to to go on with it, or --restart to throw it away.`,
    )
  }
  if (
    before === null &&
    (existsSync(join(folder, 'readings.db')) || existsSync(join(folder, 'influx.db')))
  ) {
    throw new Fault(
      'conflict',
      `${folder} holds a store that is not of a replay; name a new folder.`,
    )
  }
  const note: Note = before ?? { format: 1, from, to, missing: [] }
  const save = () => {
    writeFileSync(`${path}.new`, JSON.stringify(note), { mode: 0o600 })
    renameSync(`${path}.new`, path)
  }
  save()
  return {
    missing: note.missing,
    isContinued: before !== null,
    miss(stretch) {
      const isKnown = note.missing.some(
        ({ from: a, to: b }) => a === stretch.from && b === stretch.to,
      )
      if (isKnown || note.missing.length >= missingMax) return
      note.missing.push(stretch)
      save()
    },
  }
}

/**
 * Puts the database file `fresh`, closed and whole, in the place of `file`, which no process may have open. What was
 * there is kept beside it, with `name` in its name: returns where, or null when nothing was there.
 */
export function swapIn(
  fresh: string,
  { file, name }: { file: string; name: string },
): string | null {
  if (existsSync(`${fresh}-wal`)) throw new Error(`${fresh} was not closed as it should be.`)
  const aside = existsSync(file) ? file.replace(/\.db$/, `-before-${name}.db`) : null
  if (aside !== null) {
    // The log goes first: it must never lie beside a database that it is not of.
    if (existsSync(`${file}-wal`)) renameSync(`${file}-wal`, `${aside}-wal`)
    rmSync(`${file}-shm`, { force: true })
    linkSync(file, aside)
  }
  renameSync(fresh, file)
  syncFolder(dirname(file))
  rmSync(dirname(fresh), { recursive: true, force: true })
  return aside
}

/** A name in a folder survives a power cut only after this. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
