/** The compose files as data, with what an override adds laid over the base, as compose does. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

export interface Service {
  image?: string
  build?: unknown
  user?: string
  read_only?: boolean
  init?: boolean
  cap_drop?: string[]
  security_opt?: string[]
  pids_limit?: number
  ports?: string[]
  volumes?: string[]
  secrets?: string[]
  networks?: string[]
  profiles?: string[]
  command?: string[]
  environment?: Record<string, string>
  healthcheck?: { test?: string[]; disable?: boolean; start_period?: string }
  depends_on?: Record<string, { condition: string }>
  logging?: { options?: Record<string, string> }
  cpus?: string
  mem_limit?: string
  deploy?: unknown
  stop_grace_period?: string
}

export interface ComposeFile {
  services: Record<string, Service>
  networks?: Record<string, { internal?: boolean } | null>
  volumes?: Record<string, unknown>
  secrets?: Record<string, { file: string }>
}

export const root = join(import.meta.dirname, '../..')

export function readCompose(path: string): ComposeFile {
  return parse(readFileSync(join(root, path), 'utf8'), { merge: true }) as ComposeFile
}
