/**
 * Looks at everything that a server needs of its settings and its machine, and changes nothing. It may be run beside a
 * server, whose ports and locks are then as they should be.
 */

import { existsSync } from 'node:fs'
import { Registry } from 'prom-client'
import type { Config, SecretFile } from '../../config.ts'
import type { Ports } from '../../domain/ports.ts'
import { systemPorts } from '../../runtime/system.ts'
import { layoutOf } from '../../runtime/data-layout.ts'
import { listenersOf, tryListener } from '../../runtime/listening.ts'
import { portHolder } from '../../runtime/port-holder.ts'
import { lockServer } from '../../stores/server-lock.ts'
import { type Finding, fail, messageOf, ok, warn } from './finding.ts'
import { examineFolder } from './folder.ts'
import { examineClock, examineDisk } from './machine.ts'
import { examineSettings } from './settings.ts'
import { examineStore, newestReceived } from './store.ts'

export type { Finding } from './finding.ts'

const readyWithinMs = 3_000

export async function examine(
  config: Config,
  secretFiles: readonly SecretFile[],
  ports: Ports = systemPorts('silent', 'doctor', new Registry()),
): Promise<Finding[]> {
  const folder = examineFolder(config.dataDir)
  const isUsable = folder.every(({ status }) => status !== 'fail')
  const runs = isUsable && isRunning(config)
  const newest = isUsable ? await newestReceived(config, ports) : null
  return [
    ...examineSettings(config, secretFiles, ports.clock.now()),
    ...folder,
    ...examineDisk(config, ports.clock),
    ...(await examineClock(config, ports, newest)),
    ...(await examinePorts(config, runs, ports)),
    ...(await examineStore(config, ports)),
    runs ? await askServer(config) : ok('server', 'none runs on this data folder'),
  ]
}

/** Nothing is made for a folder on which no server has ever run. */
function isRunning({ dataDir }: Config): boolean {
  const { run } = layoutOf(dataDir)
  if (!existsSync(run)) return false
  const unlock = lockServer(run)
  unlock?.()
  return unlock === null
}

async function examinePorts(config: Config, runs: boolean, ports: Ports): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const place of listenersOf(config)) {
    const where = `${place.portSetting}: port ${place.port} of ${place.host}`
    const fault = await tryListener(place, ports.timers)
    if (fault === null) {
      const free =
        place.port === 0 ? `${place.portSetting}=0 takes a free port` : `${where} is free`
      findings.push(ok('port', free))
    } else if (runs && (fault.cause as { code?: unknown } | undefined)?.code === 'EADDRINUSE') {
      const holder = portHolder(place.port)
      const by = holder === undefined ? '' : `, ${holder}`
      findings.push(ok('port', `${where} is taken, as it should be: the server runs${by}`))
    } else findings.push(fail('port', fault.message, 'The server does not start until then.'))
  }
  return findings
}

async function askServer(config: Config): Promise<Finding> {
  const running = 'a server runs on this data folder'
  if (!config.roles.includes('api') || config.httpPort === 0) return ok('server', running)
  const host = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[config.httpHost] ?? config.httpHost
  try {
    const answer = await fetch(`http://${host}:${config.httpPort}/readyz`, {
      signal: AbortSignal.timeout(readyWithinMs),
    })
    if (answer.ok) return ok('server', `${running}, and is ready`)
    const { reasons = [] } = (await answer.json()) as { reasons?: string[] }
    const advice = 'docs/operate.md, "It is 3 a.m.", says what to do about it.'
    return fail('server', `${running}, and is not ready: ${reasons.join(' ')}`, advice)
  } catch (error) {
    const found = `${running}, and does not answer on port ${config.httpPort}: ${messageOf(error)}`
    return warn('server', found, 'Are these the settings that it was started with? If so, its log.')
  }
}
