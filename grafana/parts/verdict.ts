/** "Meets" and "does not" of indices that know nothing between, such as GB 5749: levels 1 and 2. */

import {
  MappingType,
  type Threshold,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { levelColours, normalColour } from './levels.ts'
import { both } from './text.ts'

export const verdictSteps: readonly Threshold[] = [
  { value: null, color: normalColour },
  { value: 2, color: levelColours.red },
]

export const verdictWords: readonly ValueMapping[] = [
  {
    type: MappingType.ValueToText,
    options: {
      '1': { text: both('达标', 'Meets'), color: normalColour, index: 0 },
      '2': { text: both('超标', 'Beyond'), color: levelColours.red, index: 1 },
    },
  },
]
