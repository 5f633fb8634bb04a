/** Reads our own sources for the structure tests. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = new URL('../..', import.meta.url).pathname
const left = new Set(['node_modules', 'dist', 'data', 'coverage', 'test', 'docs'])

/** Paths of all TypeScript sources but tests, relative to the project. */
export function sourceFiles(): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => !left.has(entry.name) && !entry.name.startsWith('.'))
    .flatMap((entry) => {
      if (!entry.isDirectory()) return [entry.name]
      return readdirSync(join(root, entry.name), { recursive: true, encoding: 'utf8' }).map(
        (path) => `${entry.name}/${path}`,
      )
    })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.config.ts'))
}

export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

export interface Import {
  from: string
  to: string
  typeOnly: boolean
}

const statement =
  /^(?:import|export)\s+(type\s+)?(?:([^'"]*?)\s+from\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/gm

export function importsOf(from: string): Import[] {
  return [...textOf(from).matchAll(statement)].map((match) => ({
    from,
    to: match[3] ?? match[4] ?? '',
    typeOnly: match[1] !== undefined || onlyTypeNames(match[2]),
  }))
}

/** `{ type A, type B }` loads nothing either. */
function onlyTypeNames(clause: string | undefined): boolean {
  const names = /^\{([\s\S]*)\}$/.exec(clause?.trim() ?? '')?.[1]
  if (names === undefined) return false
  return names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .every((name) => name.startsWith('type '))
}
