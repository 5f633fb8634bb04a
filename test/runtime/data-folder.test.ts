/** The data folder is made with what is above it, for us alone, or it is said why not. */

import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDataFolder } from '../../runtime/data-folder.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bw-folder-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const modeOf = (path: string) => statSync(path).mode & 0o777

test('is made with every folder above it, and may be there already', () => {
  const path = join(dir, 'srv/city/data')
  openDataFolder(path)
  expect([path, join(dir, 'srv')].map(modeOf)).toEqual([0o700, 0o700])
  openDataFolder(path)
  expect(modeOf(path)).toBe(0o700)
})

test('one that others may read is closed to them', () => {
  const path = join(dir, 'open')
  mkdirSync(path)
  chmodSync(path, 0o755)
  openDataFolder(path)
  expect(modeOf(path)).toBe(0o700)
})

test.each(['file', 'file/below', 'file/far/below'])(
  '%s, where a file stands, is refused',
  (name) => {
    writeFileSync(join(dir, 'file'), '')
    expect(() => openDataFolder(join(dir, name))).toThrow(
      `BELLWETHER_DATA_DIR="${join(dir, name)}" cannot be used: it, or a folder above it, is a file. Set a folder.`,
    )
  },
)
