/**
 * How the API finds the broker's edge when it runs in another thread or process. After a kill the file names a port
 * where nobody answers, which reads as "not ready".
 */

import { z } from 'zod'
import { type RunFile, runFile } from './run-file.ts'

const edgeForm = z.object({ port: z.number(), key: z.string() })
export type Edge = z.infer<typeof edgeForm>

export function edgeFile(runDir: string): RunFile<Edge> {
  return runFile(runDir, 'edge', edgeForm)
}
