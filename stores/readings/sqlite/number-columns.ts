/**
 * Columns of numbers as bytes: whole numbers as differences in variable length (seven bits to a byte,
 * sign in the lowest bit), anything else as plain IEEE 754. Every finite number comes back bit for bit.
 */

export interface ByteCursor {
  bytes: Uint8Array
  at: number
}

/** Most bytes that one number takes. */
export const numberBytesMax = 8

/** Differences up to here can be told apart when the sign is folded in: 2 × 2⁵² is still exact. */
const wholeMax = 2 ** 52

/** Sensors send decimals such as 35.2: times 10 they are whole numbers, which pack well. */
export const powersOfTen = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9] as const

/** 1: differences; 2: differences of differences, best for times at an even pace. */
export type DeltaOrder = 1 | 2

/**
 * Appends the numbers as differences and returns true; or returns false, with the cursor where it was,
 * when some are not whole, too far apart, or −0.
 */
export function putDeltas(cursor: ByteCursor, numbers: Float64Array, order: DeltaOrder): boolean {
  const start = cursor.at
  let previous = 0
  let previousDelta = 0
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i] ?? 0
    const delta = number - previous
    const put = order === 1 ? delta : delta - previousDelta
    const fits = Math.abs(delta) <= wholeMax && Math.abs(put) <= wholeMax
    if (!fits || !Number.isSafeInteger(number) || Object.is(number, -0)) {
      cursor.at = start
      return false
    }
    putWhole(cursor, put)
    previousDelta = delta
    previous = number
  }
  return true
}

/**
 * Appends the numbers as differences of whole numbers, scaled by the first of `powers` that makes all of them
 * whole, and returns its place; or as they are, and returns undefined.
 */
export function putScaled(
  cursor: ByteCursor,
  numbers: Float64Array,
  powers: readonly number[],
): number | undefined {
  const scaled = new Float64Array(numbers.length)
  for (const [place, power] of powers.entries()) {
    if (!scale(numbers, power, scaled)) continue
    if (putDeltas(cursor, scaled, 1)) return place
    break
  }
  putFloats(cursor, numbers)
  return undefined
}

/** Reads what was scaled by `power`, or with undefined what was put as it is, into the whole length of `into`. */
export function takeScaled(
  cursor: ByteCursor,
  into: Float64Array,
  power: number | undefined,
): void {
  if (power === undefined) {
    takeFloats(cursor, into)
    return
  }
  takeDeltas(cursor, into, 1)
  if (power !== 1) for (let i = 0; i < into.length; i++) into[i] = (into[i] ?? 0) / power
}

/** Returns false at the first number that does not come back exactly. */
function scale(numbers: Float64Array, power: number, into: Float64Array): boolean {
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i] ?? 0
    const whole = Math.round(number * power)
    if (!Object.is(whole / power, number)) return false
    into[i] = whole
  }
  return true
}

/** Appends whole numbers from 0 that hardly change: each once with how often it follows itself. */
export function putRuns(cursor: ByteCursor, numbers: Uint32Array | Float64Array): void {
  for (let i = 0; i < numbers.length; ) {
    const number = numbers[i] ?? 0
    let end = i + 1
    while (end < numbers.length && numbers[end] === number) end++
    putWhole(cursor, number)
    putWhole(cursor, end - i)
    i = end
  }
}

/** Most bytes that one number below 2³² takes among runs. */
export const runBytesMax = 7

/** Reads into the whole length of `into`. Throws when the runs are longer or never end. */
export function takeRuns(cursor: ByteCursor, into: Uint32Array | Float64Array): void {
  for (let i = 0; i < into.length; ) {
    const number = takeWhole(cursor)
    const end = i + takeWhole(cursor)
    if (end <= i || end > into.length) throw new Error('A chunk of readings is damaged: runs.')
    into.fill(number, i, end)
    i = end
  }
}

/** Reads into the whole length of `into`. */
export function takeDeltas(cursor: ByteCursor, into: Float64Array, order: DeltaOrder): void {
  let previous = 0
  let delta = 0
  for (let i = 0; i < into.length; i++) {
    const taken = takeWhole(cursor)
    delta = order === 1 ? taken : delta + taken
    previous += delta
    into[i] = previous
  }
}

export function putFloats(cursor: ByteCursor, numbers: Float64Array): void {
  const view = viewOf(cursor.bytes)
  for (const number of numbers) {
    view.setFloat64(cursor.at, number, true)
    cursor.at += 8
  }
}

export function takeFloats(cursor: ByteCursor, into: Float64Array): void {
  const view = viewOf(cursor.bytes)
  for (let i = 0; i < into.length; i++) {
    into[i] = view.getFloat64(cursor.at, true)
    cursor.at += 8
  }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function putWhole(cursor: ByteCursor, whole: number): void {
  const { bytes } = cursor
  let at = cursor.at
  let rest = whole < 0 ? -2 * whole - 1 : 2 * whole
  while (rest > 0x7fff_ffff) {
    bytes[at++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  while (rest > 127) {
    bytes[at++] = (rest & 127) | 128
    rest >>>= 7
  }
  bytes[at++] = rest
  cursor.at = at
}

function takeWhole(cursor: ByteCursor): number {
  const { bytes } = cursor
  let at = cursor.at
  // Behind the end zeros are read, so a damaged text ends here and is found by its length.
  let byte = bytes[at++] ?? 0
  let folded = byte & 127
  for (let scale = 128; byte > 127; scale *= 128) {
    byte = bytes[at++] ?? 0
    folded += (byte & 127) * scale
  }
  cursor.at = at
  if (folded <= 0x7fff_ffff) return (folded >>> 1) ^ -(folded & 1)
  return folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2
}
