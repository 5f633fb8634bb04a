/**
 * A message that is larger than the broker takes leaves a note: its size and its topic. The topic is waited
 * for, within limits, because it is what tells people where to look.
 */

import { countReadings } from '../payload/count-readings.ts'
import type { UplinkDraft } from '../domain/uplink.ts'
import { bodyStart, packetType, uint16 } from './frame.ts'

const topicBytesMax = 256

/** `start` is the beginning of the frame, as much of it as has arrived. */
export function oversizeDraft(
  device: string,
  start: Buffer,
  frameBytes: number,
  receivedAt: number,
): UplinkDraft {
  const note = JSON.stringify({ bytes: frameBytes, topic: topicIn(start) })
  const payload = new TextEncoder().encode(note)
  return {
    kind: 'oversize',
    device,
    receivedAt,
    payload,
    readings: countReadings('oversize', payload),
  }
}

/** How much of a message that is too large is waited for to learn its topic. */
const topicWaitBytesMax = 512

/** Whether this is the start of a PUBLISH whose topic has not arrived, and may yet. */
export function awaitsTopic(start: Buffer): boolean {
  if ((start[0] ?? 0) >> 4 !== packetType.publish || start.length >= topicWaitBytesMax) return false
  const topic = bodyStart(start, 0) + 2
  return start.length < topic || start.length < topic + uint16(start, topic - 2)
}

/** Empty for other packets than PUBLISH. */
function topicIn(start: Buffer): string {
  if ((start[0] ?? 0) >> 4 !== packetType.publish) return ''
  const topic = bodyStart(start, 0) + 2
  const length = uint16(start, topic - 2)
  return start.subarray(topic, topic + Math.min(length, topicBytesMax)).toString('utf8')
}
