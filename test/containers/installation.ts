/** A checkout as an operator has it, with its secrets made, on ports of its own; run by compose. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../deploy/compose-file.ts'
import { freePort } from '../fault/processes.ts'
import type { Engine } from './engine.ts'

export interface Installation {
  folder: string
  /** Name of the compose project: the prefix of its volumes. */
  project: string
  /** Base URL of the API as it is reached from this machine. */
  http: string
  ports: { mqtt: number; http: number; mqtts: number }
  secret(name: string): string
  compose(...args: string[]): string
  /** The id of a service's container, running or not. */
  container(service: string): string
  /** `docker inspect` of a service's container. */
  inspect(service: string): Inspected
  remove(): void
}

export interface Inspected {
  State: { Status: string; ExitCode: number; Health?: { Status: string } }
  HostConfig: { ReadonlyRootfs: boolean; Memory: number; NanoCpus: number; PidsLimit: number }
  RestartCount: number
}

export async function install(engine: Engine): Promise<Installation> {
  const folder = mkdtempSync(join(tmpdir(), 'bw-installation-'))
  const files = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard'], { cwd: root })
  execFileSync('tar', ['--null', '-T', '-', '-cf', join(folder, 'checkout.tar')], {
    cwd: root,
    input: files,
  })
  execFileSync('tar', ['-xf', 'checkout.tar'], { cwd: folder })
  rmSync(join(folder, 'checkout.tar'))
  execFileSync('sh', ['deploy/make-secrets.sh'], { cwd: folder })
  const ports = { mqtt: await freePort(), http: await freePort(), mqtts: await freePort() }
  const project = `bw-test-${ports.http}`
  const environment = {
    COMPOSE_PROJECT_NAME: project,
    BELLWETHER_MQTT_ADDRESS: '127.0.0.1',
    BELLWETHER_MQTT_PORT: String(ports.mqtt),
    BELLWETHER_HTTP_PORT: String(ports.http),
  }
  const compose = (...args: string[]) => engine.compose(folder, environment, ...args)
  const container = (service: string) => compose('ps', '-q', service).trim()
  return {
    folder,
    project,
    http: `http://127.0.0.1:${ports.http}`,
    ports,
    secret: (name) => readFileSync(join(folder, 'deploy/secrets', name), 'utf8'),
    compose,
    container,
    inspect(service) {
      const [found] = JSON.parse(engine.docker('inspect', container(service))) as Inspected[]
      if (found === undefined) throw new Error(`No container of ${service}.`)
      return found
    },
    remove() {
      compose('--profile', 'demo', 'down', '-v', '--remove-orphans')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
