/** The command line as a person meets it: a real process, its output and its exit code. */

import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'

import { commands } from '../../cli/commands.ts'
import { deviceSchema } from '../../domain/device.ts'
import { siteSchema } from '../../domain/site.ts'
import { streetRules } from '../../domain/starter-rules/flood.ts'
import { openRegistry } from '../../stores/records/sqlite-registry.ts'
import { systemClock } from '../../runtime/system.ts'
import { commandLine } from './command-line.ts'
import { startLimitMs } from './time-limits.ts'

vi.setConfig({ testTimeout: startLimitMs, hookTimeout: startLimitMs })

let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bellwether-cli-'))
})
afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
})

const { start, run: runProcess, runHere: run } = commandLine(() => join(dir, 'data'))

describe('help', () => {
  test('lists every command and ends well', async () => {
    const { code, out } = await runProcess(['--help'])
    expect(code).toBe(0)
    for (const { name } of commands) expect(out).toMatch(new RegExp(`^  ${name} `, 'm'))
  })

  test('of a command says how it is used', async () => {
    const { code, out } = await run(['token', '--help'])
    expect(code).toBe(0)
    expect(out).toMatch(/^Usage: bellwether token add ID --role viewer/)
  })

  test.each(commands)('$name has a help of its own, which the README knows', async (listed) => {
    const { name, help } = await listed.load()
    expect(name).toBe(listed.name)
    expect(help).toMatch(new RegExp(`^Usage: bellwether ${name}`))
    const row = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
      .split('\n')
      .find((line) => line.startsWith('| `./bellwether --help`'))
    expect(row).toContain(`\`${name}\``)
  })

  test('the version is that of the package', async () => {
    const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
    expect(await run(['--version'])).toEqual({
      code: 0,
      out: `${JSON.parse(file).version}\n`,
      err: '',
    })
  })

  test('comes with a wrong command or option, and code 2', async () => {
    expect(await runProcess(['cook'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('"cook"'),
    })
    expect(await run(['config', '--colour'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--colour'),
    })
    expect(await run(['token', 'add', 'phone'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('say what the token may do: --role viewer|operator|admin'),
    })
  })
})

describe('a bad setting', () => {
  test('stops the start with one line and code 2', async () => {
    const { code, out, err } = await runProcess(['serve'], { BELLWETHER_MQTT_PORT: 'many' })
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err.trim().split('\n')).toHaveLength(1)
    expect(err).toMatch(/BELLWETHER_MQTT_PORT="many"/)
  })

  test('is found by config as by serve', async () => {
    const bad = { BELLWETHER_WEBHOOK_ALLOW: 'relay.lan, 192.168.0.0/61' }
    const config = await run(['config'], bad)
    expect(config).toMatchObject({ code: 2, out: '' })
    expect(config.err).toMatch(
      /^bellwether: BELLWETHER_WEBHOOK_ALLOW=.*"192.168.0.0\/61" is neither/,
    )
    expect(await run(['serve'], bad)).toEqual(config)
  })

  test('in a file is named with the file', async () => {
    const file = join(dir, 'settings.yaml')
    writeFileSync(file, 'mqtt:\n  prot: 1\n')
    const { code, err } = await run(['config', '--config', file])
    expect(code).toBe(2)
    expect(err).toContain(file)
  })
})

test('config prints the effective settings and hides secrets', async () => {
  const { code, out } = await run(['config', '--json'], {
    BELLWETHER_ADMIN_TOKEN: 'a-very-secret-admin-token',
    BELLWETHER_HTTP_PORT: '9090',
  })
  expect(code).toBe(0)
  const shown = JSON.parse(out)
  expect(shown.BELLWETHER_HTTP_PORT).toBe('9090')
  expect(shown.BELLWETHER_ADMIN_TOKEN).toBe('(hidden)')
  expect(out).not.toContain('very-secret')
})

test('token makes, lists and removes tokens', async () => {
  const made = await run(['token', 'add', 'board', '--role', 'viewer'])
  expect(made.code).toBe(0)
  expect(made.out.trim()).toMatch(/^bwt_[\w-]{43}$/)
  expect((await run(['token', 'list'])).out).toBe('board\tviewer\t\n')
  expect(await run(['token', 'add', 'board', '--role', 'viewer'])).toMatchObject({ code: 1 })
  expect(await run(['token', 'add', 'x', '--role', 'king'])).toMatchObject({ code: 2 })
  expect((await run(['token', 'remove', 'board'])).code).toBe(0)
  expect((await run(['token', 'list'])).out).toBe('')
  expect((await run(['token', 'remove', 'board'])).code).toBe(1)
})

test('device registers a device with its site and gives its token', async () => {
  const add = ['device', 'add', 'park-1', '--site', 'park', '--interval', '5m']
  const refused = await run(add)
  expect(refused).toMatchObject({ code: 1, out: '' })
  expect(refused.err).toMatch(/there is no site "park"; make it first .*--new-site/)
  expect(await run(['device', 'add', 'bad id', '--site', 'x', '--new-site'])).toMatchObject({
    code: 2,
  })
  expect(await run(['device', 'add', 'park-1', '--new-site'])).toMatchObject({ code: 2 })
  const made = await run([...add, '--new-site'])
  expect(made.code).toBe(0)
  expect(made.out.trim()).toMatch(/^bwd_[\w-]{43}$/)
  expect((await run(['device', 'list'])).out).toBe('park-1\tpark\t-\tenabled\n')
  const again = await run(['device', 'token', 'park-1'])
  expect(again.out).not.toBe(made.out)
  expect(await run(['device', 'add', 'bad id'])).toMatchObject({ code: 2 })
  expect((await run(['device', 'remove', 'park-1'])).code).toBe(0)
  expect((await run(['device', 'list'])).out).toBe('')

  const registry = openRegistry({ path: join(dir, 'data', 'registry.db'), clock: systemClock })
  onTestFinished(() => registry.close())
  const trail = await registry.auditTrail(10)
  expect(trail.map(({ action, target, result }) => `${action} ${target} ${result}`)).toEqual([
    'device.remove device/park-1 done',
    'device.token device/park-1 done',
    'device.token device/park-1 done',
    'device.create device/park-1 done',
    'site.create site/park done',
  ])
  expect(trail[0]).toMatchObject({ actor: 'command-line', from: userInfo().username })
})

describe('rules', () => {
  test('installs groups of the rules to start from, once', async () => {
    const first = await run(['rules', 'install', '--only', 'street,rain'])
    expect(first.code).toBe(0)
    expect(first.out).toMatch(
      /^installed\tstarter-street-depth\tenabled\twater_depth above\tblue 0.15/m,
    )
    expect(first.out).toMatch(/\n3 installed, 0 replaced, 0 kept\n$/)
    const again = await run(['rules', 'install', '--only', 'street'])
    expect(again.out).toMatch(/^kept\tstarter-street-depth/)
    expect(again.out).toContain('0 installed, 0 replaced, 1 kept (there already; --replace')
    const listed = await run(['rules', 'list'])
    expect(listed.out.split('\n').map((line) => line.split('\t')[0])).toEqual([
      'starter-rain-hour',
      'starter-rain-signal',
      'starter-street-depth',
      '',
    ])
  })

  test('keeps what was edited until it is told to replace it', async () => {
    await run(['rules', 'install', '--only', 'street'])
    const path = join(dir, 'data', 'registry.db')
    const registry = openRegistry({ path, clock: systemClock })
    const [starter] = streetRules.rules
    if (starter === undefined) throw new Error('no street rule')
    await registry.replace('rule', { ...starter.rule, levels: { red: 0.5 } })
    await registry.close()
    await run(['rules', 'install'])
    expect((await run(['rules', 'list'])).out).toMatch(/^starter-street-depth\t.*\tred 0.5$/m)
    const replaced = await run(['rules', 'install', '--only', 'street', '--replace'])
    expect(replaced.out).toContain('0 installed, 1 replaced, 0 kept')
    expect((await run(['rules', 'list'])).out).toMatch(/^starter-street-depth\t.*red 0.6$/m)
  })

  test('removes a rule, shows what there is to install, and refuses what makes no sense', async () => {
    await run(['rules', 'install', '--only', 'reservoir'])
    expect((await run(['rules', 'remove', 'starter-reservoir-level'])).code).toBe(0)
    expect((await run(['rules', 'list'])).out).toBe('')
    expect(await run(['rules', 'remove', 'starter-reservoir-level'])).toMatchObject({
      code: 1,
      err: 'There is no rule "starter-reservoir-level".\n',
    })
    expect((await run(['rules', 'list', '--available'])).out).toMatch(/^air\tstarter-air-aqi\t/)
    expect(await run(['rules', 'install', '--only', 'mood'])).toMatchObject({ code: 2 })
    expect(await run(['rules', 'cook'])).toMatchObject({ code: 2 })
  })
})

describe('backup and restore', () => {
  test('copy what is there and refuse to write over anything', async () => {
    await run(['token', 'add', 'board', '--role', 'viewer'])
    const copy = join(dir, 'copy')
    expect(await run(['backup', copy])).toMatchObject({ code: 0 })
    expect(await run(['backup', copy])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/exists already/),
    })
    expect(await run(['restore', copy])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/not empty/),
    })
    const elsewhere = { BELLWETHER_DATA_DIR: join(dir, 'elsewhere') }
    expect(await run(['restore', copy], elsewhere)).toMatchObject({ code: 0 })
    expect((await run(['token', 'list'], elsewhere)).out).toBe('board\tviewer\t\n')
    expect(statSync(join(dir, 'elsewhere')).mode & 0o077).toBe(0)
  })

  test('refuse a copy that was changed, and a folder that is none', async () => {
    await run(['token', 'add', 'board', '--role', 'viewer'])
    const copy = join(dir, 'copy')
    await run(['backup', copy])
    writeFileSync(join(copy, 'registry.db'), 'changed')
    const elsewhere = { BELLWETHER_DATA_DIR: join(dir, 'elsewhere') }
    expect(await run(['restore', copy], elsewhere)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/not as it was/),
    })
    expect(existsSync(join(dir, 'elsewhere'))).toBe(false)
    expect(await run(['restore', dir], elsewhere)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/not a backup/),
    })
    expect(await run(['backup', join(dir, 'c2')], elsewhere)).toMatchObject({ code: 1 })
  })
})

describe('serve', () => {
  const env = {
    BELLWETHER_MQTT_PORT: '0',
    BELLWETHER_HTTP_PORT: '0',
    BELLWETHER_THREADS: 'false',
    BELLWETHER_LOG_LEVEL: 'error',
  }

  async function serveOnce(more: Record<string, string> = {}) {
    const child = start(['serve'], { ...env, ...more })
    let err = ''
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString()
    })
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const ready = JSON.parse(line.toString())
    const healthy = (await fetch(`${ready.http}/healthz`)).ok
    child.kill('SIGTERM')
    const [code] = (await once(child, 'exit')) as [number]
    return { ready, healthy, code, err }
  }

  test('says where it listens, makes one admin token ever, and stops with code 0', async () => {
    const first = await serveOnce()
    expect(first).toMatchObject({ healthy: true, code: 0 })
    expect(first.ready).toEqual({
      msg: 'ready',
      mqtt: expect.stringMatching(/^mqtt:\/\/127\.0\.0\.1:\d+$/),
      http: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    })
    expect(first.err).toMatch(/Admin token.*\n +bwt_[\w-]{43}\n/)
    const second = await serveOnce()
    expect(second).toMatchObject({ healthy: true, code: 0, err: '' })
  })

  test('prints no token when one is given', async () => {
    const given = await serveOnce({ BELLWETHER_ADMIN_TOKEN: 'a-very-secret-admin-token' })
    expect(given.err).toBe('')
  })

  test('is refused on data and on a port that another one has, with one line, and ends', async () => {
    const child = start(['serve'], env)
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const { port } = new URL(JSON.parse(line.toString()).http)
    const second = await runProcess(['serve'], env)
    expect(second.code).toBe(1)
    expect(second.err).toMatch(/^bellwether serve: Another process runs the role .*\n$/)
    const elsewhere = { BELLWETHER_DATA_DIR: join(dir, 'elsewhere'), BELLWETHER_HTTP_PORT: port }
    const third = await runProcess(['serve'], { ...env, ...elsewhere })
    expect(third.code).toBe(1)
    expect(third.err).toMatch(/^bellwether serve: BELLWETHER_HTTP_PORT=\d+ cannot be used: .*\n$/)
    child.kill('SIGTERM')
    await once(child, 'exit')
  })
})

test('device corrects where a device has stood', { timeout: 120_000 }, async () => {
  const path = join(dir, 'data', 'registry.db')
  const registry = openRegistry({ path, clock: systemClock })
  onTestFinished(() => registry.close())
  await registry.upsertAll(
    ['lock', 'weir'].map((id) => siteSchema.parse({ id })),
    ['float-9', 'float-10'].map((id) => deviceSchema.parse({ id, site: 'lock' })),
  )
  const times = ['--from', '2026-03-04T06:00:00+08:00', '--until', '2026-03-09']
  const placed = await run(['device', 'place', 'float-9', '--site', 'weir', ...times])
  expect(placed).toMatchObject({ code: 0 })
  expect(placed.out).toBe(
    'lock\tever\t2026-03-03T22:00:00.000Z\n' +
      'weir\t2026-03-03T22:00:00.000Z\t2026-03-09T00:00:00.000Z\n' +
      'lock\t2026-03-09T00:00:00.000Z\tnow\n',
  )
  expect((await registry.auditTrail(1))[0]).toMatchObject({
    action: 'device.place',
    target: 'device/float-9',
    result: 'done',
  })
  await registry.remove('device', 'float-10')
  const removed = await run(['device', 'placements', 'float-10'])
  expect(removed.out).toMatch(/^lock\tever\t20.*Z\n-\t20.*Z\tnow\n$/)
  expect(await run(['device', 'place', 'float-9', '--site', 'weir'])).toMatchObject({ code: 2 })
  const nowhere = ['device', 'place', 'float-9', '--site', 'moon', '--from', 'ever']
  expect(await run(nowhere)).toMatchObject({ code: 1, err: expect.stringContaining('"moon"') })
})
