/** What a silence of a right form can still get wrong: it would mute nothing, and whoever made it would not know. */

import { propertyOf } from '../../domain/catalogue.ts'
import { Fault } from '../../domain/errors.ts'
import { signalIndices } from '../../domain/rule.ts'
import type { Silence } from '../../domain/silence.ts'
import type { RegistryView } from '../../stores/records/registry.ts'

/** `before`: the silence as it is, when it is changed. To end one, its `to` may be put into the past. */
export function checkSilence(
  view: RegistryView,
  silence: Silence,
  { before, now }: { before: Silence | undefined; now: number },
): void {
  const hasBegun = before !== undefined && Date.parse(before.from) <= now
  if (Date.parse(silence.to) <= now && !hasBegun) {
    const at = new Date(now).toISOString()
    throw impossible('to', `lies in the past: it is ${at}. A silence mutes only what comes after.`)
  }
  const sites = view.all('site')
  const indices: readonly string[] = signalIndices
  checkNames('site', silence, before, {
    isKnown: (id) => view.site(id) !== undefined,
    where: 'is not registered; make it first (POST /api/v1/sites)',
  })
  checkNames('rule', silence, before, {
    isKnown: (id) => view.get('rule', id) !== undefined,
    where: 'is not there; make it first (POST /api/v1/rules)',
  })
  checkNames('property', silence, before, {
    isKnown: (code) => propertyOf(code) !== undefined || indices.includes(code),
    where: 'is neither in the catalogue (GET /api/v1/properties) nor an index',
  })
  checkNames('district', silence, before, {
    isKnown: (code) => sites.some(({ district }) => district === code),
    where: 'is the district of no site (GET /api/v1/sites)',
  })
}

/** What it named before may be gone by now. */
function checkNames(
  field: 'site' | 'rule' | 'property' | 'district',
  silence: Silence,
  before: Silence | undefined,
  { isKnown, where }: { isKnown: (name: string) => boolean; where: string },
): void {
  const old = new Set(before?.[field])
  const unknown = silence[field].find((name) => !old.has(name) && !isKnown(name))
  if (unknown === undefined) return
  throw impossible(field, `"${unknown}" ${where}. A silence of it would mute nothing.`)
}

function impossible(field: string, why: string): Fault {
  return new Fault('impossible', `${field}: ${why}`, { field })
}
