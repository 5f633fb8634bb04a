import { describe, expect, test } from 'vitest'
import { placementsWritten, type SiteSpan } from '../../domain/written-sites.ts'

const ever = Number.NEGATIVE_INFINITY

function placesOf(spans: [string | null, number, number][], stands: string | null, now = 1_000) {
  const written = spans.map(([site, first, last]): SiteSpan => ({ site, first, last }))
  return placementsWritten(written, stands, now).map(({ site, from }) => [site, from])
}

describe('where a device stood by its stored readings', () => {
  test('each site from its first reading, the earliest since ever', () => {
    const spans: [string, number, number][] = [
      ['c', 300, 400],
      ['a', 10, 90],
      ['b', 120, 250],
    ]
    expect(placesOf(spans, 'c')).toEqual([
      ['a', ever],
      ['b', 120],
      ['c', 300],
    ])
  })

  test('where times overlap the one that began later, and back to what goes on after it', () => {
    expect(
      placesOf(
        [
          ['a', 10, 90],
          ['b', 70, 200],
        ],
        'b',
      ),
    ).toEqual([
      ['a', ever],
      ['b', 70],
    ])
    expect(
      placesOf(
        [
          ['a', 10, 500],
          ['b', 70, 200],
          ['c', 600, 700],
        ],
        'c',
      ),
    ).toEqual([
      ['a', ever],
      ['b', 70],
      ['a', 201],
      ['c', 600],
    ])
  })

  test('a device that has sent nothing from its present site stands there from now', () => {
    expect(placesOf([['a', 10, 90]], 'b', 640)).toEqual([
      ['a', ever],
      ['b', 640],
    ])
    expect(placesOf([['a', 10, 90]], null, 640)).toEqual([
      ['a', ever],
      [null, 640],
    ])
    expect(
      placesOf(
        [
          [null, 10, 90],
          ['b', 95, 99],
        ],
        'b',
      ),
    ).toEqual([
      [null, ever],
      ['b', 95],
    ])
  })

  test('one that never moved stands where it stands, and a clock that is ahead moves nobody', () => {
    expect(placesOf([['a', 10, 90]], 'a')).toEqual([['a', ever]])
    expect(
      placesOf(
        [
          ['a', 10, 90],
          ['b', 5_000, 6_000],
        ],
        'b',
        700,
      ),
    ).toEqual([
      ['a', ever],
      ['b', 700],
    ])
  })
})
