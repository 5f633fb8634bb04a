/**
 * Entries of the log as bytes: columns one after the other, so that whole columns are copied at the speed of
 * memory. Little-endian, as are all machines this runs on. 29 bytes an entry, and 4 more where quality tests
 * were evaluated.
 */

/** The same places of all columns are one reading. NaN stands for a null value. */
export interface Entries {
  observedAt: Float64Array
  receivedAt: Float64Array
  value: Float64Array
  /** Id in the table `series`. */
  series: Uint32Array
  quality: Uint8Array
  /** Packed outcomes of the quality tests. */
  tests: Uint32Array
}

/** A row of the table `log` without its key. */
export interface LogRow {
  entries: Uint8Array
  /** Null: no test was evaluated for any entry. */
  tests: Uint8Array | null
}

const entryBytes = 3 * 8 + 4 + 1
const testsBytes = 4

export function createEntries(capacity: number): Entries {
  return viewEntries(new ArrayBuffer(capacity * entryBytes), new Uint32Array(capacity))
}

/** Copies, because columns of numbers must stand at multiples of their size in memory. */
export function decodeEntries({ entries, tests }: LogRow): Entries {
  const count = entries.length / entryBytes
  if (!Number.isInteger(count) || (tests !== null && tests.length !== count * testsBytes)) {
    throw new Error('A row of the readings log is damaged.')
  }
  const bytes = new Uint8Array(entries.length)
  bytes.set(entries)
  const outcomes = new Uint32Array(count)
  if (tests !== null) new Uint8Array(outcomes.buffer).set(tests)
  return viewEntries(bytes.buffer, outcomes)
}

/** All of `entries`, which must be as `createEntries` made them. */
export function encodeEntries({ observedAt, tests }: Entries): LogRow {
  const evaluated = tests.some((outcomes) => outcomes !== 0)
  return {
    entries: new Uint8Array(observedAt.buffer),
    tests: evaluated ? new Uint8Array(tests.buffer) : null,
  }
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
  target.entries.tests.set(entries.tests.subarray(from, end), target.to)
}

function viewEntries(buffer: ArrayBuffer, tests: Uint32Array<ArrayBuffer>): Entries {
  const count = tests.length
  return {
    observedAt: new Float64Array(buffer, 0, count),
    receivedAt: new Float64Array(buffer, count * 8, count),
    value: new Float64Array(buffer, count * 16, count),
    series: new Uint32Array(buffer, count * 24, count),
    quality: new Uint8Array(buffer, count * 28, count),
    tests,
  }
}
