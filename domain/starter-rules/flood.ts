/**
 * Water where it should not be: rivers and reservoirs against the levels of the site itself, and streets.
 * A level whose attribute a site does not have does not exist there.
 */

import { streetDepth } from '../standards/flood/street.ts'
import { ruleFromBounds, type StarterGroup, starterRule } from './starter-rule.ts'

const gauges = { kind: ['river-gauge' as const] }

const stage = starterRule(
  {
    id: 'starter-river-level',
    name: { en: 'River level', zh: '河道水位' },
    property: 'water_level',
    where: gauges,
    levels: {
      blue: { attribute: 'warningLevel', plus: -0.5 },
      yellow: { attribute: 'warningLevel' },
      orange: { attribute: 'guaranteeLevel' },
      red: { attribute: 'historicMaximum' },
    },
    raiseAfter: '10m',
    clearAfter: '1h',
    clearMargin: 0.1,
  },
  {
    source:
      '水情预警发布管理办法（试行）(2013), annex, flood (洪水): near the warning level, at the warning, the guarantee, the highest level on record',
    confidence: 'B',
    notes: [
      'Needs the site attributes `warningLevel` 警戒水位, `guaranteeLevel` 保证水位 and `historicMaximum` 历史最高水位, in metres above the same datum as the readings.',
      '"Near" is no number in the text: 0.5 m below is common practice (confidence C).',
    ],
  },
)

const rise = starterRule(
  {
    id: 'starter-river-rise',
    name: { en: 'River rising fast', zh: '河道水位上涨过快' },
    property: 'water_level',
    where: gauges,
    signal: { type: 'rate', window: '1h', per: '1h', coverage: 0.75 },
    levels: { blue: 0.3, yellow: 0.6, orange: 1, red: 2 },
    raiseAfter: '10m',
    clearAfter: '1h',
    clearMargin: 0.1,
  },
  {
    source: 'local practice; metres per hour',
    confidence: 'D',
    notes: [
      'Depends on the river: a brook in the hills does this in every shower. Set it per site.',
    ],
  },
)

const reservoir = starterRule(
  {
    id: 'starter-reservoir-level',
    name: { en: 'Reservoir above its flood-limit level', zh: '水库超汛限水位' },
    property: 'water_level',
    where: { kind: ['reservoir'] },
    levels: {
      blue: { attribute: 'floodLimitLevel' },
      yellow: { attribute: 'floodControlLevel' },
      orange: { attribute: 'designFloodLevel' },
      red: { attribute: 'checkFloodLevel' },
    },
    raiseAfter: '30m',
    clearAfter: '2h',
    clearMargin: 0.05,
  },
  {
    source: 'levels of the reservoir itself; which colour belongs to which is local practice',
    confidence: 'C',
    notes: [
      'Needs the site attributes `floodLimitLevel` 汛限水位, `floodControlLevel` 防洪高水位, `designFloodLevel` 设计洪水位, `checkFloodLevel` 校核洪水位.',
      'The flood-limit level holds in the flood season: change the attribute with the season, or switch the rule off.',
    ],
  },
)

const street = ruleFromBounds(streetDepth, {
  id: 'starter-street-depth',
  name: { en: 'Water on the street', zh: '道路积水' },
  where: { kind: ['street'] },
  raiseAfter: '2m',
  clearAfter: '15m',
  clearMargin: 0.03,
})

export const riverRules: StarterGroup = {
  id: 'river',
  title: { en: 'Rivers', zh: '河道' },
  notes: [],
  rules: [stage, rise],
}

export const reservoirRules: StarterGroup = {
  id: 'reservoir',
  title: { en: 'Reservoirs', zh: '水库' },
  notes: [],
  rules: [reservoir],
}

export const streetRules: StarterGroup = {
  id: 'street',
  title: { en: 'Streets and underpasses', zh: '道路与下穿立交' },
  notes: [],
  rules: [street],
}
