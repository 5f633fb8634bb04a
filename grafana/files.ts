/** The files of all boards by name: what is committed, what `write.ts` writes and what the drift test compares. */

import { boards } from './boards.ts'
import { boardText } from './parts/finish.ts'

export function boardFiles(): ReadonlyMap<string, string> {
  return new Map(
    boards.map((board) => [`${board.uid?.replace(/^bw-/, '')}.json`, boardText(board)]),
  )
}
