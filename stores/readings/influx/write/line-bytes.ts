/**
 * Lines written byte by byte into one piece of memory that is used again. Texts of numbers and lines would be garbage
 * worth more processor time than everything else that a write costs us.
 */

import { isAscii } from 'node:buffer'

const comma = 0x2c
const minus = 0x2d
const point = 0x2e
const zero = 0x30
const scales = [10, 100, 1_000, 10_000] as const
/** Below this, whole numbers and their quotients with the scales are exact enough to be told apart. */
const wholeMax = 2 ** 53
const million = 1_000_000

export class LineBytes {
  #bytes = new Uint8Array(65_536)
  #length = 0
  readonly #digits = new Uint8Array(20)

  get length(): number {
    return this.#length
  }

  clear(): void {
    this.#length = 0
  }

  /** The text from one place to another; copies. */
  text(from: number, to: number): string {
    const bytes = Buffer.from(this.#bytes.buffer, from, to - from)
    return bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8')
  }

  /** Puts another byte in the place of one that was written. */
  replace(place: number, byte: number): void {
    this.#bytes[place] = byte
  }

  byte(byte: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = byte
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    const target = this.#bytes
    let at = this.#length
    // Mostly shorter than what a call into the runtime costs.
    for (let i = 0; i < bytes.length; i++) target[at++] = bytes[i] ?? 0
    this.#length = at
  }

  /** A field: its key with `=`, and its value, with a comma in front. */
  field(key: Uint8Array, value: number): void {
    this.byte(comma)
    this.raw(key)
    this.number(value)
  }

  /** Any finite number, so that reading it gives the same number again; −0 keeps its sign. */
  number(value: number): void {
    if (value < 0 || (value === 0 && 1 / value < 0)) {
      this.byte(minus)
      this.#positive(-value)
    } else {
      this.#positive(value)
    }
  }

  #positive(value: number): void {
    if (value < wholeMax) {
      const whole = Math.floor(value)
      if (whole === value) {
        this.#whole(value, 0)
        return
      }
      // A quotient of whole numbers is rounded just as a decimal is when it is read.
      for (let i = 0; i < scales.length; i++) {
        const scale = scales[i] ?? 1
        const scaled = Math.round(value * scale)
        if (scaled < wholeMax && scaled / scale === value) {
          this.#whole(scaled, i + 1)
          return
        }
      }
    }
    this.#text(`${value}`)
  }

  /** A whole number whose last digits are decimals. */
  #whole(value: number, decimals: number): void {
    this.#reserve(24)
    const digits = this.#digits
    let count = 0
    let high = Math.floor(value / million)
    let low = value - high * million
    // In halves of six digits, which are small integers to the machine.
    while (high > 0) {
      for (let i = 0; i < 6; i++) {
        const next = Math.floor(low / 10)
        digits[count++] = low - next * 10
        low = next
      }
      const above = Math.floor(high / million)
      low = high - above * million
      high = above
    }
    do {
      const next = Math.floor(low / 10)
      digits[count++] = low - next * 10
      low = next
    } while (low > 0)
    while (count <= decimals) digits[count++] = 0
    const target = this.#bytes
    let at = this.#length
    for (let i = count - 1; i >= 0; i--) {
      target[at++] = zero + (digits[i] ?? 0)
      if (i === decimals && decimals > 0) target[at++] = point
    }
    this.#length = at
  }

  #text(ascii: string): void {
    this.#reserve(ascii.length)
    for (let i = 0; i < ascii.length; i++) this.#bytes[this.#length++] = ascii.charCodeAt(i)
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const grown = new Uint8Array((this.#length + more) * 2)
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}
