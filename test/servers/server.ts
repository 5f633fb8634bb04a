/**
 * Finds a server for a test: a program of this machine, else the test fails, unless
 * BELLWETHER_TEST_SKIP_SERVERS=1 says that it may be left out. (Mosquitto, the only server these tests need, is a
 * package of every distribution; a container of it would show nothing more.)
 */

import { execFileSync } from 'node:child_process'

export type Found = { by: 'program'; path: string } | { by: 'none' }

/** `program` is looked for on the PATH and in /usr/sbin. */
export function findServer(program: string): Found {
  const path = which(program)
  if (path !== null) return { by: 'program', path }
  if (process.env.BELLWETHER_TEST_SKIP_SERVERS === '1') return { by: 'none' }
  throw new Error(
    `This test needs ${program}: install it, or set BELLWETHER_TEST_SKIP_SERVERS=1 to leave it out.`,
  )
}

function which(program: string): string | null {
  try {
    const path = `${process.env.PATH ?? ''}:/usr/sbin`
    return execFileSync('sh', ['-c', `command -v ${program}`], { env: { PATH: path } })
      .toString()
      .trim()
  } catch {
    return null // "command -v" says with its exit code that there is none.
  }
}
