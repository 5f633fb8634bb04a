/** Gathers uplinks of consecutive positions into the block of one frame. */

import type { Uplink } from '../../../domain/uplink.ts'
import { createBlockBuilder } from '../block.ts'
import { type FrameAbout, packFrame } from './frame.ts'

/** Smaller frames pack worse, larger ones cost more when they are damaged. */
const frameBytes = 1024 * 1024

export interface FrameBuilder {
  readonly count: number
  /** It is time to pack. */
  readonly isFull: boolean
  /** False when positions between are missing: then another frame must begin. */
  follows(uplink: Uplink): boolean
  /** Copies the uplink. */
  add(uplink: Uplink): void
  /** The frame; nothing may be added while it is being packed. */
  pack(): Promise<Buffer>
  clear(): void
}

export function createFrameBuilder(): FrameBuilder {
  const block = createBlockBuilder()
  let about: FrameAbout | undefined
  return {
    get count() {
      return block.count
    },
    get isFull() {
      return block.bytes >= frameBytes
    },
    follows: ({ seq }) => about === undefined || seq === about.last + 1,
    add(uplink) {
      const { seq, receivedAt } = uplink
      about ??= { first: seq, last: seq, oldest: receivedAt, newest: receivedAt }
      about.last = seq
      about.oldest = Math.min(about.oldest, receivedAt)
      about.newest = Math.max(about.newest, receivedAt)
      block.add(uplink, seq)
    },
    async pack() {
      if (about === undefined) throw new Error('There is nothing to pack.')
      return packFrame(block.finish(), about)
    },
    clear() {
      about = undefined
      block.clear()
    },
  }
}
