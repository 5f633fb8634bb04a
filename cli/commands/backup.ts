/** `bellwether backup` and `bellwether restore`. */

import { parseArgs } from 'node:util'
import { loadConfig } from '../../config.ts'
import { backup } from '../../operations/backup.ts'
import type { Manifest } from '../../operations/backup-manifest.ts'
import { restore } from '../../operations/restore.ts'
import { systemClock, systemTimers } from '../../runtime/system.ts'
import { type Command, UsageError } from '../command.ts'

function only(positionals: readonly string[]): string {
  const [folder, ...more] = positionals
  if (folder === undefined || more.length > 0) throw new UsageError('name exactly one folder')
  return folder
}

function sum(manifest: Manifest): string {
  const bytes = manifest.files.reduce((total, file) => total + file.bytes, 0)
  return `${manifest.files.length} files, ${(bytes / 1_048_576).toFixed(1)} MiB`
}

export const backupCommand: Command = {
  name: 'backup',
  help: `Usage: bellwether backup FOLDER [--archive]

Makes a consistent copy of BELLWETHER_DATA_DIR (registry, alerts, quarantine, readings and journal) in FOLDER,
which must not exist. The server may go on running. Keep the copy safe: it holds webhook secrets and the
hashes of tokens. TLS keys and settings are not part of it, nor what is in InfluxDB: back that up afterwards.

  --archive   take the journal archive along; its files never change, so rsync serves as well
`,
  async run(argv) {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { archive: { type: 'boolean', default: false } },
    })
    const folder = only(positionals)
    const manifest = await backup(loadConfig().dataDir, folder, {
      clock: systemClock,
      timers: systemTimers,
      withArchive: values.archive,
    })
    process.stdout.write(`${folder}: ${sum(manifest)}\n`)
    return 0
  },
}

export const restoreCommand: Command = {
  name: 'restore',
  help: `Usage: bellwether restore FOLDER

Checks every file of the backup in FOLDER and brings it into BELLWETHER_DATA_DIR, which must be empty or not
exist; it may be a mount point or a volume. Cut short, it has done nothing, or the next start finishes it. Then
start the server: it goes on where the backup was made.
`,
  async run(argv) {
    const { positionals } = parseArgs({ args: [...argv], allowPositionals: true, options: {} })
    const folder = only(positionals)
    const { dataDir } = loadConfig()
    const manifest = await restore(folder, dataDir)
    process.stdout.write(`${dataDir}: ${sum(manifest)}, made ${manifest.madeAt}\n`)
    return 0
  },
}
