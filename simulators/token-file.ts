/**
 * Keeps what the server told once (device tokens, webhook secrets) so that a restart can go on with them.
 * One JSON file, mode 0600 in a folder of mode 0700, replaced as a whole; entries are kept apart by server.
 */

import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const secretsSchema = z.record(z.string(), z.string())
const fileSchema = z.strictObject({
  version: z.literal(1),
  servers: z.record(z.string(), secretsSchema),
})

export interface TokenFile {
  /** What is kept of this server: device id, or `webhook:<id>`, → secret. */
  read(): Promise<Map<string, string>>
  /** Replaces what is kept of this server. */
  write(secrets: ReadonlyMap<string, string>): Promise<void>
}

export function tokenFile(options: { dir: string; server: string }): TokenFile {
  const path = join(options.dir, 'simulators.json')

  async function readAll(): Promise<Record<string, Record<string, string>>> {
    let text: string
    try {
      text = await readFile(path, 'utf8')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
      throw error
    }
    return fileSchema.parse(JSON.parse(text)).servers
  }

  return {
    async read() {
      const servers = await readAll()
      return new Map(Object.entries(servers[options.server] ?? {}))
    },
    async write(secrets) {
      const servers = { ...(await readAll()), [options.server]: Object.fromEntries(secrets) }
      await mkdir(options.dir, { recursive: true, mode: 0o700 })
      const text = `${JSON.stringify({ version: 1, servers }, null, 1)}\n`
      await writeFile(`${path}.new`, text, { mode: 0o600 })
      await rename(`${path}.new`, path)
    },
  }
}
