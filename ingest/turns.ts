/**
 * Which uplinks are settled next. Usually the next ones in order. When the oldest of them are older than live data may
 * be, as after the readings store was away, a stretch is begun near the end of the journal, and from then on live
 * uplinks and the backlog behind them take turns: live ones as long as many wait, then one batch of the backlog.
 *
 * There is one stretch at a time. What comes while a store is away again follows on it, in order.
 */

import type { Clock } from '../domain/ports.ts'
import type { Uplink } from '../domain/uplink.ts'
import type { JournalReader } from '../stores/journal/journal.ts'
import type { Progress, Stretch } from '../stores/readings/readings.ts'

/** Everything up to `seq` is settled, and what is `ahead` of it. */
export type Place = Pick<Progress, 'seq' | 'ahead'>

export interface Turn {
  /** In order or live: `front`. From the backlog: `behind`. */
  side: 'front' | 'behind'
  /** A stretch begins with these uplinks. */
  begins: boolean
  uplinks: readonly Uplink[]
  /** The position they follow. */
  after: number
  /** What is settled with the last of them; beyond it when there is nothing in between. */
  through: number
  /** Uplinks that wait behind settled ones. */
  open: Stretch | undefined
  /** Where we are when everything up to `last` is settled. */
  placeAt(last: number): Place
}

export interface Turns {
  next(place: Place): Promise<Turn>
  /**
   * How long a turn took. Batches of the backlog are cut so that live uplinks do not wait long for one, and while the
   * store is slow, live uplinks get more turns.
   */
  took(turn: Turn, tookMs: number): void
}

/** Older uplinks are no live data any more. */
const liveAgeMsMax = 10_000
/** A batch of the backlog takes about so long at most; live uplinks wait for one of them. */
const turnMsMax = 250
/** After a live batch that took longer, another one, but not more of them in a row. */
const extraTurnsMax = 3
const backlogMessagesMin = 100

export function createTurns(parts: {
  journal: JournalReader
  clock: Clock
  batchMax: number
}): Turns {
  const { journal, clock, batchMax } = parts
  // At first it may have to learn what the store has of all devices.
  let backlogMax = Math.min(batchMax, backlogMessagesMin)
  let isBacklogNext = false
  let extraTurns = 0

  /** Where a stretch should begin, if one should. One batch is live at once; less than that is not worth it. */
  async function stretchFrom(seq: number, uplinks: readonly Uplink[]): Promise<number | undefined> {
    const [first, last] = [uplinks[0], uplinks.at(-1)]
    if (first === undefined || last === undefined) return undefined
    if (clock.now() - first.receivedAt <= liveAgeMsMax) return undefined
    const from = (await journal.head()) - batchMax
    return from > Math.max(seq, last.seq) ? from : undefined
  }

  async function inOrder(seq: number): Promise<Turn> {
    const uplinks = await journal.read(seq, batchMax)
    const from = await stretchFrom(seq, uplinks)
    if (from !== undefined) {
      const first = await live(seq, { from, to: from })
      if (first.uplinks.length > 0) return { ...first, begins: true }
    }
    const through = uplinks.at(-1)?.seq ?? seq
    const open = undefined
    const placeAt = (last: number) => ({ seq: last })
    return { side: 'front', begins: false, uplinks, after: seq, through, open, placeAt }
  }

  async function live(seq: number, { from, to }: Stretch): Promise<Turn> {
    const uplinks = await journal.read(to, batchMax)
    isBacklogNext = uplinks.length < batchMax / 2
    return {
      side: 'front',
      begins: false,
      uplinks,
      after: to,
      through: uplinks.at(-1)?.seq ?? to,
      open: { from: seq, to: from },
      placeAt: (last) => ({ seq, ahead: { from, to: last } }),
    }
  }

  async function backlog(seq: number, ahead: Stretch): Promise<Turn> {
    isBacklogNext = false
    const read = await journal.read(seq, backlogMax)
    const uplinks = read.filter((uplink) => uplink.seq <= ahead.from)
    const reachesEnd = uplinks.length < read.length
    return {
      side: 'behind',
      begins: false,
      uplinks,
      after: seq,
      through: reachesEnd ? ahead.from : (uplinks.at(-1)?.seq ?? seq),
      open: { from: seq, to: ahead.from },
      placeAt: (last) => (last >= ahead.from ? { seq: ahead.to } : { seq: last, ahead }),
    }
  }

  return {
    async next({ seq, ahead }) {
      if (ahead === undefined) return inOrder(seq)
      if (!isBacklogNext) {
        const turn = await live(seq, ahead)
        if (turn.uplinks.length > 0) return turn
      }
      return backlog(seq, ahead)
    },
    took({ side }, tookMs) {
      const isSlow = tookMs > turnMsMax
      if (isSlow) backlogMax = Math.max(backlogMessagesMin, Math.ceil(backlogMax / 2))
      else if (side === 'behind' && tookMs < turnMsMax / 2) {
        backlogMax = Math.min(batchMax, backlogMax * 2)
      }
      if (side === 'behind') return
      const isExtra = isSlow && extraTurns < extraTurnsMax
      extraTurns = isExtra ? extraTurns + 1 : 0
      if (isExtra) isBacklogNext = false
    },
  }
}
