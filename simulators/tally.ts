/** What a run of simulated devices did, counted over all connections. */

export interface Tally {
  /** Messages published, repeats after a broken connection included. */
  sent: number
  /** Messages the server acknowledged. */
  acked: number
  /** Readings in acknowledged messages. */
  readings: number
  connects: number
  /** Sign-ins the server refused. */
  refused: number
  /** Messages given up because a queue was full or the run ended. */
  givenUp: number
  lastError: string | null
}

export function newTally(): Tally {
  return { sent: 0, acked: 0, readings: 0, connects: 0, refused: 0, givenUp: 0, lastError: null }
}
