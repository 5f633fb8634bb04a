/** Opens the registry of the data folder for one command; a running server notices the change by itself. */

import type { z } from 'zod'
import { loadConfig } from '../config.ts'
import { layoutOf } from '../server/layout.ts'
import type { Registry, RegistryView } from '../stores/records/registry.ts'
import { openRegistry, openRegistryView } from '../stores/records/sqlite-registry.ts'
import { UsageError } from './command.ts'

export async function withRegistry<T>(
  run: (stores: { registry: Registry; view: RegistryView }) => Promise<T>,
): Promise<T> {
  const path = layoutOf(loadConfig().dataDir).registry
  const registry = openRegistry({ path })
  const view = await openRegistryView({ path })
  try {
    return await run({ registry, view })
  } finally {
    await Promise.all([view.close(), registry.close()])
  }
}

/** The value in the schema's form; a misfit is a usage error that names the field. */
export function checked<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new UsageError(`${issue?.path.join('.') || 'value'}: ${issue?.message}`)
}
