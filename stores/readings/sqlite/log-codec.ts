/**
 * Entries of the log as bytes: five columns one after the other, so that whole columns are copied at the
 * speed of memory. Little-endian, as are all machines this runs on. 29 bytes an entry.
 */

/** The same places of all columns are one reading. NaN stands for a null value. */
export interface Entries {
  observedAt: Float64Array
  receivedAt: Float64Array
  value: Float64Array
  /** Id in the table `series`. */
  series: Uint32Array
  quality: Uint8Array
}

export const entryBytes = 3 * 8 + 4 + 1

export function createEntries(capacity: number): Entries {
  return viewEntries(new ArrayBuffer(capacity * entryBytes), capacity)
}

/** Copies, because the columns of eight-byte numbers must stand at multiples of eight in memory. */
export function decodeEntries(blob: Uint8Array): Entries {
  const count = blob.length / entryBytes
  if (!Number.isInteger(count)) throw new Error('A row of the readings log is damaged.')
  const bytes = new Uint8Array(blob.length)
  bytes.set(blob)
  return viewEntries(bytes.buffer, count)
}

export function encodeEntries(entries: Entries): Uint8Array {
  return new Uint8Array(entries.observedAt.buffer)
}

/** Copies the places `from` to `from + count` of one to places `to`… of the other. */
export function copyEntries(
  source: { entries: Entries; from: number; count: number },
  target: { entries: Entries; to: number },
): void {
  const { entries, from, count } = source
  const end = from + count
  target.entries.observedAt.set(entries.observedAt.subarray(from, end), target.to)
  target.entries.receivedAt.set(entries.receivedAt.subarray(from, end), target.to)
  target.entries.value.set(entries.value.subarray(from, end), target.to)
  target.entries.series.set(entries.series.subarray(from, end), target.to)
  target.entries.quality.set(entries.quality.subarray(from, end), target.to)
}

function viewEntries(buffer: ArrayBuffer, count: number): Entries {
  return {
    observedAt: new Float64Array(buffer, 0, count),
    receivedAt: new Float64Array(buffer, count * 8, count),
    value: new Float64Array(buffer, count * 16, count),
    series: new Uint32Array(buffer, count * 24, count),
    quality: new Uint8Array(buffer, count * 28, count),
  }
}
