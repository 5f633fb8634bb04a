/** Settings that are allowed and yet unsafe, or that do not fit together. */

import { statSync } from 'node:fs'
import { type Config, ConfigError, type SecretFile } from '../../config.ts'
import { readTlsFiles } from '../../runtime/listening.ts'
import { type Finding, fail, messageOf, ok, warn } from './finding.ts'

const dayMs = 86_400_000
const renewBeforeDays = 30

export function examineSettings(
  config: Config,
  secretFiles: readonly SecretFile[],
  now: number,
): Finding[] {
  const findings = [
    ...exposed(config),
    ...contradictions(config),
    ...certificates(config, now),
    ...secretFiles.flatMap(openSecret),
  ]
  if (findings.some(({ status }) => status !== 'ok')) return findings
  return [ok('settings', 'all known, and they fit together'), ...findings]
}

function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(host)
}

function exposed(config: Config): Finding[] {
  const { mqttHost, httpHost, influxUrl, webhookAllow, roles } = config
  const findings: Finding[] = []
  if (roles.includes('api') && !isLoopback(httpHost)) {
    const found = `BELLWETHER_HTTP_HOST=${httpHost}: the API is reached from outside of this machine without TLS, and tokens can be read on the way`
    const advice =
      'Set 127.0.0.1 and put a proxy with TLS in front (docs/operate.md, "Ports"). In a container, publish the port on 127.0.0.1 only.'
    findings.push(warn('settings', found, advice))
  }
  if (roles.includes('broker') && !isLoopback(mqttHost)) {
    const found = `BELLWETHER_MQTT_HOST=${mqttHost}: MQTT on port ${config.mqttPort} is reached without TLS, and device tokens can be read on the way`
    const advice = 'Keep that port in a closed network; others get BELLWETHER_MQTTS_PORT.'
    findings.push(warn('settings', found, advice))
  }
  const influx = influxUrl === undefined ? undefined : new URL(influxUrl)
  const hasSecret = config.influxToken !== undefined || config.influxPassword !== undefined
  if (influx?.protocol === 'http:' && hasSecret && !isLoopback(influx.hostname)) {
    const found = `BELLWETHER_INFLUX_URL=${influx.origin}: token or password go over the network without TLS`
    findings.push(warn('settings', found, 'Use https, or a network that nobody else is in.'))
  }
  const wide = webhookAllow.find((entry) => /\/0$/.test(entry))
  if (wide !== undefined) {
    const found = `BELLWETHER_WEBHOOK_ALLOW=${wide}: webhooks may reach every address of the inner network`
    findings.push(warn('settings', found, 'Name only the hosts of your receivers.'))
  }
  return findings
}

function contradictions(config: Config): Finding[] {
  const findings: Finding[] = []
  const { readingsDays, readingAgeDaysMax: ageDays, readings } = config
  if (readingsDays > 0 && (ageDays === 0 || ageDays > readingsDays)) {
    const found = `BELLWETHER_READINGS_DAYS=${readingsDays} is shorter than BELLWETHER_READING_AGE_DAYS_MAX=${ageDays}: older readings are taken and soon dropped`
    findings.push(
      warn('settings', found, 'Keep readings as long as late ones are taken, or longer.'),
    )
  }
  if (readings === 'sqlite' && config.influxUrl !== undefined) {
    const found = 'BELLWETHER_INFLUX_URL is set, and readings go to the embedded store'
    const advice =
      'Set BELLWETHER_READINGS=influx, after "bellwether copy readings" when there are readings already.'
    findings.push(warn('settings', found, advice))
  }
  if (config.tlsCert !== undefined && config.mqttsPort === undefined) {
    const found = 'BELLWETHER_TLS_CERT is set, and nothing listens with TLS'
    findings.push(warn('settings', found, 'Set BELLWETHER_MQTTS_PORT, such as 8883.'))
  }
  return findings
}

function certificates(config: Config, now: number): Finding[] {
  if (config.mqttsPort === undefined || !config.roles.includes('broker')) return []
  try {
    const { certificate } = readTlsFiles(config)
    const until = Date.parse(certificate.validTo)
    const day = new Date(until).toISOString().slice(0, 10)
    const advice = 'Have it renewed, put the new files in place and restart.'
    const key = privateFile('BELLWETHER_TLS_KEY', config.tlsKey ?? '')
    const file = `certificate ${config.tlsCert}`
    if (until < now) return [...key, fail('tls', `the ${file} has expired on ${day}`, advice)]
    if (until < now + renewBeforeDays * dayMs) {
      return [...key, warn('tls', `the ${file} expires on ${day}`, advice)]
    }
    return [...key, ok('tls', `the ${file} and its key belong together; valid until ${day}`)]
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return [fail('tls', messageOf(error), 'Mend the file, or the setting that names it.')]
  }
}

function openSecret({ variable, path }: SecretFile): Finding[] {
  return privateFile(variable, path)
}

/** A folder that only its owner may enter protects what is in it: file secrets of containers are readable. */
function privateFile(variable: string, path: string): Finding[] {
  const { mode } = statSync(path)
  if ((mode & 0o077) === 0 || path.startsWith('/run/secrets/')) return []
  const shown = (mode & 0o777).toString(8).padStart(4, '0')
  const found = `${variable}=${path} may be read by other users (mode ${shown})`
  return [warn('secrets', found, `chmod 600 ${path}, owned by the user that runs Bellwether.`)]
}
