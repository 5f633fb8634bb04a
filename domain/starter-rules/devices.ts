/** The devices themselves: flat batteries, and places that have gone silent, which is when nobody sees a flood. */

import type { Where } from '../rule.ts'
import { type StarterGroup, type StarterRule, starterRule } from './starter-rule.ts'

const hourSeconds = 3_600
const houseRule = { source: 'local practice', confidence: 'D' } as const

const battery = starterRule(
  {
    id: 'starter-device-battery',
    name: { en: 'Battery low', zh: '电池电量低' },
    property: 'battery',
    direction: 'below',
    levels: { blue: 20, yellow: 10 },
    raiseAfter: '1h',
    clearAfter: '1h',
    clearMargin: 5,
  },
  { ...houseRule, notes: ['In the cold a battery shows less than it has.'] },
)

interface Watched {
  id: string
  name: { en: string; zh: string }
  property: string
  kind: Where['kind']
  /** Silence of so many hours is blue; three times as many yellow, twelve times orange. */
  hours: number
  notes?: string[]
}

const watched: readonly Watched[] = [
  {
    id: 'starter-silence-level',
    name: { en: 'Water level: no data', zh: '水位数据中断' },
    property: 'water_level',
    kind: ['river-gauge', 'reservoir'],
    hours: 2,
  },
  {
    id: 'starter-silence-street',
    name: { en: 'Street depth: no data', zh: '积水深度数据中断' },
    property: 'water_depth',
    kind: ['street'],
    hours: 2,
  },
  {
    id: 'starter-silence-rain',
    name: { en: 'Rain gauge: no data', zh: '雨量数据中断' },
    property: 'rainfall',
    kind: ['rain-gauge'],
    hours: 2,
    notes: ['Remove it where gauges send only while it rains.'],
  },
  {
    id: 'starter-silence-air',
    name: { en: 'Air station: no data', zh: '空气站数据中断' },
    property: 'pm25',
    kind: ['air-station'],
    hours: 3,
  },
  {
    id: 'starter-silence-water',
    name: { en: 'Water quality: no data', zh: '水质数据中断' },
    property: 'ph',
    kind: ['surface-water', 'water-plant'],
    hours: 9,
    notes: [
      'Analysers of surface water often measure every 4 hours: 9 hours are two missed turns.',
    ],
  },
]

function silence({ id, name, property, kind, hours, notes = [] }: Watched): StarterRule {
  const seconds = hours * hourSeconds
  return starterRule(
    {
      id,
      name,
      property,
      where: { kind },
      signal: { type: 'silence', window: `${hours}h` },
      levels: { blue: seconds, yellow: 3 * seconds, orange: 12 * seconds },
    },
    { ...houseRule, notes },
  )
}

export const deviceRules: StarterGroup = {
  id: 'devices',
  title: { en: 'Devices', zh: '设备' },
  notes: ['Bounds of silence are seconds since the last reading.'],
  rules: [battery, ...watched.map(silence)],
}
