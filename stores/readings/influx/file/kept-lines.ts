/**
 * Lines that were written and may be lost again, in files beside `influx.db`, oldest first. What is kept of a batch is
 * on disk before its lines go out, and stays until all is let go.
 *
 * `N.lp` holds lines, each batch followed by a comment: what has none was cut by a crash, never went out, and comes
 * again from the journal. `N.samples` holds one reading of each row and hour that was taken of them, as JSON by line.
 */

import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'

export type Sample = readonly [device: string, property: string, observedAt: number]

const fileBytesMax = 16 * 1_048_576
const batchEnd = '#'
/** An operator puts this file there, and all is let go. */
const confirmation = 'confirmed'

interface KeptFile {
  number: number
  bytes: number
}

export class KeptLines {
  readonly #dir: string
  readonly #bytesMax: number
  #known: KeptFile[] | undefined
  /** Files of an earlier run may end in the middle of a line, so nothing is added to them. */
  #ownFrom = Number.POSITIVE_INFINITY

  constructor(dir: string, bytesMax: number) {
    this.#dir = dir
    this.#bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#files().reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Numbers of the files, oldest first. */
  get files(): number[] {
    return this.#files().map(({ number }) => number)
  }

  get isConfirmed(): boolean {
    return existsSync(join(this.#dir, confirmation))
  }

  /** Returns how many bytes of the oldest had to go for it. Throws when the disk does not take it. */
  append(lines: string): number {
    const files = this.#files()
    let last = files.at(-1)
    if (last === undefined || last.number < this.#ownFrom || last.bytes >= fileBytesMax) {
      last = { number: (last?.number ?? 0) + 1, bytes: 0 }
      this.#ownFrom = Math.min(this.#ownFrom, last.number)
      mkdirSync(this.#dir, { recursive: true, mode: 0o700 })
      files.push(last)
    }
    last.bytes += this.#write(last.number, 'lp', `${lines}\n${batchEnd}\n`)
    return this.#cut()
  }

  /** Samples of what was appended last. */
  note(samples: readonly Sample[]): void {
    const last = this.#files().at(-1)
    if (last === undefined || samples.length === 0) return
    const text = samples.map((sample) => `${JSON.stringify(sample)}\n`).join('')
    last.bytes += this.#write(last.number, 'samples', text)
  }

  /** Of one file; none when it is gone. */
  linesOf(file: number): string[] {
    const lines = this.#read(file, 'lp').split('\n')
    return lines.slice(0, lines.lastIndexOf(batchEnd) + 1).filter((line) => line !== batchEnd)
  }

  samplesOf(file: number): Sample[] {
    const samples = this.#read(file, 'samples').split('\n').map(sampleIn)
    return samples.filter((sample) => sample !== undefined)
  }

  letGo(): void {
    rmSync(this.#dir, { recursive: true, force: true })
    this.#known = undefined
    this.#ownFrom = Number.POSITIVE_INFINITY
  }

  #files(): KeptFile[] {
    this.#known ??= existsSync(this.#dir)
      ? readdirSync(this.#dir)
          .filter((name) => /^\d+\.lp$/.test(name))
          .map((name) => {
            return {
              number: Number.parseInt(name, 10),
              bytes: statSync(join(this.#dir, name)).size,
            }
          })
          .sort((a, b) => a.number - b.number)
      : []
    return this.#known
  }

  #path(file: number, kind: 'lp' | 'samples'): string {
    return join(this.#dir, `${file}.${kind}`)
  }

  #read(file: number, kind: 'lp' | 'samples'): string {
    const path = this.#path(file, kind)
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }

  #write(file: number, kind: 'lp' | 'samples', text: string): number {
    const handle = openSync(this.#path(file, kind), 'a', 0o600)
    try {
      appendFileSync(handle, text)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    return Buffer.byteLength(text)
  }

  #cut(): number {
    const files = this.#files()
    let cut = 0
    while (files.length > 1 && this.bytes > this.#bytesMax) {
      const first = files.shift()
      if (first === undefined) break
      for (const kind of ['lp', 'samples'] as const) {
        rmSync(this.#path(first.number, kind), { force: true })
      }
      cut += first.bytes
    }
    return cut
  }
}

/** The last one may be cut by a crash. */
function sampleIn(line: string): Sample | undefined {
  if (line === '') return undefined
  try {
    return JSON.parse(line) as Sample
  } catch {
    return undefined // Its lines never went out.
  }
}
