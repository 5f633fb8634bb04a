/**
 * Refused readings that somebody asked to try again, after the device was registered or its profile mended.
 * The message is judged as if it had just been received at its old time; what is accepted now is stored.
 */

import type { Judge, Refusal, Verdict } from '../domain/quarantine.ts'
import type { Uplink } from '../domain/uplink.ts'
import type {
  Ledger,
  QuarantineEntry,
  RetryOutcome,
  StatusChange,
} from '../stores/records/ledger.ts'
import type { FlaggedStore } from './flagged-store.ts'

export interface RetryParts {
  ledger: Ledger
  store: FlaggedStore
  judge: Judge
}

/** Answers every open request and returns how many readings were stored. */
export async function answerRetries(parts: RetryParts): Promise<number> {
  let stored = 0
  for (const { request, entry: id, uplink } of await parts.ledger.pendingRetries()) {
    const entry = await parts.ledger.get(id)
    const outcome =
      entry === undefined
        ? { stored: 0, refused: [dropped(uplink)] }
        : entry.key === null
          ? await retryMessage(parts, uplink, entry)
          : await retryKey(parts, uplink, { device: entry.device, key: entry.key })
    await parts.ledger.answerRetry(request, id, outcome)
    stored += outcome.stored
  }
  return stored
}

/** One reading was refused: only readings of its key are looked at. Its neighbours were settled long ago. */
async function retryKey(
  { judge, store }: RetryParts,
  uplink: Uplink,
  only: { device: string; key: string },
): Promise<RetryOutcome> {
  const { accepted, refused } = judge(uplink, only)
  if (accepted.length > 0) {
    await store.write(accepted)
    return { stored: accepted.length, refused: [] }
  }
  return { stored: 0, refused: refused.slice(0, 1) }
}

/**
 * The whole message, or a part of it without a key, was refused. It was worth it when something is stored
 * that was not before, or when there is nothing left to refuse: an announcement or facts were taken.
 */
async function retryMessage(
  { judge, store, ledger }: RetryParts,
  uplink: Uplink,
  entry: QuarantineEntry,
): Promise<RetryOutcome> {
  const verdict = judge(uplink)
  const { accepted, refused } = verdict
  const { stored } = await store.write(accepted)
  await ledger.updateStatus(factsOf(verdict, uplink), 'late')
  if (refused.length === 0) return { stored: Math.max(1, accepted.length), refused }
  if (stored > 0) return { stored: accepted.length, refused }
  return { stored: 0, refused: stillRefused(verdict, entry) }
}

/** Of a message that is judged long after it came only the facts are news, and not where newer ones are known. */
function factsOf({ attributes }: Verdict, { seq }: Uplink): StatusChange[] {
  return [...(attributes ?? [])].map(([device, facts]) => ({ device, attributes: facts, seq }))
}

function stillRefused({ refused }: Verdict, entry: QuarantineEntry): readonly Refusal[] {
  const same = refused.find(({ device, key }) => device === entry.device && key === undefined)
  return same === undefined ? refused.slice(0, 1) : [same]
}

function dropped({ device }: Uplink): Refusal {
  return { code: 'malformed', reason: 'the message is no longer in quarantine', device }
}
