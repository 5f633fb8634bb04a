/**
 * A writer in a process of its own, for tests that kill it. Writes groups, without end unless told how many,
 * and prints after each commit the position up to which all is acknowledged, or its fault.
 */

import { writeSync } from 'node:fs'
import { Fault } from '../../../domain/errors.ts'
import { openJournalWriter } from '../../../stores/journal/sqlite.ts'
import { draftOf } from '../../fixtures/uplinks.ts'

const [dir = '', commits = 'Infinity'] = process.argv.slice(2)
const quiet = { debug() {}, info() {}, warn() {}, error() {} }

function print(line: string): void {
  writeSync(1, `${line}\n`)
}

try {
  const limits = { segmentBytesMax: 512 * 1024, bytesMax: 1024 ** 3 }
  const writer = openJournalWriter({ dir, ...limits, log: quiet })
  print(`open ${writer.head}`)
  for (let commit = 0; commit < Number(commits); commit++) {
    const group = 1 + (commit % 40)
    for (let i = 1; i <= group; i++) writer.append(draftOf(writer.head + i, 160))
    writer.commit((fault) => {
      if (fault) print(`failed ${fault instanceof Fault ? fault.code : fault}`)
      else print(`acked ${writer.head}`)
    })
  }
  writer.close()
} catch (error) {
  print(error instanceof Fault ? `${error.code}: ${error.message}` : String(error))
  process.exitCode = 1
}
