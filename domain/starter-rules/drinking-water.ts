/**
 * Drinking water where it leaves the plant and in the pipes: what online sensors can watch of GB 5749-2022.
 * The numbers of its tables were checked against secondary sources only; see the confidence of each.
 */

import { type StarterGroup, starterRule } from './starter-rule.ts'

const plant = { kind: ['water-plant' as const] }
const network = { kind: ['pipe' as const] }
const both = { kind: ['water-plant' as const, 'pipe' as const] }
const patience = { raiseAfter: '10m', clearAfter: '30m' }
const atLimit =
  'Alerts are raised when a limit is reached, where the standard still allows exactly the limit.'

const chlorine = [
  starterRule(
    {
      id: 'starter-drinking-chlorine-plant',
      name: { en: 'Free chlorine leaving the plant, low', zh: '出厂水游离氯偏低' },
      property: 'residual_chlorine',
      where: plant,
      direction: 'below',
      levels: { orange: 0.3, red: 0.05 },
      ...patience,
      clearMargin: 0.05,
    },
    {
      source:
        'GB 5749-2022 table 2, free chlorine: at least 0.3 mg/L leaving the plant; red: the least for the end of the network',
      confidence: 'B',
      notes: [
        'For plants that disinfect with chloramine or chlorine dioxide, remove it and watch those.',
      ],
    },
  ),
  starterRule(
    {
      id: 'starter-drinking-chlorine-network',
      name: { en: 'Free chlorine in the network, low', zh: '管网水游离氯偏低' },
      property: 'residual_chlorine',
      where: network,
      direction: 'below',
      levels: { orange: 0.05 },
      ...patience,
      clearMargin: 0.02,
    },
    {
      source: 'GB 5749-2022 table 2, free chlorine: at least 0.05 mg/L at the end of the network',
      confidence: 'B',
      notes: [],
    },
  ),
  starterRule(
    {
      id: 'starter-drinking-chlorine-high',
      name: { en: 'Free chlorine, high', zh: '游离氯偏高' },
      property: 'residual_chlorine',
      where: both,
      levels: { orange: 2, red: 4 },
      ...patience,
      clearMargin: 0.1,
    },
    {
      source:
        'GB 5749-2022 table 2, free chlorine: at most 2 mg/L; red: the limit of the edition of 2006, 4 mg/L',
      confidence: 'B',
      notes: [],
    },
  ),
]

const turbidity = starterRule(
  {
    id: 'starter-drinking-turbidity',
    name: { en: 'Turbidity of drinking water', zh: '饮用水浑浊度' },
    property: 'turbidity',
    where: both,
    levels: { yellow: 1, orange: 3 },
    ...patience,
    clearMargin: 0.1,
  },
  {
    source: 'GB 5749-2022 table 1: at most 1 NTU; orange: 3 NTU, allowed to small supplies only',
    confidence: 'B',
    notes: ['Confidence C for orange.'],
  },
)

const ph = [
  starterRule(
    {
      id: 'starter-drinking-ph-high',
      name: { en: 'pH of drinking water, high', zh: '饮用水pH偏高' },
      property: 'ph',
      where: both,
      levels: { yellow: 8.5 },
      ...patience,
      clearMargin: 0.1,
    },
    { source: 'GB 5749-2022 table 1: 6.5–8.5', confidence: 'B', notes: [] },
  ),
  starterRule(
    {
      id: 'starter-drinking-ph-low',
      name: { en: 'pH of drinking water, low', zh: '饮用水pH偏低' },
      property: 'ph',
      where: both,
      direction: 'below',
      levels: { yellow: 6.5 },
      ...patience,
      clearMargin: 0.1,
    },
    { source: 'GB 5749-2022 table 1: 6.5–8.5', confidence: 'B', notes: [] },
  ),
]

export const drinkingWaterRules: StarterGroup = {
  id: 'drinking-water',
  title: { en: 'Drinking water', zh: '饮用水' },
  notes: [atLimit],
  rules: [...chlorine, turbidity, ...ph],
}
