/** A start that cannot succeed says why in one line that names the setting, and leaves nothing behind. */

import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Config, loadConfig } from '../../config.ts'
import { startRole } from '../../main.ts'
import { openRoleContext } from '../../server/role-context.ts'
import { serve } from '../../server/supervisor.ts'

let dir: string
let other: Server
/** A port that another program has. */
let taken: number

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'bellwether-start-'))
  other = createServer()
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  taken = (other.address() as AddressInfo).port
})
afterEach(() => {
  other.close()
  rmSync(dir, { recursive: true, force: true })
})

function settings(more: Record<string, string> = {}): Config {
  return loadConfig({
    environment: {
      BELLWETHER_DATA_DIR: join(dir, 'data'),
      BELLWETHER_MQTT_PORT: '0',
      BELLWETHER_HTTP_PORT: '0',
      BELLWETHER_THREADS: 'false',
      BELLWETHER_LOG_LEVEL: 'silent',
      ...more,
    },
  })
}

/** The one line of a start that fails. */
async function refusal(more: Record<string, string>): Promise<string> {
  const said = await serve(settings(more)).then(
    async (server) => {
      await server.stop()
      return 'it started'
    },
    (error: Error) => error.message,
  )
  expect(said.split('\n')).toHaveLength(1)
  return said
}

test('a port that is taken is named with who has it', async () => {
  const said = await refusal({ BELLWETHER_HTTP_PORT: String(taken) })
  expect(said).toMatch(new RegExp(`^BELLWETHER_HTTP_PORT=${taken} cannot be used: port ${taken}`))
  // On Linux the holder is found; it is this process.
  if (process.platform === 'linux') expect(said).toContain(`process ${process.pid} (`)
  expect(await refusal({ BELLWETHER_MQTT_PORT: String(taken) })).toMatch(
    new RegExp(`^BELLWETHER_MQTT_PORT=${taken} cannot be used`),
  )
})

test('an address that is not of this machine, and a name that nobody knows, are named', async () => {
  expect(await refusal({ BELLWETHER_MQTT_HOST: '203.0.113.7' })).toMatch(
    /^BELLWETHER_MQTT_HOST="203.0.113.7" cannot be used: this machine has no such address/,
  )
  expect(await refusal({ BELLWETHER_HTTP_HOST: 'gauge.invalid' })).toMatch(
    /^BELLWETHER_HTTP_HOST="gauge.invalid" cannot be used: (no address is known|the name server)/,
  )
})

test('files of TLS that are missing, are none, or do not belong together are named', async () => {
  const file = (name: string, text: string) => {
    writeFileSync(join(dir, name), text)
    return join(dir, name)
  }
  const [one, two] = [
    await generate([{ name: 'commonName', value: 'one' }]),
    await generate([{ name: 'commonName', value: 'two' }]),
  ]
  const cert = file('cert.pem', one.cert)
  const key = file('key.pem', one.private)
  const tls = (files: Record<string, string>) =>
    refusal({
      BELLWETHER_MQTTS_PORT: '0',
      BELLWETHER_TLS_CERT: cert,
      BELLWETHER_TLS_KEY: key,
      ...files,
    })
  expect(await tls({ BELLWETHER_TLS_KEY: join(dir, 'gone.pem') })).toMatch(
    /^BELLWETHER_TLS_KEY=".*gone.pem" cannot be used: there is no such file/,
  )
  expect(await tls({ BELLWETHER_TLS_CERT: file('note.pem', 'to be done') })).toMatch(
    /^BELLWETHER_TLS_CERT=".*note.pem" cannot be used: it does not hold a certificate/,
  )
  expect(await tls({ BELLWETHER_TLS_CA: key })).toMatch(/^BELLWETHER_TLS_CA=".*key.pem" cannot/)
  expect(await tls({ BELLWETHER_TLS_KEY: file('other.pem', two.private) })).toMatch(
    /^BELLWETHER_TLS_KEY=".*other.pem" cannot be used: it is not the key of the certificate/,
  )
  expect(await tls({})).toBe('it started')
})

test('a file of the data folder that was written over is named, with what to do', async () => {
  mkdirSync(join(dir, 'data'))
  for (const name of ['registry.db', 'alerts.db', 'ledger.db', 'readings.db']) {
    const path = join(dir, 'data', name)
    writeFileSync(path, `<html>${'not found '.repeat(2_000)}</html>`)
    const said = await refusal({})
    expect(said).toContain(`${path}: file is not a database.`)
    expect(said).toContain('bring it back from a backup')
    rmSync(path)
  }
})

test('a data folder that is a file is no folder', async () => {
  writeFileSync(join(dir, 'data'), '')
  expect(await refusal({})).toMatch(/^BELLWETHER_DATA_DIR=".*data" cannot be used: it, or a folder/)
  rmSync(join(dir, 'data'))
  mkdirSync(join(dir, 'data'))
  chmodSync(join(dir, 'data'), 0o755)
  expect(await refusal({})).toBe('it started')
})

test('a role that fails in the middle of its start lets go of everything', async () => {
  const start = async (more: Record<string, string>) => {
    const context = openRoleContext('all', settings(more))
    try {
      for (const role of ['broker', 'api'] as const) {
        const running = await startRole(role, context)
        await running.stop()
      }
    } finally {
      context.close()
    }
  }
  await expect(start({ BELLWETHER_MQTT_PORT: String(taken) })).rejects.toThrow(
    /^BELLWETHER_MQTT_PORT=\d+ cannot be used: port \d+ of 127.0.0.1 is taken/,
  )
  await expect(start({ BELLWETHER_HTTP_PORT: String(taken) })).rejects.toThrow(
    /^BELLWETHER_HTTP_PORT=\d+ cannot be used: port \d+ of 127.0.0.1 is taken/,
  )
  await start({})
})
