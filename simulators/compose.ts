/**
 * Puts what devices have to say together as messages: of one device on its own topics, of many behind a gateway
 * in the form gateways set up for ThingsBoard use. Pure, and bounded: no message comes near the server's limit.
 */

import { topicOf } from '../domain/topic.ts'
import type { Piece } from './reports.ts'

export interface Message {
  topic: string
  payload: string
  readings: number
  pieces: number
}

/** Half of the 64 KiB that servers take by default. */
const charactersMax = 32_768
const piecesMax = 250

/** How many pieces from the front of the queue go into the next message: of one kind and not too long; at least one. */
function together(queue: readonly Piece[], gateway: boolean): number {
  const first = queue[0]
  if (first === undefined) return 0
  if (first.kind === 'broken' || (first.kind === 'facts' && !gateway)) return 1
  let characters = 0
  let count = 0
  for (const piece of queue) {
    characters += piece.text.length + piece.device.length + 8
    if (piece.kind !== first.kind || count >= piecesMax) break
    if (count > 0 && characters > charactersMax) break
    count++
  }
  return count
}

/** The next message of a queue that is not empty; `pieces` says how many of its front it holds. */
export function compose(queue: readonly Piece[], gateway: boolean): Message | null {
  const count = together(queue, gateway)
  const parts = queue.slice(0, count)
  const first = parts[0]
  if (first === undefined) return null
  const readings = parts.reduce((sum, part) => sum + part.readings, 0)
  const facts = first.kind === 'facts'
  const topic = gateway
    ? topicOf(facts ? 'gateway-attributes' : 'gateway-telemetry')
    : topicOf(facts ? 'attributes' : 'telemetry')
  if (first.kind === 'broken') return { topic, payload: first.text, readings, pieces: 1 }
  const payload = gateway ? ofMany(parts, facts) : ofOne(parts, facts)
  return { topic, payload, readings, pieces: count }
}

function ofOne(parts: readonly Piece[], facts: boolean): string {
  const text = parts.map((part) => part.text).join(',')
  if (facts) return text
  // A single sample goes as an object, several as an array: the two forms devices use.
  return parts.length === 1 && !text.includes('},{') ? text : `[${text}]`
}

function ofMany(parts: readonly Piece[], facts: boolean): string {
  const byDevice = new Map<string, string[]>()
  for (const { device, text } of parts) {
    const texts = byDevice.get(device)
    if (texts === undefined) byDevice.set(device, [text])
    else texts.push(text)
  }
  const entries = [...byDevice].map(([device, texts]) => {
    const value = facts ? (texts.at(-1) ?? '{}') : `[${texts.join(',')}]`
    return `${JSON.stringify(device)}:${value}`
  })
  return `{${entries.join(',')}}`
}
