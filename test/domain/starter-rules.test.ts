/** The rules to start from: valid, about things that exist, and with the numbers of the standards they name. */

import { describe, expect, test } from 'vitest'
import { propertyOf } from '../../domain/catalogue.ts'
import { alertLevels, type Bound, type Rule, ruleSchema } from '../../domain/rule.ts'
import type { IndexName } from '../../domain/standards/definition.ts'
import { indexDefinitions } from '../../domain/standards/indices.ts'
import { starterGroups } from '../../domain/starter-rules.ts'

const all = starterGroups.flatMap(({ rules }) => rules)
const byId = new Map(all.map(({ rule }) => [rule.id, rule]))

function ruleOf(id: string): Rule {
  const rule = byId.get(id)
  if (rule === undefined) throw new Error(`no starter rule ${id}`)
  return rule
}

test('groups and rules have ids of their own, rules with one prefix', () => {
  expect(new Set(starterGroups.map(({ id }) => id)).size).toBe(starterGroups.length)
  expect(byId.size).toBe(all.length)
  expect(all.map(({ rule }) => rule.id).filter((id) => !id.startsWith('starter-'))).toEqual([])
})

describe.each(all.map((starter) => [starter.rule.id, starter] as const))('%s', (_id, starter) => {
  const { rule, source, notes } = starter

  test('is a valid rule that the API would take, as it stands', () => {
    expect(ruleSchema.parse(JSON.parse(JSON.stringify(rule)))).toEqual(rule)
    expect(rule.enabled).toBe(true)
  })

  test('has a name in both languages, a source and whole sentences as notes', () => {
    expect(rule.name.en).toMatch(/^[A-Zp]/)
    expect(rule.name.zh).toMatch(/\p{Script=Han}/u)
    expect(source).toMatch(/\S{3}/)
    for (const note of notes) expect(note).toMatch(/\.$/)
  })

  test('watches something that exists', () => {
    const { property, signal } = rule
    if (property !== undefined) expect(propertyOf(property)).toBeDefined()
    if (signal.type !== 'index') return
    const name = signal.index === 'gb3838-class' ? 'gb3838' : signal.index
    expect(indexDefinitions.get(name)).toBeDefined()
  })

  test('has bounds that grow worse, within the range of the property', () => {
    const sign = rule.direction === 'above' ? 1 : -1
    const bounds = alertLevels.flatMap((level) => rule.levels[level] ?? [])
    for (const [i, bound] of bounds.entries()) {
      const step = stepBetween(bound, bounds[i + 1])
      if (step !== undefined) expect(sign * step).toBeGreaterThan(0)
    }
    const range = propertyOf(rule.property ?? '')
    if (range === undefined || !['value', 'mean'].includes(rule.signal.type)) return
    for (const bound of bounds.filter((one) => typeof one === 'number')) {
      expect(bound).toBeGreaterThan(range.min)
      expect(bound).toBeLessThan(range.max)
    }
  })

  test('does not flap: it waits before it clears, or asks for a margin', () => {
    const patient = rule.clearAfter !== '0s' || rule.clearMargin > 0
    expect(patient || rule.signal.type === 'silence').toBe(true)
  })
})

/** How much is added from one bound to the next, where that can be said without a site. */
function stepBetween(bound: Bound, next: Bound | undefined): number | undefined {
  if (typeof bound === 'number' && typeof next === 'number') return next - bound
  if (typeof bound !== 'object' || typeof next !== 'object') return undefined
  return bound.attribute === next.attribute ? next.plus - bound.plus : undefined
}

/** What the standard says of a value. */
function sub(index: IndexName, code: string, value: number): number | string | null | undefined {
  const definition = indexDefinitions.get(index)
  const edition = definition?.editions.at(-1)?.id ?? ''
  return definition?.compute({ edition, values: { [code]: value }, options: {} }).sub[code]
}

function numbersOf(id: string): number[] {
  const { levels } = ruleOf(id)
  return alertLevels.flatMap((level) => {
    const bound = levels[level]
    return typeof bound === 'number' ? [bound] : []
  })
}

describe('the numbers are those of the standards', () => {
  test.each([
    ['starter-air-pm25', 'pm25_1h'],
    ['starter-air-ozone', 'o3_1h'],
  ])('%s: nodes of the hourly index', (id, code) => {
    const indices = numbersOf(id).map((bound) => sub('cn-aqi-hourly', code, bound))
    expect(indices).toEqual([100, 150, 200, 300])
  })

  test('starter-air-aqi: the first index of each level from light pollution on', () => {
    const definition = indexDefinitions.get('cn-aqi-hourly')
    const levelAt = (pm25: number) =>
      definition?.compute({
        edition: 'HJ 633-2026',
        values: { pm25_1h: pm25, pm10_1h: 1, so2_1h: 1, no2_1h: 1, co_1h: 0, o3_1h: 1 },
        options: {},
      })
    // One ug/m3 above each node of PM2.5.
    const first = [61, 116, 151, 251].map((pm25) => levelAt(pm25))
    const bounds = numbersOf('starter-air-aqi')
    for (const [i, answer] of first.entries()) {
      expect(answer?.value).toBeGreaterThanOrEqual(bounds[i] ?? Number.NaN)
      expect(answer?.level).toBe(i + 3)
    }
    for (const [i, pm25] of [60, 115, 150, 250].entries()) {
      expect(levelAt(pm25)?.value).toBe((bounds[i] ?? Number.NaN) - 1)
    }
  })

  test.each([
    ['starter-water-oxygen', 'do'],
    ['starter-water-ammonia', 'nh3n'],
  ])('%s: limits of classes III, IV and V', (id, code) => {
    expect(
      numbersOf(id)
        .slice(0, 3)
        .map((bound) => sub('gb3838', code, bound)),
    ).toEqual(['III', 'IV', 'V'])
    expect(sub('gb3838', code, numbersOf(id)[3] ?? Number.NaN)).toBe('V+')
  })

  test('pH of surface water: the ends of the range, beyond which it is worse than V', () => {
    const [high = 0] = numbersOf('starter-water-ph-high')
    const [low = 0] = numbersOf('starter-water-ph-low')
    expect([high, low].map((ph) => sub('gb3838', 'ph', ph))).toEqual(['I', 'I'])
    expect([high + 0.1, low - 0.1].map((ph) => sub('gb3838', 'ph', ph))).toEqual(['V+', 'V+'])
  })
})
