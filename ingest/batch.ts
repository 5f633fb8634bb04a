/** Many uplinks judged together: what is to be stored, what is refused, what is said of devices. */

import type { Judge, Refusal, Verdict } from '../domain/quarantine.ts'
import type { Reading } from '../domain/reading.ts'
import type { Uplink } from '../domain/uplink.ts'

/** A batch ends at the message that reaches this: a message of 64 KiB may hold thousands of readings. */
export const batchReadingsMax = 100_000

export interface Judged {
  uplink: Uplink
  verdict: Verdict
}

export interface Batch {
  judged: readonly Judged[]
  readings: readonly Reading[]
  refused: readonly { uplink: Uplink; refused: readonly Refusal[] }[]
  /** Readings that quarantine takes. */
  quarantined: number
}

/** Judges from the front of a list: all of it, unless it holds too many readings. */
export function judgeBatch(uplinks: readonly Uplink[], judge: Judge): Batch {
  const judged: Judged[] = []
  const readings: Reading[] = []
  const refused: { uplink: Uplink; refused: readonly Refusal[] }[] = []
  let quarantined = 0
  for (const uplink of uplinks) {
    const verdict = judge(uplink)
    judged.push({ uplink, verdict })
    for (const reading of verdict.accepted) readings.push(reading)
    if (verdict.refused.length > 0) refused.push({ uplink, refused: refusalsOf(uplink, verdict) })
    quarantined += quarantinedOf(uplink, verdict)
    if (readings.length + quarantined >= batchReadingsMax) break
  }
  return { judged, readings, refused, quarantined }
}

/** A message that cannot be read is one refusal of all the readings that it claimed to hold. */
function refusalsOf(uplink: Uplink, { accepted, refused }: Verdict): readonly Refusal[] {
  const [only] = refused
  const isWhole = accepted.length === 0 && refused.length === 1 && only?.key === undefined
  if (!isWhole || only?.readings !== undefined) return refused
  return refused.map((refusal) => ({ ...refusal, readings: uplink.readings }))
}

/**
 * What was announced at admission and not accepted. For a message that can be read these are its refused
 * readings; one that cannot be read settles all that it claimed to hold, and events hold none.
 */
function quarantinedOf(uplink: Uplink, verdict: Verdict): number {
  return Math.max(0, uplink.readings - verdict.accepted.length)
}
