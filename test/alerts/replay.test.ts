/** A long journal judged with crashes after any number of writes gives what one run without a crash gives. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { criteriaOf } from '../../alerts/lifecycle/criteria.ts'
import { createHistory, type History, newestOf, put } from '../../alerts/windows/window-buffer.ts'
import { type Lifecycle, observe } from '../../alerts/lifecycle/lifecycle.ts'
import { readWatch, type Watch, writeWatch } from '../../alerts/lifecycle/watch.ts'
import { windowOf, windowValue } from '../../alerts/windows/window.ts'
import { openAlertCity } from '../fixtures/alert-city.ts'
import { until } from '../fixtures/receiver.ts'
import { ruleOf } from '../fixtures/registry.ts'

const levels = { yellow: 100, orange: 150, red: 200 }
const rule = {
  id: 'pm',
  property: 'pm25',
  levels,
  raiseAfter: '2s',
  clearAfter: '2s',
  clearMargin: 5,
}
const windowRules = [
  { id: 'mean', property: 'pm25', signal: { type: 'mean', window: '4s' }, levels },
  { id: 'max', property: 'pm25', signal: { type: 'max', window: '3s' }, levels },
  {
    id: 'rate',
    property: 'pm25',
    signal: { type: 'rate', window: '6s', per: '1s' },
    levels: { red: 10 },
  },
]

interface Sent {
  device: string
  pm25: number
  at: number
}

/** What the lifecycle alone makes of each device's readings, in the order sent. */
function expected(sent: readonly Sent[]): string[] {
  const criteria = criteriaOf(ruleOf(rule), undefined)!
  const lives = new Map<string, Lifecycle>()
  return sent.flatMap(({ device, pm25, at }) => {
    const step = observe(criteria, lives.get(device) ?? null, { observedAt: at, value: pm25 })
    if (step === null) return []
    lives.set(device, step.next)
    return step.change === null ? [] : [`${device} ${at} ${step.change.type} ${step.change.level}`]
  })
}

/** What the windows and the lifecycle alone make of them. */
function expectedOfWindows(sent: readonly Sent[]): string[] {
  return windowRules.flatMap((of) => {
    const own = ruleOf(of)
    const [criteria, window] = [criteriaOf(own, undefined)!, windowOf(own)!]
    const lives = new Map<string, Lifecycle>()
    const histories = new Map<string, History>()
    return sent.flatMap(({ device, pm25, at }) => {
      const history = histories.get(device) ?? createHistory(6_000)
      histories.set(device, history)
      put(history, at, pm25)
      if (at < newestOf(history)) return []
      const value = windowValue(window, history, { at, expectedMs: 0 })
      if (value === null) return []
      const step = observe(criteria, lives.get(device) ?? null, { observedAt: at, value })
      if (step === null) return []
      lives.set(device, step.next)
      if (step.change === null) return []
      return [`${of.id} ${device} ${at} ${step.change.type} ${step.change.level} ${value}`]
    })
  })
}

/** A repeatable row of numbers in [0, 1). */
function chanceOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}

describe('a replay', () => {
  test.each([1, 2, 3])('with crashes is exact (seed %i)', async (seed) => {
    const chance = chanceOf(seed)
    const city = await openAlertCity({ settings: { BELLWETHER_STALE_AFTER_SECONDS: '31536000' } })
    const devices = Array.from({ length: 300 }, (_, i) => `air-${i}`)
    for (const id of devices) await city.device({ id })
    await city.rule(rule)
    await city.kill()
    const start = city.ports.clock.now()
    const sent: Sent[] = []
    for (let round = 0; round < 12; round += 1) {
      city.ports.advance(1_000)
      for (const device of devices) {
        const pm25 = Math.round(60 + chance() * 60 + (round > 3 && round < 8 ? chance() * 100 : 0))
        // One in ten comes late, one in ten twice.
        const at = start + (chance() < 0.1 ? Math.max(0, round - 3) : round) * 1_000
        const times = chance() < 0.1 ? 2 : 1
        for (let i = 0; i < times; i += 1) {
          sent.push({ device, pm25, at })
          city.publish(device, { ts: at, values: { pm25 } })
        }
      }
    }
    for (let crashes = 0; crashes < 12; crashes += 1) {
      // While time stands still there are no checkpoints: then only changes move the cursor.
      const isStill = crashes % 2 === 0
      await city.revive(1 + Math.floor(chance() * (isStill ? 3 : 30)))
      await until(() => {
        if (!isStill) city.ports.advance(1_000)
        return city.isDead() || city.position() === city.head()
      })
      await city.kill()
    }
    await city.revive()
    await city.settled()
    const told = (await city.changes()).map(
      (each) => `${each.view.device} ${each.observedAt} ${each.type} ${each.level}`,
    )
    await city.close()
    expect(told.length).toBeGreaterThan(100)
    expect(told.sort()).toEqual(expected(sent).sort())
  })
})

describe('a replay of windows', () => {
  test.each([1, 2, 3])(
    'with crashes, and ingest ahead or behind, is exact (seed %i)',
    async (seed) => {
      const chance = chanceOf(seed)
      const settings = { BELLWETHER_STALE_AFTER_SECONDS: '31536000' }
      const city = await openAlertCity({ settings, store: 'plain' })
      const devices = Array.from({ length: 60 }, (_, i) => `air-${i}`)
      for (const id of devices) await city.device({ id })
      for (const each of windowRules) await city.rule(each)
      await city.kill()
      const start = city.ports.clock.now()
      const sent: Sent[] = []
      for (let round = 0; round < 25; round += 1) {
        city.ports.advance(1_000)
        for (const device of devices) {
          const pm25 = Math.round(
            60 + chance() * 60 + (round > 8 && round < 16 ? chance() * 100 : 0),
          )
          // Late ones have a time of their own: of a corrected value the store keeps the last only.
          const at = start + (round > 2 && chance() < 0.1 ? round - 2.5 : round) * 1_000
          const times = chance() < 0.1 ? 2 : 1
          for (let i = 0; i < times; i += 1) {
            sent.push({ device, pm25, at })
            city.publish(device, { ts: at, values: { pm25 } })
          }
        }
      }
      for (let crashes = 0; crashes < 15; crashes += 1) {
        // The store is anywhere: behind what alerts has judged, or far ahead of it.
        await city.ingest(Math.floor((city.head() * (crashes + chance() * 6)) / 20))
        await city.revive(1 + Math.floor(chance() * 20))
        let position = -1
        await until(() => {
          // Not while it works: the store would be taken for one that does not answer in time.
          if (crashes % 2 === 1 && position === city.position()) city.ports.advance(1_000)
          position = city.position()
          return city.isDead() || city.position() === city.head()
        })
        await city.kill()
      }
      await city.revive()
      await city.settled()
      const told = (await city.changes()).map(
        ({ view, observedAt, type, level, value }) =>
          `${view.rule} ${view.device} ${observedAt} ${type} ${level} ${value}`,
      )
      await city.close()
      expect(told.length).toBeGreaterThan(100)
      expect(told.sort()).toEqual(expectedOfWindows(sent).sort())
    },
  )
})

describe('silence through crashes', () => {
  test.each([1, 2])('is raised and ended in turn, each once (seed %i)', async (seed) => {
    const chance = chanceOf(seed)
    const city = await openAlertCity()
    const devices = Array.from({ length: 20 }, (_, i) => `air-${i}`)
    for (const id of devices) await city.device({ id })
    const signal = { type: 'silence', window: '60s' }
    await city.rule({ id: 'off', property: 'pm25', signal, levels: { yellow: 0, red: 120 } })
    for (const id of devices) city.publish(id, { pm25: 1 })
    for (let round = 0; round < 40; round += 1) {
      for (const id of devices) if (chance() < 0.15) city.publish(id, { pm25: 1 })
      city.ports.advance(20_000)
      await new Promise((resolve) => setTimeout(resolve, 3))
      city.letWrite(chance() > 0.1)
      if (chance() < 0.1) await city.crash()
    }
    city.letWrite(true)
    await city.crash()
    for (const id of devices) city.publish(id, { pm25: 1 })
    await city.settled()
    await until(async () => (await city.log.open()).length === 0)
    const changes = await city.changes()
    await city.close()
    expect(changes.length).toBeGreaterThan(40)
    for (const id of devices) {
      const own = changes.filter(({ view }) => view.device === id).map(({ type }) => type.slice(6))
      expect(own.join(' ')).toMatch(/^(raised (escalated )?resolved ?)*$/)
    }
  })
})

describe('a watch', () => {
  const stamp = fc.option(fc.nat(1e12))
  const clock = fc
    .record({ beyondSince: stamp, insideSince: stamp })
    .filter((one) => one.beyondSince !== null || one.insideSince !== null)
  const clocks = fc
    .record({ blue: fc.option(clock), red: fc.option(clock) })
    .map((all) => Object.fromEntries(Object.entries(all).filter(([, one]) => one !== null)))

  test('is the same after it was written and read', () => {
    const watches = fc.record({ at: fc.nat(1e12), value: fc.double({ noNaN: true }), clocks })
    fc.assert(
      fc.property(watches, ({ at, value, clocks }) => {
        const watch: Watch = {
          rule: 'r',
          device: '站-1',
          property: 'p',
          life: { at, level: null, clocks, basis: Object.keys(clocks).length ? 'above x' : '' },
          value: Object.is(value, -0) ? 0 : Number.isFinite(value) ? value : 1,
          seenAt: at + 5,
          stale: false,
          alert: null,
          calmSince: Object.keys(clocks).length > 0 ? null : at - 7,
          ground: { terms: 'tErMs-12', receivedFrom: at - 9, at: at - 10, level: 'yellow' },
          redo: { from: at - 4, to: at, seq: 17 },
        }
        const written = writeWatch(watch)
        expect(written.state.length).toBeLessThan(400)
        expect(readWatch(written, null)).toEqual(watch)
      }),
    )
  })
})
