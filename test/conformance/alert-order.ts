/**
 * The law of order: for one rule and one series alerts follow from the readings in the order of their moments, the last
 * value received of a moment counting. In which order they come, in how many messages, how often, and what crashes
 * meanwhile makes no difference to what is on record in the end.
 */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { criteriaOf } from '../../alerts/lifecycle/criteria.ts'
import { createHistory, put } from '../../alerts/windows/window-buffer.ts'
import { type Lifecycle, observe } from '../../alerts/lifecycle/lifecycle.ts'
import { windowOf, windowValue } from '../../alerts/windows/window.ts'
import { type AlertCity, openAlertCity } from '../fixtures/alert-city.ts'
import type { ReadingsBackend } from '../fixtures/alert-store.ts'
import { ruleOf } from '../fixtures/registry.ts'

const minute = 60_000
const property = 'water_level'
const levels = { yellow: 5, orange: 7, red: 9 }
const below = { yellow: 4, red: 2 }
const signal = (type: string, more: object = {}) => ({ signal: { type, window: '12m', ...more } })
const rules = [
  { id: 'plain', property, levels },
  { id: 'patient', property, levels, raiseAfter: '3m', clearAfter: '4m', clearMargin: 1 },
  { id: 'low', property, levels: below, direction: 'below', raiseAfter: '2m' },
  { id: 'mean', property, levels, ...signal('mean', { coverage: 0.25 }), clearMargin: 0.5 },
  { id: 'max', property, levels, ...signal('max') },
  { id: 'min', property, levels: below, direction: 'below', ...signal('min') },
  { id: 'range', property, levels: { red: 6 }, ...signal('range'), clearAfter: '3m' },
  { id: 'rate', property, levels: { red: 15 }, ...signal('rate', { per: '10m' }) },
  { id: 'sum', property, levels: { yellow: 30, red: 60 }, ...signal('sum') },
]

interface Said {
  minute: number
  value: number
}

/** What windows and lifecycle make of them in the order of time. */
function expected(said: readonly Said[], start: number): string[] {
  const last = new Map(said.map((one) => [one.minute, one.value]))
  const inOrder = [...last].sort(([a], [b]) => a - b)
  return rules.flatMap((of) => {
    const own = ruleOf(of)
    const [criteria, window] = [criteriaOf(own, undefined)!, windowOf(own)]
    const history = createHistory(window?.lengthMs ?? 0)
    let life: Lifecycle | null = null
    return inOrder.flatMap(([at, said]) => {
      const observedAt = start + at * minute
      if (window !== null) put(history, observedAt, said)
      const end = { at: observedAt, expectedMs: 0 }
      const value = window === null ? said : windowValue(window, history, end)
      const step = value === null ? null : observe(criteria, life, { observedAt, value })
      if (step === null) return []
      life = step.next
      const { change } = step
      return change === null ? [] : [`${of.id} ${at} ${change.type} ${change.level}`]
    })
  })
}

async function recorded(city: AlertCity, device: string, start: number): Promise<string[]> {
  const all: string[] = []
  for (const { id } of rules) {
    const open = new Map<string, number>()
    for (const change of await city.log.levels({ rule: id, device, property }, 0)) {
      const at = (change.observedAt - start) / minute
      all.push(`${id} ${at} ${change.type} ${change.level}`)
      if (change.type === 'alert.raised') open.set(change.alert, at)
      // An alert is one episode, from its raise to its end.
      expect(open.has(change.alert)).toBe(true)
    }
    const kept = await city.log.list({ rule: id, limit: 1_000 })
    for (const alert of kept) {
      expect(open.get(alert.id)).toBe((Date.parse(alert.raisedAt) - start) / minute)
      open.delete(alert.id)
    }
    expect([...open]).toEqual([])
    expect(kept.filter(({ state }) => state !== 'resolved').length).toBeLessThanOrEqual(1)
  }
  return all
}

type Deed = 'publish' | 'ingest' | 'crash' | 'restart' | 'settle'

interface Course {
  messages: readonly Said[][]
  deeds: readonly Deed[]
}

const values = fc.integer({ min: 0, max: 10 })
const readings = fc.uniqueArray(
  fc.record({ minute: fc.integer({ min: 0, max: 90 }), value: values }),
  {
    selector: (one) => one.minute,
    minLength: 2,
    maxLength: 40,
  },
)

/** Some said otherwise at first, some twice; then shuffled a little or wholly, and put into messages. */
const courses: fc.Arbitrary<Course> = fc
  .record({
    readings,
    wrongs: fc.array(fc.record({ place: fc.nat(), value: values }), { maxLength: 6 }),
    twice: fc.array(fc.nat(), { maxLength: 6 }),
    disorder: fc.constantFrom(0, 5, 100),
    keys: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 60, maxLength: 60 }),
    sizes: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 60, maxLength: 60 }),
    deeds: fc.array(
      fc.constantFrom<Deed>(
        'publish',
        'publish',
        'publish',
        'ingest',
        'settle',
        'crash',
        'restart',
      ),
      { maxLength: 60 },
    ),
  })
  .map(({ readings, wrongs, twice, disorder, keys, sizes, deeds }) => {
    const wrong = wrongs.map(({ place, value }) => ({
      ...readings[place % readings.length]!,
      value,
    }))
    const again = twice.map((place) => readings[place % readings.length]!)
    const all = [...wrong, ...readings, ...again].map((one, i) => ({
      one,
      key: one.minute + disorder * (keys[i] ?? 0),
    }))
    all.sort((a, b) => a.key - b.key)
    const messages: Said[][] = []
    let left = all.map(({ one }) => one)
    for (const size of sizes) {
      if (left.length === 0) break
      messages.push(left.slice(0, size))
      left = left.slice(size)
    }
    return { messages, deeds }
  })

export interface OrderOptions {
  /** Another store than the embedded one, new for each run. */
  open?: () => { readings: ReadingsBackend; dispose(): Promise<void> }
  runs: number
}

export function alertOrder({ open, runs }: OrderOptions): void {
  test('any order, batching, repetition and restart gives the same alerts', async () => {
    const settings = { BELLWETHER_STALE_AFTER_SECONDS: '31536000' }
    await fc.assert(
      fc.asyncProperty(courses, async ({ messages, deeds }) => {
        const store = open?.()
        const readings = store === undefined ? {} : { readings: store.readings }
        const city = await openAlertCity({ settings, store: 'plain', ...readings })
        try {
          await city.device({ id: 'g-1' })
          for (const rule of rules) await city.rule(rule)
          city.bus.ring('registry')
          const start = city.ports.clock.now() - 100 * minute
          let next = 0
          const publish = () => {
            const message = messages[next]
            next += 1
            if (message === undefined) return
            city.ports.advance(20)
            city.publish(
              'g-1',
              message.map((one) => ({
                ts: start + one.minute * minute,
                values: { [property]: one.value },
              })),
            )
          }
          for (const deed of deeds) {
            if (deed === 'publish') publish()
            else if (deed === 'ingest') await city.ingest()
            else if (deed === 'settle') await city.settled()
            else if (deed === 'crash') await city.crash()
            else await city.restart()
          }
          while (next < messages.length) publish()
          await city.settled()
          await city.ingest()
          await city.settledBehind()
          expect(await recorded(city, 'g-1', start)).toEqual(expected(messages.flat(), start))
        } finally {
          await city.close()
          await store?.dispose()
        }
      }),
      { numRuns: runs },
    )
  }, 300_000)
}
