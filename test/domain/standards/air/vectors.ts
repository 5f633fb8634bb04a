/** The published and computed cases of the air indices, as the tests read them. */

import { readFileSync } from 'node:fs'

export function casesOf<T>(name: string): { vectors: T[] } {
  const url = new URL(`../../../cases/standards/${name}`, import.meta.url)
  return JSON.parse(readFileSync(url, 'utf8')) as { vectors: T[] }
}
