/** Restoring: into mount points, cut short at any moment, by users who may not read the copy. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadConfig } from '../../config.ts'
import { backup } from '../../operations/backup.ts'
import { restore } from '../../operations/restore.ts'
import { serve } from '../../server/supervisor.ts'
import { openRegistryView } from '../../stores/records/sqlite-registry.ts'
import { openAlertLog } from '../../stores/records/sqlite-alert-log.ts'
import { openTown } from '../fixtures/registry.ts'
import { systemClock, systemTimers } from '../../runtime/system.ts'
import { startLimitMs } from '../cli/time-limits.ts'

const ports = { clock: systemClock, timers: systemTimers }
let work: string
let data: string
let copy: string

beforeEach(async () => {
  work = mkdtempSync(join(tmpdir(), 'bw-restore-'))
  data = join(work, 'data')
  copy = join(work, 'copy')
  const { close } = await openTown(join(data, 'registry.db'), { sites: [{ id: 'weir' }] })
  await close()
  await openAlertLog({ path: join(data, 'alerts.db') }).close()
  await backup(data, copy, ports)
})
afterEach(() => {
  rmSync(work, { recursive: true, force: true })
})

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
}

async function sitesIn(dataDir: string): Promise<string[]> {
  const view = await openRegistryView({ path: join(dataDir, 'registry.db') })
  const ids = view.all('site').map(({ id }) => id)
  await view.close()
  return ids
}

async function refusedStart(dataDir: string): Promise<string> {
  const config = loadConfig({
    environment: {
      BELLWETHER_DATA_DIR: dataDir,
      BELLWETHER_MQTT_PORT: '0',
      BELLWETHER_HTTP_PORT: '0',
      BELLWETHER_THREADS: 'false',
      BELLWETHER_LOG_LEVEL: 'silent',
    },
  })
  return serve(config).then(
    async (server) => {
      await server.stop()
      return 'it started'
    },
    (error: Error) => error.message,
  )
}

test('a copy is readable only by its owner, in every file of it', () => {
  chmodSync(join(data, 'registry.db'), 0o644)
  for (const file of filesBelow(copy)) {
    expect(statSync(join(copy, file)).mode & 0o777, file).toBe(0o600)
  }
  expect(statSync(copy).mode & 0o777).toBe(0o700)
})

test('a folder that is there and empty but for what its file system brought is filled', async () => {
  const into = join(work, 'volume')
  mkdirSync(join(into, 'lost+found'), { recursive: true })
  const { ino } = statSync(into)
  await restore(copy, into)
  expect(statSync(into).ino).toBe(ino)
  expect(statSync(into).mode & 0o777).toBe(0o700)
  expect(existsSync(join(into, 'restoring'))).toBe(false)
  expect(await sitesIn(into)).toEqual(['weir'])
})

test('cut short while it copies, nothing has happened and a server does not start on it', async () => {
  const into = join(work, 'again')
  mkdirSync(join(into, 'restoring', 'journal'), { recursive: true })
  cpSync(join(copy, 'registry.db'), join(into, 'restoring', 'registry.db'))
  expect(await refusedStart(into)).toMatch(/a restore into it is under way or was cut short/)
  await restore(copy, into)
  expect(await sitesIn(into)).toEqual(['weir'])
  expect(existsSync(join(into, 'alerts.db'))).toBe(true)
})

test.each(['the next start', 'the next restore'])(
  'cut short while files are moved, %s ends it',
  async (who) => {
    const into = join(work, 'again')
    await restore(copy, into)
    // As it was in the middle: one file in its place, the others and the manifest still in the folder of the restore.
    mkdirSync(join(into, 'restoring'))
    cpSync(join(copy, 'bellwether-backup.json'), join(into, 'restoring', 'bellwether-backup.json'))
    renameSync(join(into, 'registry.db'), join(into, 'restoring', 'registry.db'))
    if (who === 'the next start') expect(await refusedStart(into)).toBe('it started')
    else await restore(copy, into)
    expect(existsSync(join(into, 'restoring'))).toBe(false)
    expect(await sitesIn(into)).toEqual(['weir'])
  },
)

test('a restore that fails leaves the folder as it was', async () => {
  const into = join(work, 'volume')
  mkdirSync(into)
  const broken = join(work, 'broken')
  await backup(data, broken, ports)
  const path = join(broken, 'alerts.db')
  writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from('x')]))
  await expect(restore(broken, into)).rejects.toThrow(/is not as it was/)
  expect(readdirSync(into)).toEqual([])
  await expect(restore(broken, join(work, 'new'))).rejects.toThrow(/is not as it was/)
  expect(existsSync(join(work, 'new'))).toBe(false)
})

test('a folder with anything in it is refused', async () => {
  await expect(restore(copy, data)).rejects.toThrow(/is not empty/)
  const into = join(work, 'notes')
  mkdirSync(into)
  writeFileSync(join(into, 'todo.txt'), '')
  await expect(restore(copy, into)).rejects.toThrow(/is not empty/)
})

const root = new URL('../..', import.meta.url).pathname
const isRoot = userInfo().uid === 0
const nobody = 65_534

/** The command line, where something of the world is other than for us. */
function cli(args: readonly string[], how: { script?: string; uid?: number } = {}): ChildProcess {
  const command = [process.execPath, '--import', 'tsx', 'cli/bellwether.ts', ...args]
  const scripted = ['unshare', '--mount', 'sh', '-c', how.script ?? '', 'sh', ...command]
  const [program = '', ...rest] = how.script === undefined ? command : scripted
  return spawn(program, rest, {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', BELLWETHER_DATA_DIR: join(work, 'volume') },
    ...(how.uid === undefined ? {} : { uid: how.uid }),
  })
}

async function ended(child: ChildProcess): Promise<{ code: number | null; err: string }> {
  let err = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, err }
}

test('a mount point is filled', { timeout: startLimitMs }, async (context) => {
  const volume = join(work, 'volume')
  mkdirSync(volume)
  const mount = `mount -t tmpfs none ${volume}`
  if (spawnSync('unshare', ['--mount', 'sh', '-c', mount]).status !== 0) {
    context.skip('needs the right to mount (unshare --mount, mount -t tmpfs)')
  }
  // Nobody outside sees what is mounted there, so it is copied out.
  const child = cli(['restore', copy], {
    script: `${mount} && "$@" && cp -r ${volume} ${join(work, 'seen')}`,
  })
  expect(await ended(child)).toEqual({ code: 0, err: '' })
  expect(await sitesIn(join(work, 'seen'))).toEqual(['weir'])
})

test('killed at any moment, it has happened whole or can be done again', {
  timeout: startLimitMs,
}, async () => {
  const volume = join(work, 'volume')
  const child = cli(['restore', copy])
  while (!existsSync(join(volume, 'restoring')) && child.exitCode === null) {
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  child.kill('SIGKILL')
  await ended(child)
  const isWhole = existsSync(join(volume, 'registry.db'))
  if (!isWhole || existsSync(join(volume, 'restoring'))) await restore(copy, volume)
  expect(await sitesIn(volume)).toEqual(['weir'])
  expect(existsSync(join(volume, 'alerts.db'))).toBe(true)
})

test('a copy that may not be read is said to be so, and whose it is', {
  timeout: startLimitMs,
}, async (context) => {
  if (!isRoot) context.skip('needs root, to be another user')
  chmodSync(work, 0o755)
  const said = await ended(cli(['restore', copy], { uid: nobody }))
  if (/ERR_MODULE|Cannot find|EACCES.*node_modules/.test(said.err)) {
    context.skip('needs a checkout that other users may read')
  }
  expect(said.code).toBe(1)
  expect(said.err).toContain(`${copy} may not be read by`)
  expect(said.err).toContain(`it belongs to the user with id 0 and has mode 0700`)
  expect(said.err).toContain(`chown -R ${nobody}`)
})

test('a data folder of another user is said to be so', {
  timeout: startLimitMs,
}, async (context) => {
  if (!isRoot) context.skip('needs root, to be another user')
  const volume = join(work, 'volume')
  mkdirSync(volume)
  chownSync(volume, 4_711, 4_711)
  chmodSync(volume, 0o755)
  chmodSync(work, 0o755)
  const said = await ended(cli(['serve'], { uid: nobody }))
  expect(said.code).toBe(2)
  expect(said.err).toMatch(/^bellwether: BELLWETHER_DATA_DIR=".*volume" cannot be used: it belongs/)
  expect(said.err).toContain('the user with id 4711')
})
