/**
 * Water on streets and in underpasses. GB 50014 only says what a drain must achieve under the design storm; when a
 * road is closed is up to the emergency plan of the city. These are defaults to be edited.
 */

import type { StartingBounds } from './starting-bounds.ts'

/** Metres of water above the lowest point of the road. */
export const streetDepth: StartingBounds = {
  title: { en: 'Water on a street or in an underpass', zh: '道路与下穿立交积水深度' },
  clause: 'local practice; 0.15 m: GB 50014 (2014 and 2021 editions), design aim',
  confidence: 'D',
  property: 'water_depth',
  direction: 'above',
  levels: { blue: 0.15, yellow: 0.27, orange: 0.4, red: 0.6 },
  notes: [
    'All four are local practice: take the figures of the emergency plan of your city.',
    '0.15 m (confidence B): GB 50014 wants at least one lane to stay at or below 15 cm under the design storm.',
    '0.27 m (confidence D): widely quoted for closing an underpass (about the height of an exhaust pipe); no source that could be read was found.',
    '0.40 m and 0.60 m (confidence D): house rules of several cities; cars stall, people are in danger.',
  ],
}
