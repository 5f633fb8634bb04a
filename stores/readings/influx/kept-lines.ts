/**
 * Lines that were written and may be lost again, in files beside `influx.db`, oldest first. A record is on disk before
 * its lines go out, and stays until all are let go.
 */

import {
  appendFileSync,
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  fsyncSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'

export interface KeptRecord {
  /** Line protocol, times in milliseconds. */
  lines: string
  /** One reading of each row and hour. */
  samples: readonly (readonly [device: string, property: string, observedAt: number])[]
}

const fileBytesMax = 32 * 1_048_576
/** An operator puts this file there, and all is let go. */
const confirmation = 'confirmed'

export class KeptLines {
  readonly #dir: string
  readonly #bytesMax: number
  #files: { name: string; bytes: number }[] | undefined

  constructor(dir: string, bytesMax: number) {
    this.#dir = dir
    this.#bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#load().reduce((sum, { bytes }) => sum + bytes, 0)
  }

  get isConfirmed(): boolean {
    return existsSync(join(this.#dir, confirmation))
  }

  /** Returns how many bytes of the oldest records had to go for it. Throws when the disk does not take it. */
  append(record: KeptRecord): number {
    const files = this.#load()
    let last = files.at(-1)
    if (last === undefined || last.bytes >= fileBytesMax) {
      last = { name: `${Number.parseInt(last?.name ?? '0', 10) + 1}.ndjson`, bytes: 0 }
      mkdirSync(this.#dir, { recursive: true, mode: 0o700 })
      files.push(last)
    }
    const path = join(this.#dir, last.name)
    const text = `${JSON.stringify(record)}\n`
    const file = openSync(path, 'a', 0o600)
    try {
      appendFileSync(file, text)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    last.bytes += Buffer.byteLength(text)
    return this.#cut()
  }

  *records(): Generator<KeptRecord> {
    for (const { name } of this.#load()) {
      for (const line of readFileSync(join(this.#dir, name), 'utf8').split('\n')) {
        const record = recordIn(line)
        if (record !== undefined) yield record
      }
    }
  }

  letGo(): void {
    rmSync(this.#dir, { recursive: true, force: true })
    this.#files = undefined
  }

  #load(): { name: string; bytes: number }[] {
    this.#files ??= existsSync(this.#dir)
      ? readdirSync(this.#dir)
          .filter((name) => /^\d+\.ndjson$/.test(name))
          .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
          .map((name) => ({ name, bytes: statSync(join(this.#dir, name)).size }))
      : []
    return this.#files
  }

  #cut(): number {
    const files = this.#load()
    let cut = 0
    while (files.length > 1 && this.bytes > this.#bytesMax) {
      const first = files.shift()
      if (first === undefined) break
      rmSync(join(this.#dir, first.name), { force: true })
      cut += first.bytes
    }
    return cut
  }
}

/** The last one may be half written: its lines never went out, and come again from the journal. */
function recordIn(line: string): KeptRecord | undefined {
  if (line === '') return undefined
  try {
    return JSON.parse(line) as KeptRecord
  } catch {
    return undefined
  }
}
