/** Too little water: low rivers and reservoirs, dry soil. Slow things, so the rules are patient. */

import { drySoil, lowWater } from '../standards/flood/drought.ts'
import { ruleFromBounds, type StarterGroup } from './starter-rule.ts'

const level = ruleFromBounds(lowWater, {
  id: 'starter-low-water',
  name: { en: 'Low water', zh: '枯水' },
  where: { kind: ['river-gauge', 'reservoir'] },
  raiseAfter: '6h',
  clearAfter: '12h',
  clearMargin: 0.05,
})

const soil = ruleFromBounds(drySoil, {
  id: 'starter-dry-soil',
  name: { en: 'Dry soil', zh: '土壤干旱' },
  where: { kind: ['soil'] },
  raiseAfter: '1d',
  clearAfter: '1d',
  clearMargin: 1,
})

export const droughtRules: StarterGroup = {
  id: 'drought',
  title: { en: 'Low water and drought', zh: '枯水与干旱' },
  notes: [],
  rules: [level, soil],
}
