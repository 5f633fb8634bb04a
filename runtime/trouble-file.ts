/**
 * What keeps ingest from storing, for whoever asks the API: there while batches fail. It is of the present run, so
 * ingest takes it away when it starts.
 */

import { z } from 'zod'
import { type RunFile, runFile } from './run-file.ts'

const troubleForm = z.object({
  /** The first batch that failed; ISO 8601, UTC. */
  since: z.string(),
  /** As the log tells it. */
  reason: z.string(),
})
export type Trouble = z.infer<typeof troubleForm>

export function troubleFile(runDir: string): RunFile<Trouble> {
  return runFile(runDir, 'trouble', troubleForm)
}
