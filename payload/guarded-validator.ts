/**
 * A judge that always answers. A mistake of ours in judging costs one message, which stays in quarantine and
 * can be tried again after a fix; it must not stop all messages behind it.
 */

import type { Log, Meter } from '../domain/ports.ts'
import type { Judge, Verdict } from '../domain/quarantine.ts'
import type { Uplink } from '../domain/uplink.ts'

const reasonCharsMax = 300

export function createSureJudge(judge: Judge, { log, meter }: { log: Log; meter: Meter }): Judge {
  const count = meter.counter(
    'bellwether_ingest_internal_errors_total',
    'Uplinks whose judging failed by a mistake of ours; they are in quarantine.',
  )
  return (uplink, only) => {
    try {
      return judge(uplink, only)
    } catch (error) {
      count()
      const { seq, device, kind } = uplink
      log.error({ error, seq, device, kind }, 'Judging a message failed; it is in quarantine.')
      return failed(uplink, error)
    }
  }
}

function failed({ device }: Uplink, error: unknown): Verdict {
  const why = error instanceof Error ? error.message : String(error)
  const reason = `internal error: ${why.slice(0, reasonCharsMax)}`
  return { accepted: [], refused: [{ code: 'malformed', reason, device }] }
}
