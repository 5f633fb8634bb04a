#!/usr/bin/env node
/** Where the process of the command line begins and ends. */

import { installNames } from '../runtime/names.ts'
import { systemTimers } from '../runtime/system.ts'
import { runCommandLine } from './run.ts'

/** Whoever reads may stop reading, such as `| head`. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})
installNames(systemTimers)
process.exitCode = await runCommandLine(process.argv.slice(2))
// What a command left open, such as a connection that is kept for later, does not keep the process.
process.stdout.write('', () => process.exit())
