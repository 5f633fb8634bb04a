/** Opens the registry of the data folder for one command; a running server notices the change by itself. */

import { userInfo } from 'node:os'
import type { z } from 'zod'
import { loadConfig } from '../config.ts'
import { layoutOf } from '../runtime/data-layout.ts'
import { settleRestore } from '../operations/restore.ts'
import type { Registry, RegistryView } from '../stores/records/registry.ts'
import { openRegistry, openRegistryView } from '../stores/records/sqlite-registry.ts'
import { systemClock } from '../runtime/system.ts'
import { UsageError } from './command.ts'

export async function withRegistry<T>(
  run: (stores: { registry: Registry; view: RegistryView }) => Promise<T>,
): Promise<T> {
  const { dataDir } = loadConfig()
  await settleRestore(dataDir)
  const path = layoutOf(dataDir).registry
  const registry = openRegistry({ path, clock: systemClock })
  const view = await openRegistryView({ path })
  try {
    return await run({ registry, view })
  } finally {
    await Promise.all([view.close(), registry.close()])
  }
}

/** Makes a change with its entry in the audit trail; `false` is the answer of a change that found nothing to change. */
export async function audited<T>(
  registry: Registry,
  action: string,
  target: string,
  change: () => Promise<T>,
): Promise<T> {
  const from = userInfo().username
  const entry = { at: systemClock.now(), actor: 'command-line', action, target, from }
  const begun = await registry.beginAudit(entry)
  try {
    const changed = await change()
    await registry.endAudit(begun, { ...entry, result: changed === false ? 'refused' : 'done' })
    return changed
  } catch (error) {
    await registry.endAudit(begun, { ...entry, result: 'refused' })
    throw error
  }
}

/** The value in the schema's form; a misfit is a usage error that names the field. */
export function checked<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new UsageError(`${issue?.path.join('.') || 'value'}: ${issue?.message}`)
}
