import { describe, expect, test } from 'vitest'
import { ruleSchema } from '../../domain/rule.ts'
import { propertyOf } from '../../domain/catalogue.ts'
import { swell, episode } from '../../simulators/episodes.ts'
import { everydayFaults, noFaults } from '../../simulators/faults.ts'
import { episodesFrom, parseEpisode, parseFaults } from '../../simulators/plan.ts'
import { cityRules, usualPatience } from '../../simulators/rules.ts'

describe('an episode in words', () => {
  test('gives kind, start and intensity', () => {
    expect(parseEpisode('cloudburst@2h')).toEqual({
      kind: 'cloudburst',
      afterMs: 7_200_000,
      intensity: 1,
    })
    expect(parseEpisode('spill@30m*0.5')).toMatchObject({ afterMs: 1_800_000, intensity: 0.5 })
  })

  test.each([
    'flood@2h',
    'cloudburst',
    'cloudburst@soon',
    'spill@1h*3',
    'spill@1h*-1',
    'spill@1h*x',
    '',
  ])('%j is refused', (text) => {
    expect(() => parseEpisode(text)).toThrow(RangeError)
  })

  test('counts from the start of the run', () => {
    const [made] = episodesFrom([parseEpisode('pollution@1h')], 1_000)
    expect(made).toMatchObject({ kind: 'pollution', startMs: 3_601_000, intensity: 1 })
  })
})

test('an episode swells to its intensity and ends', () => {
  const it = episode('pollution', 0, { durationMs: 300 })
  expect([-1, 0, 50, 150, 250, 300, 301].map((at) => swell(it, at))).toEqual([
    0, 0, 0.5, 1, 0.5, 0, 0,
  ])
})

describe('faults in words', () => {
  test('are a preset or shares', () => {
    expect(parseFaults('none')).toEqual(noFaults)
    expect(parseFaults('some')).toEqual(everydayFaults)
    expect(parseFaults('spike=0.01, outage=0.1')).toEqual({ ...noFaults, spike: 0.01, outage: 0.1 })
  })

  test.each(['all', 'spike', 'spike=', 'spike=2', 'spike=-1', 'spike=x', 'toString=1', ''])(
    '%j is refused',
    (text) => {
      expect(() => parseFaults(text)).toThrow(/none, some, many/)
    },
  )
})

test('the rules of the city are valid and watch known properties', () => {
  const rules = cityRules(usualPatience)
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length)
  for (const rule of rules) {
    expect(ruleSchema.parse(rule)).toEqual(rule)
    expect(propertyOf(rule.property ?? '')).toBeDefined()
  }
})
