import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ConfigError, describeConfig, loadConfig } from '../config.ts'
import { configPage } from './docs/config-page.ts'

const load = (environment: Record<string, string>, file?: string) =>
  loadConfig({ environment, ...(file === undefined ? {} : { file }) })

function fileWith(content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'bw-config-')), 'settings')
  writeFileSync(path, content)
  return path
}

describe('loadConfig', () => {
  test('gives the defaults of the contract when nothing is set', () => {
    const config = load({})
    expect(config).toMatchObject({
      dataDir: './data',
      mqttHost: '127.0.0.1',
      mqttPort: 1883,
      httpHost: '127.0.0.1',
      httpPort: 8080,
      roles: ['broker', 'ingest', 'alerts', 'api'],
      readings: 'sqlite',
      webhookAllow: [],
      logLevel: 'info',
    })
    expect(Object.isFrozen(config)).toBe(true)
  })

  test('reads the environment, lists and switches included', () => {
    const config = load({
      BELLWETHER_MQTT_PORT: '0',
      BELLWETHER_ROLES: 'api, alerts',
      BELLWETHER_THREADS: 'false',
      BELLWETHER_WEBHOOK_ALLOW: '127.0.0.1,10.0.0.0/8',
      OTHER: 'ignored',
    })
    expect(config.mqttPort).toBe(0)
    expect(config.roles).toEqual(['api', 'alerts'])
    expect(config.threads).toBe(false)
    expect(config.webhookAllow).toEqual(['127.0.0.1', '10.0.0.0/8'])
  })

  test('names an unknown setting and what was probably meant', () => {
    expect(() => load({ BELLWETHER_MQTT_PROT: '1883' })).toThrow(
      /BELLWETHER_MQTT_PROT is not a setting. Did you mean BELLWETHER_MQTT_PORT\?/,
    )
    expect(() => load({ BELLWETHER_ZZZ: '1' })).toThrow(ConfigError)
  })

  test.each([
    ['BELLWETHER_MQTT_PORT', '70000'],
    ['BELLWETHER_MQTT_PORT', 'http'],
    ['BELLWETHER_ROLES', 'broker,cook'],
    ['BELLWETHER_THREADS', 'perhaps'],
    ['BELLWETHER_LOG_LEVEL', 'loud'],
    ['BELLWETHER_JOURNAL_GROUP_DELAY_MS', '-1'],
    ['BELLWETHER_DATA_DIR', ''],
  ])('refuses %s=%s in one line that names it and the value', (name, value) => {
    expect(() => load({ [name]: value })).toThrow(ConfigError)
    try {
      load({ [name]: value })
    } catch (error) {
      const { message } = error as Error
      expect(message).toContain(name)
      expect(message).toContain(JSON.stringify(value))
      expect(message).not.toContain('\n')
    }
  })

  test.each(['70000', '-1', '18.5', 'mqtt'])(
    'says what a port may be, in our words (%s)',
    (value) => {
      expect(() => load({ BELLWETHER_HTTP_PORT: value })).toThrow(
        `BELLWETHER_HTTP_PORT="${value}" cannot be used: must be a whole number from 0 to 65535.`,
      )
    },
  )

  test('a secret is never part of the message', () => {
    expect(() => load({ BELLWETHER_ADMIN_TOKEN: 'short-secret' })).toThrow(/\(hidden\)/)
    try {
      load({ BELLWETHER_ADMIN_TOKEN: 'short-secret' })
    } catch (error) {
      expect((error as Error).message).not.toContain('short-secret')
    }
  })

  test('reads a secret from a file and drops the line end', () => {
    const path = fileWith('a-token-of-enough-length\n')
    expect(load({ BELLWETHER_ADMIN_TOKEN_FILE: path }).adminToken).toBe('a-token-of-enough-length')
  })

  test('refuses a setting given twice, as value and as file', () => {
    const path = fileWith('a-token-of-enough-length')
    const both = {
      BELLWETHER_ADMIN_TOKEN: 'another-token-long-enough',
      BELLWETHER_ADMIN_TOKEN_FILE: path,
    }
    expect(() => load(both)).toThrow(/both set/)
  })

  test('takes nested, camel-case and snake-case names from YAML; the environment wins', () => {
    const yaml = fileWith(
      'mqtt:\n  port: 2000\n  host: 0.0.0.0\nhttpPort: 2001\nroles: [api]\nlog_level: warn\n',
    )
    const config = load({ BELLWETHER_MQTT_PORT: '3000' }, yaml)
    expect(config).toMatchObject({
      mqttPort: 3000,
      mqttHost: '0.0.0.0',
      httpPort: 2001,
      roles: ['api'],
      logLevel: 'warn',
    })
    expect(load({ BELLWETHER_CONFIG: yaml }).mqttPort).toBe(2000)
  })

  test('names an unknown or broken YAML setting and the file', () => {
    const path = fileWith('mqtt: {prot: 1}\n')
    expect(() => load({}, path)).toThrow(new RegExp(`mqtt.prot in ${path} is not a setting`))
    expect(() => load({}, fileWith('- a\n- b\n'))).toThrow(/must hold names and values/)
    expect(() => load({}, fileWith('a: [\n'))).toThrow(/cannot be read/)
    expect(() => load({}, '/nowhere/settings.yaml')).toThrow(/cannot be read/)
  })

  test('settings that need each other are checked together', () => {
    expect(() => load({ BELLWETHER_MQTTS_PORT: '8883' })).toThrow(/needs BELLWETHER_TLS_CERT/)
    expect(() => load({ BELLWETHER_PAYLOAD_BYTES_MAX: '300000' })).toThrow(/must not be larger/)
  })
})

test('describeConfig hides secrets', () => {
  const shown = describeConfig(load({ BELLWETHER_ADMIN_TOKEN: 'a-token-of-enough-length' }))
  expect(shown.find(({ name }) => name === 'BELLWETHER_ADMIN_TOKEN')?.value).toBe('(hidden)')
  expect(JSON.stringify(shown)).not.toContain('a-token-of-enough-length')
})

test('docs/config.md is what the settings say (npm run docs writes it)', () => {
  const page = readFileSync(new URL('../docs/config.md', import.meta.url), 'utf8')
  expect(page).toBe(configPage())
})
