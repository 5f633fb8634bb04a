/**
 * How far a copy of readings is, in a small file beside the new store, so that it goes on after any end: the stretches
 * of observed time that were copied, which of them were found the same in both stores since, and the position in the
 * feed of the old store up to which changes were taken over.
 */

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { Fault } from '../../domain/errors.ts'
import { sumOf } from './fingerprint.ts'

const windowSchema = z.object({
  /** Observed time, from inclusive, to exclusive. */
  from: z.number(),
  to: z.number(),
  readings: z.number(),
  sum: z.tuple([z.number(), z.number()]).readonly(),
  /** Readings that only the new store holds. */
  extra: z.number(),
  /** Both stores held the same here, and nothing has changed since. */
  isSame: z.boolean(),
})
export type CopiedWindow = z.infer<typeof windowSchema>

const noteSchema = z.object({
  format: z.literal(1),
  source: z.string(),
  target: z.string(),
  /** In the feed of the source. */
  position: z.number(),
  windows: z.array(windowSchema),
})
type Note = z.infer<typeof noteSchema>

/** More windows than this are joined, the oldest first. */
const windowsMax = 2_000

export interface CopyNote {
  readonly isNew: boolean
  position: number
  /** Rising in time, without gaps. */
  readonly windows: readonly CopiedWindow[]
  add(window: CopiedWindow): void
  removeLast(): void
  replace(old: CopiedWindow, fresh: CopiedWindow): void
  /** A reading of this time was written to the old store. */
  changed(observedAt: number): void
  /** Nobody knows what was written. */
  allChanged(): void
  save(): void
}

export interface NoteOptions {
  path: string
  source: string
  target: string
  /** Where the feed of the source is now. */
  position: number
}

/** Throws `conflict` when the note is of a copy between other stores. */
export function openNote({ path, source, target, position }: NoteOptions): CopyNote {
  const before = existsSync(path) ? noteSchema.parse(JSON.parse(readFileSync(path, 'utf8'))) : null
  if (before !== null && (before.source !== source || before.target !== target)) {
    throw new Fault(
      'conflict',
      `${path} is of a copy from ${before.source} to ${before.target}. Delete it to begin another one.`,
    )
  }
  const note: Note = before ?? { format: 1, source, target, position, windows: [] }
  return {
    isNew: before === null,
    get position() {
      return note.position
    },
    set position(position) {
      note.position = position
    },
    get windows() {
      return note.windows
    },
    add(window) {
      note.windows.push(window)
      if (note.windows.length > windowsMax) note.windows = joined(note.windows)
    },
    removeLast() {
      note.windows.pop()
    },
    replace(old, fresh) {
      const at = note.windows.indexOf(old)
      if (at >= 0) note.windows[at] = fresh
    },
    changed(observedAt) {
      const window = windowAt(note.windows, observedAt)
      if (window !== undefined) window.isSame = false
    },
    allChanged() {
      for (const window of note.windows) window.isSame = false
    },
    save() {
      writeFileSync(`${path}.new`, JSON.stringify(note), { mode: 0o600 })
      renameSync(`${path}.new`, path)
    },
  }
}

function windowAt(windows: readonly CopiedWindow[], observedAt: number): CopiedWindow | undefined {
  let low = 0
  let high = windows.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const window = windows[middle]
    if (window === undefined || observedAt < window.from) high = middle - 1
    else if (observedAt >= window.to) low = middle + 1
    else return window
  }
  return undefined
}

/** Pairs of the older half become one each. */
function joined(windows: readonly CopiedWindow[]): CopiedWindow[] {
  const half = windows.length >> 1
  const result: CopiedWindow[] = []
  for (let i = 0; i < half; i += 2) {
    const [a, b] = windows.slice(i, Math.min(i + 2, half))
    if (a !== undefined) result.push(b === undefined ? a : join(a, b))
  }
  return [...result, ...windows.slice(half)]
}

function join(a: CopiedWindow, b: CopiedWindow): CopiedWindow {
  return {
    from: a.from,
    to: b.to,
    readings: a.readings + b.readings,
    sum: sumOf(a.sum, b.sum),
    extra: a.extra + b.extra,
    isSame: a.isSame && b.isSame,
  }
}
