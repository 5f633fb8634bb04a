/**
 * How the API finds the broker's edge when it runs in another thread or process: a small file with its port
 * and key, readable only by us. After a kill it names a port where nobody answers, which reads as "not ready".
 */

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Edge {
  port: number
  key: string
}

const fileOf = (runDir: string) => join(runDir, 'edge.json')

export function writeEdge(runDir: string, edge: Edge): void {
  mkdirSync(runDir, { recursive: true, mode: 0o700 })
  const fresh = `${fileOf(runDir)}.new`
  writeFileSync(fresh, JSON.stringify(edge), { mode: 0o600 })
  renameSync(fresh, fileOf(runDir))
}

/** Null when no broker has started on this data folder. */
export function readEdge(runDir: string): Edge | null {
  let text: string
  try {
    text = readFileSync(fileOf(runDir), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  const edge = JSON.parse(text) as Partial<Edge>
  return typeof edge.port === 'number' && typeof edge.key === 'string'
    ? { port: edge.port, key: edge.key }
    : null
}

export function removeEdge(runDir: string): void {
  rmSync(fileOf(runDir), { force: true })
}
