/**
 * From settings.ts, the environment and a YAML file to the frozen configuration. The only file that reads
 * the environment.
 *
 * A setting `MQTT_PORT` is `BELLWETHER_MQTT_PORT` in the environment and `mqttPort`, `mqtt_port` or
 * `mqtt: {port: …}` in the YAML file; the environment wins. `BELLWETHER_X_FILE` reads the value from a file.
 */

import { readFileSync } from 'node:fs'
import { parse as parseYaml } from 'yaml'
import type { z } from 'zod'
import { type RoleName, type Setting, settings } from './settings.ts'

export type { RoleName }

type Settings = typeof settings
export type SettingName = keyof Settings

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Lowercase<Head>}${Capitalize<Camel<Tail>>}`
  : Lowercase<S>

/** The effective configuration, frozen: `MQTT_PORT` is `config.mqttPort`. */
export type Config = Readonly<{ [K in SettingName as Camel<K>]: z.output<Settings[K]['form']> }>

/** A setting that cannot be taken; the message is one line for the operator. */
export class ConfigError extends Error {}

export function camel(name: string): string {
  return name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

const prefix = 'BELLWETHER_'
const names = Object.keys(settings) as SettingName[]

/**
 * Reads the settings. `environment` defaults to the process's; `file` to `BELLWETHER_CONFIG`.
 * Throws `ConfigError` with one line that names the setting, its value and what is allowed.
 */
export function loadConfig(
  options: {
    environment?: Readonly<Record<string, string | undefined>>
    file?: string
    /** Values that stand when neither the file nor the environment gives one; for the demo. */
    defaults?: Partial<Record<SettingName, string>>
  } = {},
): Config {
  const environment = options.environment ?? process.env
  const file = options.file ?? environment[`${prefix}CONFIG`]
  const given = new Map<SettingName, { value: string; source: string }>()
  for (const name of names) {
    const value = options.defaults?.[name]
    if (value !== undefined) given.set(name, { value, source: name })
  }
  if (file !== undefined) readYaml(file, given)
  readEnvironment(environment, given)
  const config: Record<string, unknown> = {}
  for (const name of names) config[camel(name)] = check(name, given.get(name))
  const effective = Object.freeze(config) as Config
  checkTogether(effective)
  return effective
}

function check(name: SettingName, given: { value: string; source: string } | undefined): unknown {
  const setting: Setting = settings[name]
  const result = setting.form.safeParse(given?.value)
  if (result.success) return result.data
  const shown = setting.secret ? '(hidden)' : JSON.stringify(given?.value)
  const why = result.error.issues[0]?.message ?? 'not allowed'
  throw new ConfigError(
    `${given?.source ?? name}=${shown} cannot be used: ${why}. ${setting.about}`,
  )
}

function checkTogether(config: Config): void {
  if (config.mqttsPort !== undefined && (!config.tlsCert || !config.tlsKey)) {
    throw new ConfigError(
      `${prefix}MQTTS_PORT=${config.mqttsPort} needs ${prefix}TLS_CERT and ${prefix}TLS_KEY.`,
    )
  }
  if (config.readings === 'influx' && config.influxUrl === undefined) {
    throw new ConfigError(`${prefix}READINGS="influx" needs ${prefix}INFLUX_URL.`)
  }
  if (config.influxToken !== undefined && config.influxUsername !== undefined) {
    throw new ConfigError(
      `${prefix}INFLUX_TOKEN and ${prefix}INFLUX_USERNAME are both set; use one of them.`,
    )
  }
  if ((config.influxUsername === undefined) !== (config.influxPassword === undefined)) {
    throw new ConfigError(
      `${prefix}INFLUX_USERNAME and ${prefix}INFLUX_PASSWORD must be set together.`,
    )
  }
  if (config.payloadBytesMax > config.mqttPacketBytesMax) {
    throw new ConfigError(
      `${prefix}PAYLOAD_BYTES_MAX=${config.payloadBytesMax} must not be larger than ${prefix}MQTT_PACKET_BYTES_MAX=${config.mqttPacketBytesMax}.`,
    )
  }
}

function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  given: Map<SettingName, { value: string; source: string }>,
): void {
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith(prefix) || value === undefined) continue
    const name = variable.slice(prefix.length)
    if (name === 'CONFIG' || name.startsWith('TEST_')) continue
    if (isSetting(name)) given.set(name, { value, source: variable })
    else if (name.endsWith('_FILE') && isSetting(name.slice(0, -5))) {
      const target = name.slice(0, -5) as SettingName
      if (environment[prefix + target] !== undefined) {
        throw new ConfigError(`${variable} and ${prefix}${target} are both set; use one of them.`)
      }
      given.set(target, { value: readSecret(variable, value), source: variable })
    } else throw new ConfigError(unknown(variable))
  }
}

/** A setting that was given as the path of a file. */
export interface SecretFile {
  variable: string
  path: string
}

export function secretFiles(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): SecretFile[] {
  return Object.entries(environment).flatMap(([variable, path]) => {
    const name = variable.startsWith(prefix) ? variable.slice(prefix.length) : ''
    const isFile = name.endsWith('_FILE') && isSetting(name.slice(0, -'_FILE'.length))
    return isFile && path !== undefined ? [{ variable, path }] : []
  })
}

function readSecret(variable: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').trimEnd()
  } catch (error) {
    throw new ConfigError(
      `${variable}=${JSON.stringify(path)} cannot be read: ${(error as Error).message}.`,
    )
  }
}

function readYaml(file: string, given: Map<SettingName, { value: string; source: string }>): void {
  let content: unknown
  try {
    content = parseYaml(readFileSync(file, 'utf8'), { maxAliasCount: 0 })
  } catch (error) {
    const why = (error as Error).message.split('\n')[0]
    throw new ConfigError(`The settings file ${JSON.stringify(file)} cannot be read: ${why}`)
  }
  if (content === null || content === undefined) return
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new ConfigError(`The settings file ${JSON.stringify(file)} must hold names and values.`)
  }
  flatten(content as Record<string, unknown>, [], (path, value) => {
    const name = path
      .join('_')
      .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
      .toUpperCase()
      .replace(/^BELLWETHER_/, '')
    const source = `${path.join('.')} in ${file}`
    if (!isSetting(name)) throw new ConfigError(unknown(source, name))
    given.set(name, { value, source })
  })
}

function flatten(
  node: Record<string, unknown>,
  path: readonly string[],
  visit: (path: readonly string[], value: string) => void,
): void {
  for (const [key, value] of Object.entries(node)) {
    const here = [...path, key]
    if (Array.isArray(value)) visit(here, value.join(','))
    else if (typeof value === 'object' && value !== null) {
      flatten(value as Record<string, unknown>, here, visit)
    } else if (value !== null && value !== undefined) visit(here, String(value))
  }
}

function isSetting(name: string): name is SettingName {
  return Object.hasOwn(settings, name)
}

function unknown(source: string, name = source.slice(prefix.length)): string {
  const near = names
    .map((known) => ({ known, far: distance(known, name) }))
    .sort((a, b) => a.far - b.far)[0]
  const hint =
    near && near.far <= Math.max(2, name.length / 4) ? ` Did you mean ${prefix}${near.known}?` : ''
  return `${source} is not a setting.${hint} \`bellwether config\` lists them all.`
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

/** Name, effective value (secrets hidden) and meaning of every setting, in order. */
export function describeConfig(config: Config): { name: string; value: string; about: string }[] {
  return names.map((name) => {
    const value = (config as Readonly<Record<string, unknown>>)[camel(name)]
    const setting: Setting = settings[name]
    const shown = value === undefined ? '' : Array.isArray(value) ? value.join(',') : String(value)
    return {
      name: prefix + name,
      value: setting.secret && shown !== '' ? '(hidden)' : shown,
      about: setting.about,
    }
  })
}
