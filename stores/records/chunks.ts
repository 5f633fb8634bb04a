/** Long lists in the parts that one SQL statement takes: databases limit the parameters of each. */

/** Ids of one `in (…)` list. */
export const idsPerQuery = 500
/** Rows of one `insert`. */
export const rowsPerInsert = 1_000

export function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size)
}
