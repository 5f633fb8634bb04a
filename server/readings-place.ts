/**
 * Where the readings are, for commands that work on a store beside the server: which file of the data folder goes with
 * it, and how its writer and readers are opened. A store that is being built has that file somewhere else.
 */

import { join } from 'node:path'
import type { Config } from '../config.ts'
import type { ReadingsReader, ReadingsWriter } from '../stores/readings/readings.ts'
import { openReadingsReader, openReadingsWriter } from '../stores/readings/sqlite.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import { layoutOf } from './layout.ts'

export type ReadingsKind = Config['readings']

export interface ReadingsPlace {
  kind: ReadingsKind
  /** For people. */
  title: string
  /** The file that holds readings, or what goes with them: position and counts. */
  file: string
  /** `registry`: as it is now. */
  openWriter(file: string, registry: RegistryView): ReadingsWriter
  openReader(file?: string): ReadingsReader
}

/** The store of `kind` that belongs to the data folder `dataDir`. */
export function readingsPlace(
  config: Config,
  kind: ReadingsKind = config.readings,
  dataDir: string = config.dataDir,
): ReadingsPlace {
  const own = layoutOf(dataDir).readings
  return {
    kind,
    title: own,
    file: own,
    openWriter: (path) => openReadingsWriter({ path, keepDays: config.readingsDays }),
    openReader: (path = own) => openReadingsReader({ path }),
  }
}

/** The same store with its file in another folder. */
export function fileIn(folder: string, { file }: ReadingsPlace): string {
  return join(folder, file.slice(file.lastIndexOf('/') + 1))
}
