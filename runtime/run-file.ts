/**
 * Small facts about the running process, one file each below `run/`: how roles in other threads or processes find out
 * about each other. Readable only by us, and never half written.
 */

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'

export interface RunFile<Fact> {
  write(fact: Fact): void
  /** Null when nobody has written it, or not of this form. */
  read(): Fact | null
  remove(): void
}

export function runFile<Form extends z.ZodType>(
  runDir: string,
  name: string,
  form: Form,
): RunFile<z.infer<Form>> {
  const path = join(runDir, `${name}.json`)
  return {
    write(fact) {
      mkdirSync(runDir, { recursive: true, mode: 0o700 })
      writeFileSync(`${path}.new`, JSON.stringify(fact), { mode: 0o600 })
      renameSync(`${path}.new`, path)
    },
    read() {
      let text: string
      try {
        text = readFileSync(path, 'utf8')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
        throw error
      }
      return form.safeParse(JSON.parse(text)).data ?? null
    },
    remove: () => rmSync(path, { force: true }),
  }
}
