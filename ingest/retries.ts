/**
 * Refused readings that somebody asked to try again, after the device was registered or its profile mended.
 * The message is judged as if it had just been received at its old time; what is accepted now is stored.
 */

import type { Clock } from '../domain/ports.ts'
import type { Judge, Refusal, RefusalCode, Verdict } from '../domain/quarantine.ts'
import type { Reading } from '../domain/reading.ts'
import type { Uplink } from '../domain/uplink.ts'
import type {
  Ledger,
  QuarantineEntry,
  RetryOutcome,
  StatusChange,
} from '../stores/records/ledger.ts'
import type { FlaggedStore } from './flagged-store.ts'
import { type StoreRefusals, storeRefusal } from './store-refusals.ts'

export interface RetryParts {
  ledger: Ledger
  store: FlaggedStore
  judge: Judge
  clock: Pick<Clock, 'monotonic'>
  /** Told by the store what it refuses. */
  refusals?: Pick<StoreRefusals, 'during'>
}

/** Batches wait meanwhile; other requests are answered next time. */
const retriesMs = 100

/** Answers open requests for a while and returns how many readings were stored. */
export async function answerRetries(parts: RetryParts): Promise<number> {
  const { clock } = parts
  const endAt = clock.monotonic() + retriesMs
  let stored = 0
  for (const { request, entry: id, uplink } of await parts.ledger.pendingRetries()) {
    const entry = await parts.ledger.get(id)
    const outcome =
      entry === undefined
        ? { stored: 0, refused: [dropped(uplink)] }
        : entry.key === null
          ? await retryMessage(parts, uplink, entry)
          : await retryKey(parts, uplink, { ...entry, key: entry.key })
    await parts.ledger.answerRetry(request, id, outcome)
    stored += outcome.stored
    if (clock.monotonic() >= endAt) break
  }
  return stored
}

/** One reading was refused: only readings of its key are looked at. Its neighbours were settled long ago. */
async function retryKey(
  parts: RetryParts,
  uplink: Uplink,
  { device, key, code }: { device: string; key: string; code: RefusalCode },
): Promise<RetryOutcome> {
  const { judge } = parts
  // What the store refused is named by its property, whatever its key was.
  const { accepted, refused } =
    code === 'refused_by_store'
      ? ofProperty(judge(uplink), { device, property: key })
      : judge(uplink, { device, key })
  if (accepted.length === 0) return { stored: 0, refused: refused.slice(0, 1) }
  const { byStore } = await write(parts, accepted)
  return {
    stored: accepted.length - byStore.length,
    refused: byStore,
    taken: takenOf(accepted, byStore),
  }
}

function ofProperty(
  { accepted, refused }: Verdict,
  { device, property }: { device: string; property: string },
): Pick<Verdict, 'accepted' | 'refused'> {
  const own = accepted.filter((each) => each.device === device && each.property === property)
  const same = refused.filter((each) => each.device === device && each.key === property)
  return { accepted: own, refused: same }
}

/** How many were not known before, and what the store does not take. */
async function write(
  { store, refusals }: RetryParts,
  readings: readonly Reading[],
): Promise<{ stored: number; byStore: readonly Refusal[] }> {
  let stored = 0
  const run = async () => {
    stored = (await store.write(readings)).stored
  }
  if (refusals === undefined) {
    await run()
    return { stored, byStore: [] }
  }
  const refused = await refusals.during(run)
  // None of these is tried again by itself once more: that could go on forever.
  const byStore = refused.map((one) => storeRefusal({ ...one, isUnsure: false }))
  return { stored, byStore }
}

/**
 * The whole message, or a part of it without a key, was refused. It was worth it when something is stored
 * that was not before, or when there is nothing left to refuse: an announcement or facts were taken.
 */
async function retryMessage(
  parts: RetryParts,
  uplink: Uplink,
  entry: QuarantineEntry,
): Promise<RetryOutcome> {
  const verdict = parts.judge(uplink)
  const { accepted } = verdict
  const { stored, byStore } = await write(parts, accepted)
  await parts.ledger.updateStatus(factsOf(verdict, uplink), 'late')
  const refused = [...verdict.refused, ...byStore]
  const taken = takenOf(accepted, byStore)
  if (refused.length === 0) return { stored: Math.max(1, taken.length), refused, taken }
  if (stored > 0) return { stored: taken.length, refused, taken }
  return { stored: 0, refused: stillRefused({ refused }, entry) }
}

/** What the store refused is named by its property. */
function takenOf(accepted: readonly Reading[], byStore: readonly Refusal[]): readonly Reading[] {
  if (byStore.length === 0) return accepted
  return accepted.filter(
    ({ device, property }) => !byStore.some((one) => one.device === device && one.key === property),
  )
}

/** Of a message that is judged long after it came only the facts are news, and not where newer ones are known. */
function factsOf({ attributes }: Verdict, { seq }: Uplink): StatusChange[] {
  return [...(attributes ?? [])].map(([device, facts]) => ({ device, attributes: facts, seq }))
}

function stillRefused(
  { refused }: Pick<Verdict, 'refused'>,
  entry: QuarantineEntry,
): readonly Refusal[] {
  const same = refused.find(({ device, key }) => device === entry.device && key === undefined)
  return same === undefined ? refused.slice(0, 1) : [same]
}

function dropped({ device }: Uplink): Refusal {
  return { code: 'malformed', reason: 'the message is no longer in quarantine', device }
}
