/**
 * Whether the listeners of the settings can be opened, found out before anything is started: a port that is taken, a
 * name without an address or a bad certificate ends the start at once, with one line that names the setting.
 */

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { createSecureContext } from 'node:tls'
import { type Config, ConfigError } from '../config.ts'
import type { Fault } from '../domain/errors.ts'
import { type ListenerPlace, listenFault } from '../domain/listen-fault.ts'
import type { Timers } from '../domain/ports.ts'
import { portHolder } from './port-holder.ts'

/** A name server that does not answer must not keep the start from failing. */
const bindWithinMs = 1_200

/** The listeners of the roles that this process runs. Port 0 takes a free one, and so always works. */
export function listenersOf(config: Config): ListenerPlace[] {
  const mqtt = { hostSetting: 'BELLWETHER_MQTT_HOST', host: config.mqttHost }
  const http = { hostSetting: 'BELLWETHER_HTTP_HOST', host: config.httpHost }
  const { mqttPort, mqttsPort, httpPort, roles } = config
  return [
    ...(roles.includes('broker')
      ? [
          { ...mqtt, portSetting: 'BELLWETHER_MQTT_PORT', port: mqttPort },
          ...(mqttsPort === undefined
            ? []
            : [{ ...mqtt, portSetting: 'BELLWETHER_MQTTS_PORT', port: mqttsPort }]),
        ]
      : []),
    ...(roles.includes('api')
      ? [{ ...http, portSetting: 'BELLWETHER_HTTP_PORT', port: httpPort }]
      : []),
  ]
}

/** Throws `ConfigError` or `Fault` `unavailable`. */
export async function checkListening(config: Config, timers: Timers): Promise<void> {
  if (config.mqttsPort !== undefined && config.roles.includes('broker')) readTlsFiles(config)
  for (const place of listenersOf(config)) {
    const fault = await tryListener(place, timers)
    if (fault !== null) throw fault
  }
}

/** Opens the listener and closes it again; null when that works. */
export function tryListener(place: ListenerPlace, timers: Timers): Promise<Fault | null> {
  return new Promise((resolve) => {
    const server = createServer()
    const cancel = timers.after(bindWithinMs, () => {
      resolve(listenFault({ code: 'EAI_AGAIN' }, place))
    })
    server.once('error', (error: NodeJS.ErrnoException) => {
      cancel()
      const holder = error.code === 'EADDRINUSE' ? portHolder(place.port) : undefined
      resolve(listenFault(error, place, holder))
    })
    server.listen({ host: place.host, port: place.port, exclusive: true }, () => {
      cancel()
      server.close(() => resolve(null))
    })
  })
}

export interface TlsFiles {
  certificate: X509Certificate
  authority: X509Certificate | undefined
}

/** Throws `ConfigError` that names the file at fault. */
export function readTlsFiles(config: Config): TlsFiles {
  const certPem = readPem('TLS_CERT', config.tlsCert)
  const keyPem = readPem('TLS_KEY', config.tlsKey)
  const caPem = config.tlsCa === undefined ? undefined : readPem('TLS_CA', config.tlsCa)
  const certificate = parsed('TLS_CERT', config.tlsCert, () => new X509Certificate(certPem))
  const key = parsed('TLS_KEY', config.tlsKey, () => createPrivateKey(keyPem))
  const authority = caPem && parsed('TLS_CA', config.tlsCa, () => new X509Certificate(caPem))
  if (!matches(certificate, key)) {
    throw new ConfigError(
      `BELLWETHER_TLS_KEY="${config.tlsKey}" cannot be used: it is not the key of the certificate in BELLWETHER_TLS_CERT="${config.tlsCert}". The server's own certificate comes first in that file, its chain after it.`,
    )
  }
  parsed('TLS_CERT', config.tlsCert, () =>
    createSecureContext({ cert: certPem, key: keyPem, ...(caPem ? { ca: caPem } : {}) }),
  )
  return { certificate, authority }
}

function matches(certificate: X509Certificate, key: KeyObject): boolean {
  return certificate.checkPrivateKey(key)
}

function readPem(name: string, path: string | undefined): Buffer {
  try {
    return readFileSync(path ?? '')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EACCES'
          ? 'the user that runs Bellwether may not read it'
          : (error as Error).message
    throw new ConfigError(`BELLWETHER_${name}="${path}" cannot be used: ${why}.`)
  }
}

function parsed<Thing>(name: string, path: string | undefined, parse: () => Thing): Thing {
  try {
    return parse()
  } catch (error) {
    const what = name === 'TLS_KEY' ? 'a private key without a passphrase' : 'a certificate'
    throw new ConfigError(
      `BELLWETHER_${name}="${path}" cannot be used: it does not hold ${what} in PEM form (${(error as Error).message}).`,
    )
  }
}
