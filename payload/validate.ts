/**
 * The judgement of one uplink against the registry as it stands: which readings are taken and which are
 * refused, each with a code of the contract and a reason. Pure but for the registry, so that a replay gives
 * the same readings: time is measured against the moment of receipt, never against now.
 */

import type { Judge, Refusal, Verdict } from '../domain/quarantine.ts'
import type { Reading } from '../domain/reading.ts'
import { topicOf } from '../domain/topic.ts'
import type { Uplink } from '../domain/uplink.ts'
import type { RegisteredDevice, RegistryView } from '../stores/records/registry.ts'
import { type ChannelBook, createChannelBook } from './profile-keys.ts'
import { decodeNative } from './decoders/native.ts'
import {
  type Decoded,
  type Facts,
  type Problem,
  type Sample,
  shown,
  wellFormed,
} from './decoders/sample.ts'
import {
  createProfileTimesBook,
  type ProfileTimes,
  type ProfileTimesBook,
  shiftMs,
} from './profile-times.ts'
import { type Subject, subjectOf } from './authority.ts'
import { readingValue } from './convert.ts'

export interface JudgeOptions {
  registry: RegistryView
  payloadBytesMax: number
  readingAgeDaysMax: number
  readingAheadSecondsMax: number
}

/** The options in the units that are compared, and what is worked out of the registry. */
interface Bench {
  registry: RegistryView
  channels: ChannelBook
  times: ProfileTimesBook
  payloadBytesMax: number
  ageMsMax: number
  aheadMsMax: number
}

/** Microseconds of September 2001, or milliseconds of the year 33658. */
const microsecondsMin = 1e15

const nothing: Verdict = { accepted: [], refused: [] }

export function createJudge(options: JudgeOptions): Judge {
  const { registry, payloadBytesMax } = options
  const bench: Bench = {
    registry,
    channels: createChannelBook(),
    times: createProfileTimesBook(),
    payloadBytesMax,
    ageMsMax: options.readingAgeDaysMax * 86_400_000,
    aheadMsMax: options.readingAheadSecondsMax * 1_000,
  }
  return (uplink, only) => judge(uplink, bench, only)
}

type Only = Parameters<Judge>[1]

function judge(uplink: Uplink, bench: Bench, only: Only): Verdict {
  switch (uplink.kind) {
    case 'session-open':
    case 'session-close':
    case 'broker-start':
      return nothing
    case 'oversize':
      return refusedWhole(uplink, { code: 'too_large', reason: tooLargeForBroker(uplink) })
    case 'denied':
      return judgeDenied(uplink, bench)
    default:
      return judgeMessage(uplink, bench, only)
  }
}

function judgeMessage(uplink: Uplink, bench: Bench, only: Only): Verdict {
  const { length } = uplink.payload
  if (length > bench.payloadBytesMax) {
    const reason = `the payload has ${length} bytes; allowed are ${bench.payloadBytesMax}`
    return refusedWhole(uplink, { code: 'too_large', reason })
  }
  const decoded = decodeNative(uplink)
  if (decoded.problem !== null) return refusedWhole(uplink, decoded.problem)
  const accepted: Reading[] = []
  const refused: Refusal[] = []
  const verdict: Verdict = { accepted, refused }
  if (only !== undefined) {
    const samples = decoded.samples.filter((sample) => isNamed(sample, only))
    judgeSamples(uplink, samples, { bench, accepted, refused })
    return verdict
  }
  judgeSamples(uplink, decoded.samples, { bench, accepted, refused })
  if (decoded.facts.size > 0) verdict.attributes = judgeFacts(uplink, decoded, { bench, refused })
  if (decoded.presence !== null)
    judgePresence(uplink, decoded.presence, { bench, refused, verdict })
  return verdict
}

interface Judgement {
  bench: Bench
  accepted: Reading[]
  refused: Refusal[]
}

function judgeSamples(uplink: Uplink, samples: readonly Sample[], judgement: Judgement): void {
  const { bench, accepted, refused } = judgement
  let subject: Subject | undefined
  let spokenOf = ''
  for (const sample of samples) {
    if (subject === undefined || sample.device !== spokenOf) {
      spokenOf = sample.device
      subject = subjectOf(bench.registry, uplink.device, spokenOf)
    }
    const outcome =
      'problem' in subject ? subject.problem : reading(uplink, sample, { bench, ...subject })
    if ('code' in outcome) refused.push(refusal(outcome, sample.device, sample.key))
    else accepted.push(outcome)
  }
}

function reading(
  uplink: Uplink,
  sample: Sample,
  { bench, device }: { bench: Bench; device: RegisteredDevice },
): Reading | Problem {
  const { key, value: sent } = sample
  const times = bench.times.find(device.profile)
  const local = sample.problem === null ? null : momentOf(sample.problem, times)
  if (sample.problem !== null && local === null) return sample.problem
  const channel = key === null ? undefined : bench.channels.find(device.profile, key)
  if (channel === undefined || typeof channel === 'string') return unknownProperty(key, channel)
  const { receivedAt } = uplink
  const stampedAt = local ?? sample.observedAt
  const observedAt =
    stampedAt === null || times === null
      ? (stampedAt ?? receivedAt)
      : stampedAt + shiftMs(times, channel.property)
  const latest = Math.max(observedAt, stampedAt ?? observedAt)
  if (observedAt < receivedAt - bench.ageMsMax) return outsideTime(observedAt, receivedAt, bench)
  if (latest > receivedAt + bench.aheadMsMax) return outsideTime(latest, receivedAt, bench)
  const value = sent === null ? null : readingValue(sent, channel)
  if (typeof value === 'object' && value !== null) return value
  const quality = value === null ? 9 : 1
  return {
    device: device.id,
    property: channel.property.code,
    observedAt,
    receivedAt,
    value,
    quality,
  }
}

/** The moment of a local time, where the profile names its zone. */
function momentOf({ local }: Problem, times: ProfileTimes | null): number | null {
  return local === undefined || times === null || times.clock === null
    ? null
    : times.clock.momentOf(local)
}

function unknownProperty(key: string | null, why: string | undefined): Problem {
  const because = why ?? 'neither the catalogue nor the profile of the device knows it'
  return { code: 'unknown_property', reason: `the key ${shown(key)} has no meaning: ${because}` }
}

function outsideTime(observedAt: number, receivedAt: number, bench: Bench): Problem {
  const times = `observed at ${instant(observedAt)} and received at ${instant(receivedAt)}`
  if (observedAt > receivedAt) {
    const seconds = bench.aheadMsMax / 1_000
    const look = observedAt >= microsecondsMin ? ' (16 digits look like microseconds)' : ''
    const reason = `${times}; allowed are at most ${seconds} seconds ahead${look}`
    return { code: 'in_future', reason }
  }
  const days = bench.ageMsMax / 86_400_000
  return { code: 'too_old', reason: `${times}; allowed are at most ${days} days back` }
}

function instant(ms: number): string {
  return new Date(ms).toISOString()
}

/** Facts of devices that the sender may speak for; of others, one refusal unless their readings had one. */
function judgeFacts(
  uplink: Uplink,
  decoded: Decoded,
  { bench, refused }: Omit<Judgement, 'accepted'>,
): ReadonlyMap<string, Facts> {
  const taken = new Map<string, Facts>()
  for (const [said, facts] of decoded.facts) {
    const subject = subjectOf(bench.registry, uplink.device, said)
    if ('device' in subject) taken.set(subject.device.id, facts)
    else if (!decoded.samples.some((sample) => sample.device === said)) {
      refused.push({ ...refusal(subject.problem, said, null), readings: 0 })
    }
  }
  return taken
}

function judgePresence(
  uplink: Uplink,
  said: NonNullable<Decoded['presence']>,
  { bench, refused, verdict }: Omit<Judgement, 'accepted'> & { verdict: Verdict },
): void {
  const subject = subjectOf(bench.registry, uplink.device, said.device)
  if ('problem' in subject) {
    refused.push({ ...refusal(subject.problem, said.device, null), readings: 0 })
  } else verdict.presence = new Map([[subject.device.id, said.connected]])
}

function refusedWhole(uplink: Uplink, problem: Problem): Verdict {
  return { accepted: [], refused: [refusal(problem, uplink.device, null)] }
}

/** Ids and keys in a refusal are as sent, but short, and text that every store can write. */
const namedCharsMax = 128

function named(text: string): string {
  return wellFormed(text.slice(0, namedCharsMax))
}

function refusal({ code, reason }: Problem, device: string, key: string | null): Refusal {
  const refused = { code, reason, device: named(device) }
  return key === null ? refused : { ...refused, key: named(key) }
}

function isNamed({ device, key }: Sample, only: { device: string; key: string }): boolean {
  return key !== null && named(key) === only.key && named(device) === only.device
}

/** The payload of a `denied` uplink is written by the broker: `{"topic", "bytes", "payload", "unnoted"}`. */
function judgeDenied(uplink: Uplink, bench: Bench): Verdict {
  const { topic, unnoted } = deniedNote(uplink.payload)
  const more = unnoted > 0 ? `; ${unnoted} more since the note before this one` : ''
  const reason = `published to ${shown(topic)}, which is not a topic of a device: the message was acknowledged and dropped${more}; readings go to ${topicOf('telemetry')}`
  const verdict = refusedWhole(uplink, { code: 'not_allowed', reason })
  if (bench.registry.device(uplink.device) === undefined) return verdict
  const facts = { notAllowedTopic: wellFormed(topic), notAllowedAt: instant(uplink.receivedAt) }
  return { ...verdict, attributes: new Map([[uplink.device, facts]]) }
}

function deniedNote(payload: Uint8Array): { topic: string; unnoted: number } {
  const note: unknown = JSON.parse(Buffer.from(payload).toString('utf8'))
  const { topic, unnoted } = note as { topic?: unknown; unnoted?: unknown }
  return { topic: String(topic ?? ''), unnoted: Number(unnoted ?? 0) }
}

/** The payload of an `oversize` uplink is written by the broker: `{"bytes", "topic"}`. */
function tooLargeForBroker(uplink: Uplink): string {
  const what = Buffer.from(uplink.payload).toString('utf8').slice(0, 300)
  return `the message was cut off because it is larger than the broker takes: ${what}`
}
