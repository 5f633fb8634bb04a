/**
 * What clocks of a time zone show, and when they are turned. `Intl` takes microseconds for each question, so answers
 * are kept: of stretches of four days, in which no zone has turned its clocks twice since 1970.
 */

export interface ZoneClock {
  /** Milliseconds that clocks are ahead of UTC at this moment. */
  offsetMs(at: number): number
  /** The first moment after `after`, up to `until`, from which clocks show another offset; undefined when there is none. */
  turn(after: number, until: number): number | undefined
  /** The first moment at which clocks show this local time or a later one. */
  reaches(local: number): number
}

const hourMs = 3_600_000
const stretchMs = 96 * hourMs
/** Some 90 years. */
const stretchesMax = 8_192
/** Offsets have been as far as 15 h 56 min from UTC. */
const offsetMost = 16 * hourMs

interface Stretch {
  before: number
  after: number
  /** From here on `after` holds; only where it differs. */
  turn: number
}

const clocks = new Map<string, ZoneClock>()

/** @param zone an IANA name; one that does not exist throws `RangeError` */
export function zoneClock(zone: string): ZoneClock {
  const known = clocks.get(zone) ?? createZoneClock(zone)
  clocks.set(zone, known)
  return known
}

function createZoneClock(zone: string): ZoneClock {
  const lookUp = lookUpIn(zone)
  const stretches = new Map<number, Stretch>()

  function stretchAt(number: number): Stretch {
    const known = stretches.get(number)
    if (known !== undefined) return known
    if (stretches.size === stretchesMax) stretches.clear()
    const start = number * stretchMs
    const before = stretches.get(number - 1)?.after ?? lookUp(start)
    const after = stretches.get(number + 1)?.before ?? lookUp(start + stretchMs)
    const turn = before === after ? Number.POSITIVE_INFINITY : turnWithin(start, before)
    const stretch = { before, after, turn }
    stretches.set(number, stretch)
    return stretch
  }

  /** Clocks are turned on whole seconds. */
  function turnWithin(start: number, before: number): number {
    let [low, high] = [0, stretchMs / 1_000]
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if (lookUp(start + middle * 1_000) === before) low = middle
      else high = middle
    }
    return start + high * 1_000
  }

  function offsetMs(at: number): number {
    if (zone === 'UTC') return 0
    const { before, after, turn } = stretchAt(Math.floor(at / stretchMs))
    return at < turn ? before : after
  }

  function turn(after: number, until: number): number | undefined {
    if (zone === 'UTC') return undefined
    const last = Math.floor(until / stretchMs)
    for (let number = Math.floor(after / stretchMs); number <= last; number++) {
      const at = stretchAt(number).turn
      if (at > after && at <= until) return at
    }
    return undefined
  }

  return {
    offsetMs,
    turn,
    reaches(local) {
      const from = local - offsetMost
      const early = local - offsetMs(from)
      const turned = turn(from, local + offsetMost)
      if (turned === undefined || early < turned) return early
      return Math.max(turned, local - offsetMs(turned))
    },
  }
}

function lookUpIn(zone: string): (at: number) => number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  return (at) => {
    const field: Record<string, number> = {}
    for (const { type, value } of parts.formatToParts(at)) field[type] = Number(value)
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = field
    const local = Date.UTC(year, month - 1, day, hour, minute, second)
    return local - Math.floor(at / 1_000) * 1_000
  }
}
