/**
 * Which InfluxDB servers these tests run against. 1.x must be there (Debian's package `influxdb`), 2.x and 3.x as well,
 * as programs or containers; a test fails when its server cannot be had, unless BELLWETHER_TEST_SKIP_SERVERS is 1 or
 * names it (`influxd2,influxd3`).
 */

import { execFileSync } from 'node:child_process'
import { findServer } from '../server.ts'
import {
  type Influxd,
  startContainer2,
  startContainer3,
  startInfluxd1,
  startInfluxd2,
  startInfluxd3,
} from './influxd.ts'

export interface FoundInflux {
  name: string
  generation: 1 | 2 | 3
  start(): Promise<Influxd>
}

export function findInfluxes(): FoundInflux[] {
  const found: FoundInflux[] = []
  const first = findServer('influxd')
  if (first.by === 'program') {
    found.push({ name: 'InfluxDB 1', generation: 1, start: () => startInfluxd1(first.path) })
  }
  const later = [
    { generation: 2, program: startInfluxd2, container: startContainer2 },
    { generation: 3, program: startInfluxd3, container: startContainer3 },
  ] as const
  for (const { generation, program, container } of later) {
    const name = `InfluxDB ${generation}`
    const path = process.env[`BELLWETHER_TEST_INFLUXD${generation}`]
    if (path !== undefined) found.push({ name, generation, start: () => program(path) })
    else if (hasEngine()) found.push({ name, generation, start: container })
    else mustBeLeftOut(generation)
  }
  return found
}

function mustBeLeftOut(generation: number): void {
  const left = (process.env.BELLWETHER_TEST_SKIP_SERVERS ?? '').split(',')
  if (left.includes('1') || left.includes(`influxd${generation}`)) return
  throw new Error(
    `This test needs InfluxDB ${generation}: name its program in BELLWETHER_TEST_INFLUXD${generation}, start a container engine, or set BELLWETHER_TEST_SKIP_SERVERS=influxd${generation} to leave it out.`,
  )
}

function hasEngine(): boolean {
  try {
    execFileSync('docker', ['version', '--format', '{{.Server.Version}}'], { stdio: 'ignore' })
    return true
  } catch {
    return false // No client, or no engine behind it.
  }
}
