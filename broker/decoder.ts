/**
 * Decodes one whole frame with mqtt-packet. One decoder serves all connections, because the guard hands over
 * complete frames only: a parser of its own costs each connection several kilobytes.
 *
 * The parser remembers the protocol version of the CONNECT it saw last, so the guard lets only CONNECTs of
 * MQTT 3.1 and 3.1.1 come here; for those the meaning of every later packet is the same.
 */

import mqttPacket, { type Packet, type Parser } from 'mqtt-packet'

export interface Decoder {
  /** The packet in `frame`, or undefined when it is malformed. Its payload is a view of `frame`. */
  decode(frame: Buffer): Packet | undefined
}

export function createDecoder(): Decoder {
  let found: Packet[] = []
  let broken = false
  let parser = fresh()

  function fresh(): Parser {
    const made = mqttPacket.parser()
    made.on('packet', (packet: Packet) => found.push(packet))
    made.on('error', () => {
      broken = true
    })
    return made
  }

  return {
    decode(frame) {
      found = []
      broken = false
      let rest = 0
      try {
        rest = parser.parse(frame)
      } catch {
        // It reads beyond the end of some malformed frames; that is one more way to say "malformed".
        broken = true
      }
      const [packet] = found
      if (!broken && rest === 0 && found.length === 1 && packet !== undefined) {
        return isSound(packet) ? packet : undefined
      }
      parser = fresh()
      return undefined
    },
  }
}

/** What mqtt-packet does not check: a packet id is never 0 (§2.3.1-1), UNSUBSCRIBE names a filter (§3.10.3-2). */
function isSound(packet: Packet): boolean {
  if (packet.cmd === 'unsubscribe' && packet.unsubscriptions.length === 0) return false
  return packet.messageId !== 0
}
