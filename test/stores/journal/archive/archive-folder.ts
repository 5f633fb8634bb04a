/** A journal that archives, in folders of its own, with a clock and meters that a test can look at. */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Uplink } from '../../../../domain/uplink.ts'
import {
  type ArchiveReading,
  readArchive,
} from '../../../../stores/journal/archive/archive-reader.ts'
import { readHistory } from '../../../../stores/journal/history.ts'
import type { JournalDamage, JournalWriter } from '../../../../stores/journal/journal.ts'
import { openJournalReader, openJournalWriter } from '../../../../stores/journal/sqlite.ts'
import { systemRandom } from '../../../../runtime/system.ts'
import { fakePorts } from '../../../fixtures/ports.ts'

export const smallSegments = { segmentBytesMax: 128 * 1024, bytesMax: 1024 ** 3 }

export function archiveFolder(keepDays = 30) {
  const root = mkdtempSync(join(tmpdir(), 'bellwether-archive-'))
  const dir = join(root, 'journal')
  const archive = join(root, 'archive')
  // Two writers after one another must not take the same names.
  const ports = { ...fakePorts(), random: systemRandom }
  const open = new Set<JournalWriter>()

  return {
    dir,
    archive,
    ports,
    openWriter(limits: { segmentBytesMax: number; bytesMax: number } = smallSegments) {
      const options = { dir: archive, keepDays, ports }
      const writer = openJournalWriter({ dir, ...limits, log: ports.log, archive: options })
      const close = writer.close
      open.add(writer)
      writer.close = () => {
        if (open.delete(writer)) close()
      }
      return writer
    },
    segments: () => readdirSync(dir).filter((name) => name.endsWith('.journal')),
    files: () =>
      readdirSync(archive)
        .filter((name) => !name.endsWith('.new'))
        .sort(),
    async archived(reading: Partial<ArchiveReading> = {}) {
      const damage: JournalDamage[] = []
      const uplinks: Uplink[] = []
      const onDamage = (found: JournalDamage) => damage.push(found)
      const pages = readArchive({ dir: archive, after: 0, onDamage, ...reading })
      for await (const page of pages) uplinks.push(...page.uplinks)
      return { uplinks, damage }
    },
    async history(after = 0) {
      const uplinks: Uplink[] = []
      const onDamage = () => {}
      const journal = openJournalReader({ dir, onDamage })
      for await (const page of readHistory({ archiveDir: archive, journal, after, onDamage })) {
        uplinks.push(...page.uplinks)
      }
      journal.close()
      return uplinks
    },
    remove() {
      for (const writer of [...open]) writer.close()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

export type ArchiveFolder = ReturnType<typeof archiveFolder>

/** Trims until all but the live segment have gone from the journal. */
export async function archiveAll(folder: ArchiveFolder, writer: JournalWriter): Promise<void> {
  while (folder.segments().length > 1) {
    writer.trim(writer.head)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Trims for a while; for what must not happen. */
export async function trimInVain(writer: JournalWriter, consumed: number): Promise<void> {
  for (let i = 0; i < 20; i++) {
    writer.trim(consumed)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
