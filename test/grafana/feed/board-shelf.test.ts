/** The shelf that tests of the feed write to keeps the contract of a sink. */

import { boardSinkConformance } from '../../conformance/board-sink.ts'
import { boardShelf } from '../../fixtures/board-shelf.ts'

boardSinkConformance('A shelf in memory', async () => {
  const sink = boardShelf()
  return {
    sink,
    points: async (measurement) => sink.points(measurement).sort((a, b) => a.at - b.at),
    async away(isAway) {
      sink.isAway = isAway
    },
    remove: async () => undefined,
  }
})
