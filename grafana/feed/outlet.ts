/**
 * Where all of the feed writes. Points go a few hundred at a time and the next only when the last are stored, so what
 * waits in memory is bounded and a slow database slows nothing but the boards. Trouble is told once until it is over.
 */

import type { Ports } from '../../domain/ports.ts'
import type { BoardPoint, BoardSink } from '../../stores/readings/board-points.ts'
import { yieldTo } from '../../runtime/async/yield.ts'

/** Made and encoded in 2 to 5 ms, which others wait at most. */
const pointsPerSlice = 250

export interface Outlet extends Pick<BoardSink, 'largest' | 'remove'> {
  /** Throws when the database cannot store now, or when the feed has ended; then some may be stored. */
  write(points: Iterable<BoardPoint>): Promise<void>
  /** Whether a failure has been told, or need not be. */
  isTold(error: unknown): boolean
  /** Ends what is under way; all further calls throw. */
  close(): void
}

export function createOutlet(
  sink: BoardSink,
  { timers, log, meter }: Pick<Ports, 'timers' | 'log' | 'meter'>,
): Outlet {
  const count = meter.counter(
    'bellwether_board_points_total',
    'Points written to the readings store for boards.',
  )
  const told = new WeakSet<Error>()
  let isTroubled = false
  let isClosed = false

  async function trying<Result>(work: () => Promise<Result>): Promise<Result> {
    if (isClosed) throw new Error('The feed of the boards has ended.')
    try {
      const result = await work()
      if (isTroubled) log.info({}, 'What boards show is written again.')
      isTroubled = false
      return result
    } catch (error) {
      if (!isTroubled && !isClosed) {
        log.warn({ error }, 'What boards show beside readings cannot be written; trying again.')
      }
      isTroubled = true
      if (error instanceof Error) told.add(error)
      throw error
    }
  }

  async function send(slice: readonly BoardPoint[]): Promise<void> {
    await trying(() => sink.write(slice))
    count(slice.length)
    await yieldTo(timers)
  }

  return {
    largest: (measurement, field) => trying(() => sink.largest(measurement, field)),
    remove: (measurement, of) => trying(() => sink.remove(measurement, of)),
    async write(points) {
      let slice: BoardPoint[] = []
      for (const point of points) {
        slice.push(point)
        if (slice.length < pointsPerSlice) continue
        await send(slice)
        slice = []
      }
      if (slice.length > 0) await send(slice)
    },
    isTold: (error) => isClosed || (error instanceof Error && told.has(error)),
    close() {
      isClosed = true
      sink.close()
    },
  }
}
