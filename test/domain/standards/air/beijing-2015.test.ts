import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { cityOf, readStations } from '../../../docs/beijing-air.ts'
import { beijingEpisode, beijingFiles } from '../../../docs/beijing-aqi.ts'

const episode = beijingEpisode()

function day(name: string) {
  const found = episode.days.find((one) => one.day === name)
  if (found === undefined) throw new Error(`no ${name}`)
  return found
}

/** Moment in Beijing, such as `12-02T03`. */
function hour(name: string) {
  const from = Date.parse(`2015-${name}:00:00+08:00`)
  const found = episode.hours.find((one) => one.from === from)
  if (found === undefined) throw new Error(`no ${name}`)
  return found
}

/** Worked by hand from equation 1, with the city's means: PM2.5 472.85 and 60.03, NO2 58.25, O3 of 8 h 48.09. */
describe('days of the city', () => {
  test.each([
    ['2015-12-01', 482, 482, ['pm25']],
    ['2015-12-18', 82, 100, ['pm25']],
    ['2015-12-11', 73, 73, ['no2']],
    ['2015-12-03', 25, 24, []],
  ])('%s is %i under the old edition and %i under the new one', (name, old, now, primary) => {
    const { answers } = day(name)
    expect(answers['HJ 633-2012'].value).toBe(old)
    expect(answers['HJ 633-2026']).toMatchObject({ value: now, primary })
  })

  test('1 December lacks CO; above 100 the index of the rest stands', () => {
    const answer = day('2015-12-01').answers['HJ 633-2026']
    expect(answer).toMatchObject({ level: 6, details: { missing: ['co'] }, sub: { co_24h: null } })
  })

  test('the clean days between the episodes are level 1, the worst ones level 6', () => {
    const levels = (names: string[]) => names.map((one) => day(one).answers['HJ 633-2026'].level)
    expect(levels(['2015-12-02', '2015-12-03', '2015-12-15', '2015-12-16'])).toEqual([1, 1, 1, 1])
    expect(levels(['2015-12-01', '2015-12-22', '2015-12-25'])).toEqual([6, 6, 6])
  })
})

describe('hours of the city', () => {
  test('the morning after the air has cleared, PM of 24 h still holds the old index up', () => {
    const { answers } = hour('12-02T10')
    expect(answers['HJ 633-2012'].level).toBe(6)
    expect(answers['HJ 633-2026'].level).toBe(1)
  })

  test('an hour without PM2.5 has no index under the new edition', () => {
    const { answers, pm25 } = hour('12-02T03')
    expect(pm25).toBeNull()
    expect(answers['HJ 633-2026']).toMatchObject({ value: null, details: { mark: 'NA' } })
  })

  test('an hour of the city is the mean of its stations', () => {
    const stations = readStations()
    const from = Date.parse('2015-12-25T12:00:00+08:00')
    const values = [...stations.values()].flatMap(({ pm25 }) => pm25.get(from)?.value ?? [])
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    expect(cityOf(stations).pm25.get(from)?.value).toBeCloseTo(mean, 9)
  })
})

test.each([...beijingFiles(episode)])('docs/%s is what the data say', (name, text) => {
  const kept = readFileSync(new URL(`../../../../docs/${name}`, import.meta.url), 'utf8')
  expect(kept).toBe(text)
})
