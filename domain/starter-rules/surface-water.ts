/**
 * Rivers and lakes as water bodies: the class of GB 3838-2002 against the one a site must reach, and the three
 * properties that change within hours when something is let in.
 */

import { type StarterGroup, starterRule } from './starter-rule.ts'

const where = { kind: ['surface-water' as const] }
const patience = { raiseAfter: '30m', clearAfter: '2h' }
const instant =
  'The standard judges means and not single values: an alert says "look there", not "the class is missed".'

const waterClass = starterRule(
  {
    id: 'starter-water-class',
    name: { en: 'Water class worse than the target', zh: '水质类别劣于目标' },
    where,
    signal: { type: 'index', index: 'gb3838-class' },
    levels: {
      blue: { attribute: 'targetLevel', plus: 1 },
      yellow: { attribute: 'targetLevel', plus: 2 },
      red: 6,
    },
    clearAfter: '4h',
  },
  {
    source: 'GB 3838-2002 table 1 and 5.1 (the worst factor decides)',
    confidence: 'A',
    notes: [
      'Needs the site attribute `targetLevel`: 3 for class III. Blue is one class worse, yellow two; without the attribute only red is left.',
      'Red: worse than class V (劣V), whatever the target.',
    ],
  },
)

const oxygen = starterRule(
  {
    id: 'starter-water-oxygen',
    name: { en: 'Dissolved oxygen, low', zh: '溶解氧偏低' },
    property: 'dissolved_oxygen',
    where,
    direction: 'below',
    levels: { blue: 5, yellow: 3, orange: 2, red: 0.2 },
    ...patience,
    clearMargin: 0.3,
  },
  {
    source:
      'GB 3838-2002 table 1: limits of classes III, IV and V; red: 城市黑臭水体整治工作指南 (2015), table of grades, heavily black and odorous below 0.2 mg/L',
    confidence: 'A',
    notes: [
      'Confidence B for red.',
      'Algae draw oxygen down before sunrise every day; where blue comes each night, lower it.',
    ],
  },
)

const ammonia = starterRule(
  {
    id: 'starter-water-ammonia',
    name: { en: 'Ammonia nitrogen, high', zh: '氨氮偏高' },
    property: 'nh3n',
    where,
    levels: { blue: 1, yellow: 1.5, orange: 2, red: 8 },
    ...patience,
    clearMargin: 0.1,
  },
  {
    source:
      'GB 3838-2002 table 1: limits of classes III, IV and V; red: 城市黑臭水体整治工作指南 (2015), table of grades, black and odorous from 8 mg/L',
    confidence: 'A',
    notes: ['Confidence B for red.'],
  },
)

const ph = [
  starterRule(
    {
      id: 'starter-water-ph-high',
      name: { en: 'pH of surface water, high', zh: '地表水pH偏高' },
      property: 'ph',
      where,
      levels: { yellow: 9 },
      ...patience,
      clearMargin: 0.1,
    },
    { source: 'GB 3838-2002 table 1: 6–9 in every class', confidence: 'A', notes: [] },
  ),
  starterRule(
    {
      id: 'starter-water-ph-low',
      name: { en: 'pH of surface water, low', zh: '地表水pH偏低' },
      property: 'ph',
      where,
      direction: 'below',
      levels: { yellow: 6 },
      ...patience,
      clearMargin: 0.1,
    },
    { source: 'GB 3838-2002 table 1: 6–9 in every class', confidence: 'A', notes: [] },
  ),
]

export const surfaceWaterRules: StarterGroup = {
  id: 'water',
  title: { en: 'Surface water', zh: '地表水' },
  notes: [instant],
  rules: [waterClass, oxygen, ammonia, ...ph],
}
