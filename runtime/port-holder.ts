/**
 * Who listens on a TCP port of this machine, from /proc (Linux). Processes of other users show their sockets only to
 * root, so it is often not known.
 */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

const listening = '0A'

/** Such as `process 812 (mosquitto)`. Undefined when it cannot be seen. */
export function portHolder(port: number): string | undefined {
  try {
    const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((t) => inodesIn(t, port)))
    if (inodes.size === 0) return undefined
    const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && holds(name, inodes))
    return pid === undefined ? undefined : `process ${pid} (${commandOf(pid)})`
  } catch {
    // No /proc, or not for us: then it is not known.
    return undefined
  }
}

function inodesIn(table: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  return readFileSync(table, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(`:${wanted}`) && state === listening)
    .map((fields) => fields[9] ?? '')
}

function holds(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1]
      return inode !== undefined && inodes.has(inode)
    })
  } catch {
    // Another user's, or gone meanwhile.
    return false
  }
}

/** A descriptor may be closed between being listed and being looked at. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** Only its name: its arguments may hold secrets. */
function commandOf(pid: string): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
}
