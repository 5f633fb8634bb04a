/** Placements that are learned from the stored readings of an earlier version; what a person has said goes before. */

import type { Transaction } from 'kysely'
import { type WrittenSites, placementsWritten } from '../../domain/written-sites.ts'
import { appendAudit } from './audit.ts'
import { savePlacements, standingOf } from './registry-placements.ts'
import type { Placements } from '../../domain/placement.ts'
import { chunks, idsPerQuery } from './chunks.ts'
import type { RegistrySchema } from './registry-schema.ts'

type Writing = Transaction<RegistrySchema>

const action = 'device.place'

/** Answers which of the devices were placed: nothing else was known of these, and they have moved. */
export async function placeAsWritten(
  tx: Writing,
  written: readonly WrittenSites[],
  now: number,
): Promise<string[]> {
  const ids = written.map(({ device }) => device)
  const { sites, placements } = await standingOf(tx, ids)
  const corrected = await correctedOf(tx, ids)
  const found = new Map<string, Placements>()
  for (const { device, spans } of written) {
    if (placements.has(device) || corrected.has(device)) continue
    const own = placementsWritten(spans, sites.get(device) ?? null, now)
    if (own.length > 1) found.set(device, own)
  }
  await savePlacements(tx, found, sites)
  for (const device of found.keys()) {
    const target = targetOf(device)
    const from = 'stored readings'
    await appendAudit(tx, { at: now, actor: 'system', action, target, result: 'done', from })
  }
  return [...found.keys()]
}

/** A device that was said to have stood at its site since ever has no placements either. */
async function correctedOf(tx: Writing, ids: readonly string[]): Promise<Set<string>> {
  const corrected = new Set<string>()
  for (const part of chunks(ids, idsPerQuery)) {
    const rows = await tx
      .selectFrom('audit')
      .select('target')
      .where('action', '=', action)
      .where('target', 'in', part.map(targetOf))
      .where('result', '<>', 'refused')
      .execute()
    for (const { target } of rows) corrected.add(target)
  }
  return new Set(ids.filter((id) => corrected.has(targetOf(id))))
}

function targetOf(device: string): string {
  return `device/${device}`
}
