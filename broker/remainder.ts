/**
 * The start of a frame whose rest has not arrived. It grows with what arrives, by doubling, and never to
 * more than twice of it: a client that announces a large frame and sends little costs little.
 */

const smallestBytes = 64
/** Enough for every fixed header. */
const headerBytesMax = 5

import { frameLength } from './frame.ts'

export class Remainder {
  bytes: Buffer
  filled: number

  /** Copies: `chunk` is used again for other reads. */
  constructor(chunk: Buffer, at: number, end: number) {
    this.filled = end - at
    this.bytes = Buffer.allocUnsafeSlow(Math.max(smallestBytes, this.filled))
    chunk.copy(this.bytes, 0, at, end)
  }

  /** Takes what belongs to this frame from the first `end` bytes of `chunk`; returns how many that were. */
  fill(chunk: Buffer, end: number): number {
    let taken = 0
    if (frameLength(this.bytes, 0, this.filled) <= 0) {
      taken = this.#take(chunk, 0, Math.min(end, headerBytesMax - this.filled))
    }
    const length = frameLength(this.bytes, 0, this.filled)
    // The header may have been completed by fewer bytes than were taken: give back what is beyond.
    if (length > 0 && this.filled > length) {
      taken -= this.filled - length
      this.filled = length
    }
    if (length <= 0) return taken
    return taken + this.#take(chunk, taken, Math.min(end - taken, length - this.filled))
  }

  #take(chunk: Buffer, at: number, count: number): number {
    if (this.filled + count > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.filled + count))
      this.bytes.copy(larger, 0, 0, this.filled)
      this.bytes = larger
    }
    chunk.copy(this.bytes, this.filled, at, at + count)
    this.filled += count
    return count
  }
}
