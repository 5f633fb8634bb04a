/** The file of the embedded readings store, at this version's schema. */

import type { SqliteDatabase } from '../../sqlite.ts'
import { openStoreFile } from '../store-file.ts'
import { migrations } from './schema.ts'

/** Throws `Fault` `store_too_new` for a file of a newer version. */
export function openReadingsFile(path: string, cacheBytes: number): SqliteDatabase {
  return openStoreFile(path, migrations, cacheBytes)
}
