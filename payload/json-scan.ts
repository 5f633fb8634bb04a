/**
 * A walk over the bytes of a JSON text that builds nothing: no values, no texts, no recursion into what is
 * passed over. For questions that are asked of every message before anybody decodes it.
 */

const quote = 0x22
const backslash = 0x5c
const colon = 0x3a
export const comma = 0x2c
export const openBrace = 0x7b
export const closeBrace = 0x7d
export const openBracket = 0x5b
export const closeBracket = 0x5d
/** The first byte of `null`. */
export const letterN = 0x6e

const decoder = new TextDecoder()

/** Identifiers are nearly always ASCII and short: a loop is then faster than the decoder. */
function textOf(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (byte > 0x7f) return decoder.decode(bytes.subarray(start, end))
    text += String.fromCharCode(byte)
  }
  return text
}

/** A position in the payload. After `fail` it stands at the end, so that every loop over it stops. */
export class JsonScan {
  readonly #bytes: Uint8Array
  at: number
  broken = false
  /** Where the key that was passed last ends, and whether it holds a backslash. */
  #keyEnd = 0
  #escaped = false

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    /** A byte order mark is passed over, as RFC 8259 section 8.1 allows. */
    this.at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  }

  fail(): number {
    this.broken = true
    this.at = this.#bytes.length
    return 0
  }

  /** Passes white space and returns the byte there, −1 at the end. */
  next(): number {
    const bytes = this.#bytes
    let at = this.at
    for (; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0
      if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) {
        this.at = at
        return byte
      }
    }
    this.at = at
    return -1
  }

  /** Passes a string, from its opening quote to behind the closing one. */
  #skipString(): void {
    const bytes = this.#bytes
    for (let at = this.at + 1; at < bytes.length; at++) {
      const byte = bytes[at]
      if (byte === quote) {
        this.at = at + 1
        return
      }
      if (byte === backslash) {
        at++
        this.#escaped = true
      }
    }
    this.fail()
  }

  /** Passes a key and its colon; false when there is none. */
  skipKey(): boolean {
    if (this.#bytes[this.at] !== quote) return this.fail() !== 0
    this.#escaped = false
    this.#skipString()
    this.#keyEnd = this.at - 1
    if (this.next() !== colon) return this.fail() !== 0
    this.at++
    return true
  }

  /** Passes any value, whatever it is and however deep, without recursion. */
  skipValue(): void {
    const bytes = this.#bytes
    const first = bytes[this.at]
    if (first === quote) {
      this.#skipString()
      return
    }
    if (first === openBrace || first === openBracket) {
      this.#skipNested()
      return
    }
    let at = this.at
    for (; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0
      if (byte === comma || byte === closeBrace || byte === closeBracket || byte <= 0x20) break
    }
    if (at === this.at) this.fail()
    else this.at = at
  }

  #skipNested(): void {
    const bytes = this.#bytes
    let depth = 0
    while (this.at < bytes.length) {
      const byte = bytes[this.at]
      if (byte === quote) {
        this.#skipString()
        continue
      }
      this.at++
      if (byte === openBrace || byte === openBracket) depth++
      else if (byte === closeBrace || byte === closeBracket) {
        depth--
        if (depth === 0) return
      }
    }
    this.fail()
  }

  /** Whether the key that was passed last, and began at `start`, spells this word, with or without escapes. */
  keyIs(start: number, word: string): boolean {
    if (this.#escaped) return this.#escapedKey(start) === word
    if (this.#keyEnd - start !== word.length) return false
    const bytes = this.#bytes
    for (let i = 0; i < word.length; i++) {
      if (bytes[start + i] !== word.charCodeAt(i)) return false
    }
    return true
  }

  /** The key that was passed last, and began at `start`. */
  keyText(start: number): string {
    const text = textOf(this.#bytes, start, this.#keyEnd)
    if (!this.#escaped) return text
    try {
      return String(JSON.parse(`"${text}"`))
    } catch {
      this.fail()
      return ''
    }
  }

  /** Bytes are taken as Latin-1, which is right for ASCII: all that the words looked for are made of. */
  #escapedKey(start: number): string {
    if (this.#keyEnd - start > longestEscapedWord) return ''
    const text = String.fromCharCode(...this.#bytes.subarray(start, this.#keyEnd))
    try {
      return String(JSON.parse(`"${text}"`))
    } catch {
      this.fail()
      return ''
    }
  }
}

/** A longer key cannot spell a word that is looked for, even with each character written as six bytes. */
const longestEscapedWord = 32 * 6
